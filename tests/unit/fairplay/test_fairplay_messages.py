"""docs/messages.md: its tables are the ones that the code makes, and its prose names what the code has."""

from pathlib import Path
from types import ModuleType

import pytest

from fairplay import session_key
from fairplay.errors import CkcError, SpcError
from fairplay.fields import Source
from fairplay.layout import CKC_TAGS, MARK, SPC_TAGS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "messages.md").read_text()


@pytest.fixture
def messages() -> ModuleType:
    import _messages

    return _messages


def test_the_tables_are_those_of_the_code(messages: ModuleType) -> None:
    assert messages.fill(PAGE) == PAGE, "run scripts/messages"
    assert messages.missing(PAGE) == set()


def test_a_stale_table_would_be_noticed(messages: ModuleType) -> None:
    assert messages.fill(PAGE.replace("| 24 | 128 |", "| 24 | 129 |")) == PAGE
    assert messages.missing(PAGE.replace("<!-- table: tllv -->", "")) == {"tllv"}


def test_every_tag_and_every_cause_is_on_the_page() -> None:
    for code in (*SPC_TAGS, *CKC_TAGS):
        assert f"| `{code.hex()}` |" in PAGE
    for error in (*SpcError.__subclasses__(), *CkcError.__subclasses__()):
        assert f"| {error.check} | {error.number} | {error.title} |" in PAGE


def test_every_source_is_explained() -> None:
    section = PAGE[PAGE.index("\n## Sources") :]
    assert all(f"\n| {source.value} |" in section for source in Source)


def test_the_prose_has_the_constants_of_the_code() -> None:
    for constant in (MARK, session_key.SALT, session_key.HU_SALT):
        assert constant.decode() in PAGE
