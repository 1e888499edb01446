"""The French table and the English of the code hold together: no text lacks its French, and no French its text."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from fairplay import layout
from fairplay.fields import Layout, Source
from simulation.error_numbers import EMULATOR, NUMBERS
from walkthrough.experiments import EXPERIMENTS, FAMILIES
from walkthrough.glossary import GLOSSARY
from walkthrough.page import inspector
from walkthrough.record.steps import LIFELINES, STEPS
from walkthrough.words import typeset, words

ROOT = Path(__file__).parents[3]
WEB = ROOT / "walkthrough" / "page" / "web"
FRENCH = words("fr")
HOLE = re.compile(r"\{[^{}]*\}")
AS_IT_IS = re.compile(r"→|^(SEES|ExpressPlay): -?\d")
"""Outcomes that no language changes: bytes, and what a service answered."""
SHORTEST = 6
"""Characters beside its holes that a template of the code must have to account for an entry of the table."""


def of_the_page() -> set[str]:
    """The texts of index.html, as the templating library extracts them."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    environment.policies["ext.i18n.trimmed"] = True
    document = environment.parse((WEB / "index.html").read_text())
    return {str(text) for _, _, text in extract_from_ast(document)}


def of_the_scripts() -> set[str]:
    """What the page's scripts say."""
    return {text for path in WEB.glob("*.js") for text in re.findall(r"\bsay\('([^']+)'", path.read_text())}


def of_the_sequence() -> set[str]:
    found_nothing = STEPS[8].summary.format(device_id="nothing")
    of_steps = {text for step in STEPS for text in (step.summary, step.why, *step.knows.values())}
    return {*LIFELINES, *of_steps, found_nothing}


def of_the_experiments() -> set[str]:
    found = {*FAMILIES}
    for one in EXPERIMENTS.values():
        found |= {one.name, one.question, one.why, *one.choices}
        found |= {outcome for outcome in one.expected if not AS_IT_IS.search(outcome)}
    return found


def of_the_glossary() -> set[str]:
    return {*GLOSSARY, *GLOSSARY.values()}


def of_the_numbers() -> set[str]:
    said_by = {meaning.whose for meaning in NUMBERS}
    return {*said_by, *(meaning.meaning for meaning in NUMBERS), *(meaning.title for meaning in EMULATOR)}


def of_the_bytes() -> set[str]:
    tags = {tag for tag in vars(layout).values() if isinstance(tag, layout.Tag)}
    tables = {table for table in vars(layout).values() if isinstance(table, Layout)} | set(layout.SPC_HEADERS.values())
    origins = {f"{source.origin.value}: {source.value}" for source in Source if source is not Source.SIMULATION}
    told = [text for _, _, text in inspector.TOKEN_FIELDS] + list(inspector.MEANINGS.values())
    return {
        *(field.meaning for table in tables for field in table.fields),
        *(tag.meaning for tag in tags),
        *origins,
        *told,
        *inspector.WORDS.values(),
        *(inspector.CLOSED_SPC, inspector.CKC_PAYLOAD, inspector.CLOSED_TOKEN),
    }


@pytest.fixture
def of_the_walkthrough(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the documents ask of the table while they are made."""
    from _walkthrough import pages

    asked = set()

    def spy(language: str) -> Callable[[str], str]:
        def say(text: str) -> str:
            asked.add(text)
            return words(language)(text)

        return say

    monkeypatch.setattr(pages, "words", spy)
    pages.pages(ROOT / "docs")
    return asked


OF_ALL = (
    of_the_page,
    of_the_scripts,
    of_the_sequence,
    of_the_glossary,
    of_the_experiments,
    of_the_numbers,
    of_the_bytes,
)


@pytest.mark.parametrize("source", OF_ALL)
def test_no_text_lacks_its_french(source: Callable[[], set[str]]) -> None:
    texts = source()
    assert len(texts) > 15
    assert sorted(text for text in texts if text not in FRENCH.texts and text not in FRENCH.filled) == []


def test_the_documents_ask_for_nothing_that_is_not_there(of_the_walkthrough: set[str]) -> None:
    assert "What each party now knows" in of_the_walkthrough


def test_no_french_has_lost_its_text(of_the_walkthrough: set[str]) -> None:
    known = of_the_walkthrough.union(*(source() for source in OF_ALL))
    constants, shapes = of_the_code()
    lost = [
        text
        for text in {*FRENCH.texts, *FRENCH.filled} - known - constants
        if not any(shape.fullmatch(text) for shape in shapes)
    ]
    assert lost == []


def of_the_code() -> tuple[set[str], list[re.Pattern[str]]]:
    """Every string of the code that runs, and a pattern for each that is filled."""
    folders = ("emulator", "walkthrough", "fairplay")
    nodes = [node for folder in folders for path in (ROOT / folder).rglob("*.py") for node in strings_of(path)]
    constants = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    templates = [parts_of(node) for node in nodes if isinstance(node, ast.JoinedStr)]
    return constants, [
        re.compile(".+".join(map(re.escape, parts))) for parts in templates if sum(map(len, parts)) >= SHORTEST
    ]


def strings_of(path: Path) -> Iterator[ast.Constant | ast.JoinedStr]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node


def parts_of(node: ast.JoinedStr) -> list[str]:
    """Return the literal parts of an f-string, what is between its holes."""
    parts = [""]
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts[-1] += str(value.value)
        else:
            parts.append("")
    return parts


def test_a_translation_fills_the_same_holes() -> None:
    for text in (*FRENCH.texts, *FRENCH.filled):
        assert sorted(HOLE.findall(FRENCH(text))) == sorted(HOLE.findall(text))


def test_a_filled_text_is_found_again_by_one_shape_only() -> None:
    shapes = {text: re.compile(".+".join(map(re.escape, HOLE.split(text)))) for text in FRENCH.filled}
    for text in FRENCH.filled:
        filled = HOLE.sub("a 1", text)
        assert [other for other, shape in shapes.items() if shape.fullmatch(filled)] == [text]
    terms = [text for meaning in NUMBERS for text in (meaning.title, f"ExpressPlay: {meaning.number} {meaning.title}")]
    assert not [term for term in terms for shape in shapes.values() if shape.fullmatch(term)]


def test_french_has_its_spaces() -> None:
    assert typeset("« Qui ? » : lui ; non !") == "«\u00a0Qui\u00a0?\u00a0»\u00a0: lui\u00a0; non\u00a0!"
    assert not [text for text in FRENCH.texts.values() if re.search(r" [:;?!»]|« ", text)]


def test_english_has_no_table_and_says_what_it_is_told() -> None:
    assert words("en")("any text") == "any text"
    with pytest.raises(KeyError):
        FRENCH("no such text")
    with pytest.raises(FileNotFoundError):
        words("xx")
