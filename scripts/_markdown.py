"""The Markdown that scripts write: tables, and the parts of a page between two marks."""

import re
from collections.abc import Callable, Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def marked(kind: str) -> re.Pattern[str]:
    """Return the pattern of the parts `<!-- kind: NAME --> … <!-- end -->`."""
    return re.compile(rf"(<!-- {kind}: (?P<name>[a-z0-9 .-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, kind: str, make: Callable[[str], str]) -> str:
    """Return the page with each marked part made anew from its name."""
    return marked(kind).sub(lambda found: f"{found[1]}{make(found['name'])}\n{found[3]}", page)
