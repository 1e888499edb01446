"""Text that came from elsewhere, made fit for a terminal or a log: no escape sequence, nothing hidden."""

import unicodedata
from typing import Literal

LINE_ENDS_AND_TABS = "\n\t"
LONGEST = 1000
"""Characters of a text from elsewhere that a sentence repeats."""


def printable(text: str) -> str:
    """Return `text` with everything that does not print written out: an escape as `\\x1b`, half a surrogate too.

    Line ends and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(each if _prints(each) else _written_out(each) for each in text)


def brief(text: str) -> str:
    """Return the first characters of a text, as many as a sentence repeats, with an ellipsis where there are more."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def plain(text: str, form: Literal["NFKC", "NFKD"]) -> str:
    """Return `text` with its look-alikes (full width, ligatures) as plain characters, each taken by itself.

    Taken together, a run of combining marks is put in order in the square of its length.
    """
    return text if text.isascii() else "".join(unicodedata.normalize(form, character) for character in text)


def one_line(text: str) -> str:
    """The same in one line: whatever separates words becomes one blank."""
    return printable(" ".join(text.split()))


def _prints(character: str) -> bool:
    return character.isprintable() or character in LINE_ENDS_AND_TABS or unicodedata.category(character) == "Zs"


def _written_out(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
