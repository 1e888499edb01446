"""The pages: a template's prose with holes `{{ name argument }}`, filled from the recordings."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from _walkthrough import blocks, commands, opened
from walkthrough.words import typeset, words

BINDING, LAB_FILE = "walkthrough.binding.json", "lab.json"
COOKIE = "alice"
PORTS = (8001, 8002)
"""Of the mock and of SEES, as the pages show them."""
PAGES = ("walkthrough", "teaching", "glossary")
EDITIONS = {"en": "", "fr": "fr"}
"""Language → folder of docs/ with its pages."""
MAKERS: Mapping[str, blocks.Maker] = {**blocks.MAKERS, **opened.MAKERS, **commands.MAKERS}

_HOLE = re.compile(r"\{\{ ([a-z-]+)(?: ([^{}]+))? \}\}")
_NOTICE = "<!-- Made by scripts/walkthrough from docs/templates/{template}. Change that, not this. -->\n"


def pages(docs: Path) -> dict[Path, str]:
    """Return the text of every page, by its path. Raises `KeyError` for a hole or word that nothing fills."""
    folder = docs / "recordings"
    binding = folder / BINDING
    exercises = tomllib.loads((docs / "templates" / "exercises.toml").read_text())
    recording, lab = json.loads(binding.read_text()), json.loads((folder / LAB_FILE).read_text())
    found = {}
    for language, inside in EDITIONS.items():
        source = blocks.Material(BINDING, recording, lab, binding.read_bytes(), exercises, words(language))
        for page in PAGES:
            template = docs / "templates" / f"{page}.{language}.md"
            prose = typeset(template.read_text()) if language == "fr" else template.read_text()
            found[docs / inside / f"{page}.md"] = _NOTICE.format(template=template.name) + fill(prose, source)
    return found


def fill(template: str, source: blocks.Material) -> str:
    """Return the template with every hole filled."""
    return _HOLE.sub(lambda hole: MAKERS[hole[1]](source, hole[2] or ""), template)
