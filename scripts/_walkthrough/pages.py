"""The pages: a template's prose with holes `{{ name argument }}`, filled from the recordings."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _walkthrough import blocks, commands, opened

BINDING, LAB_FILE = "walkthrough.binding.json", "lab.json"
COOKIE = "alice"
PORTS = {"expressplay_mock": 8001, "server": 8002}
EDITIONS = {"en": "walkthrough.md", "fr": "fr/walkthrough.md"}
MAKERS: Mapping[str, blocks.Maker] = {**blocks.MAKERS, **opened.MAKERS, **commands.MAKERS}

_HOLE = re.compile(r"\{\{ ([a-z-]+)(?: ([^{}]+))? \}\}")
_NOTICE = "<!-- Made by scripts/walkthrough from docs/templates/{template}. Change that, not this. -->\n"


@dataclass(frozen=True)
class Words:
    """The words of one language for what the code says in English; English itself has none to change."""

    table: Mapping[str, str]

    def __call__(self, text: str) -> str:
        """Return `text` in this language. Raises KeyError if the table lacks it."""
        return self.table[text] if self.table else text


def pages(docs: Path) -> dict[Path, str]:
    """Return the text of every page, by its path. Raises KeyError for a hole or word that nothing fills."""
    folder = docs / "recordings"
    binding = folder / BINDING
    exercises = tomllib.loads((docs / "templates" / "exercises.toml").read_text())
    recording, lab = json.loads(binding.read_text()), json.loads((folder / LAB_FILE).read_text())
    found = {}
    for language, name in EDITIONS.items():
        template = docs / "templates" / f"walkthrough.{language}.md"
        source = blocks.Source(BINDING, recording, lab, binding.read_bytes(), exercises, _words(docs, language))
        found[docs / name] = _NOTICE.format(template=template.name) + fill(template.read_text(), source)
    return found


def fill(template: str, source: blocks.Source) -> str:
    """Return the template with every hole filled."""
    return _HOLE.sub(lambda hole: MAKERS[hole[1]](source, hole[2] or ""), template)


def _words(docs: Path, language: str) -> Words:
    path = docs / "templates" / f"words.{language}.toml"
    table: dict[str, Any] = tomllib.loads(path.read_text()) if path.exists() else {}
    return Words(table)
