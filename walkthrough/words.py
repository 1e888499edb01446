"""The words of other languages than English: what the code says, by one table that the page and the docs share.

The key is the English text as the code has it, with its holes in braces. So a sentence that changes loses its
translation, and a test notices.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

LANGUAGES = {"en": "English", "fr": "Français"}
"""Language → its own name for itself."""

_SPACE = re.compile(r" (?=[:;?!»])|(?<=«) ")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_«])")


@dataclass(frozen=True)
class Words:
    """A language's table, English text → translation. `filled` has the texts whose holes somebody else has filled."""

    texts: Mapping[str, str] = field(default_factory=dict)
    filled: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """Return a text of the code in this language. Raises `KeyError` if a language other than English lacks it."""
        if not self.texts:
            return text
        return self.filled[text] if text in self.filled else self.texts[text]


@functools.cache
def words(language: str) -> Words:
    """Return the words of a language; English has none to change. Raises `FileNotFoundError` for an unknown one."""
    if language == "en":
        return Words()
    path = Path(__file__).with_name(f"words.{language}.toml")
    texts = tomllib.loads(path.read_text(encoding="utf-8"))
    filled = texts.pop("filled")
    texts |= {pair["en"]: pair[language] for pair in texts.pop("long")}
    return Words(_typeset(texts), _typeset(filled))


def typeset(text: str) -> str:
    """Set French as printers do: no line begins with a colon or a closing guillemet, and apostrophes are curved."""
    return _APOSTROPHE.sub("\u2019", _SPACE.sub("\u00a0", text))


def _typeset(table: Mapping[str, str]) -> dict[str, str]:
    return {text: typeset(translation) for text, translation in table.items()}
