"""The planted defects themselves: each kind is made, one at a time, and the source is otherwise as it was."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    import _mutants

    return _mutants


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b", {"a <= b"}),
        ("x = a and (not b)", {"x = a or not b", "x = a and (not not b)"}),
        ("x = -a % b", {"x = +a % b", "x = -a * b"}),
        ("x = 1", {"x = 2"}),
        ("x = b'ab'", {"x = b'`b'"}),
        ("x = 'word'", {"x = 'wordx'"}),
        ("x = True", {"x = False"}),
        ("f(key=a)", {"f()", "pass"}),
        ("def f():\n    return a", {"def f():\n    return None"}),
        ("if a:\n    raise b", {"if True:\n    raise b", "if False:\n    raise b", "if a:\n    pass"}),
        ("[a for a in b if c]", {"[a for a in b]"}),
    ],
)
def test_a_small_change_of_each_kind(planted: ModuleType, source: str, mutants: set[str]) -> None:
    assert {mutant.source for mutant in planted.mutants_of("m", source)} == mutants


@pytest.mark.parametrize(
    "source", ["'''A docstring'''", "x = 'some prose'", "x = f'{a + 1}'", "x: 'int'", "def f() -> 'int':\n    pass"]
)
def test_prose_and_annotations_are_left_alone(planted: ModuleType, source: str) -> None:
    assert planted.mutants_of("m", source) == []


def test_a_mutant_is_named_by_what_changed(planted: ModuleType) -> None:
    source = f"first = 0\nvalue = [{', '.join('abcdefgh' * 20)}, 1, {', '.join('ijkl' * 20)}]"
    first, second = planted.mutants_of("m", source)
    assert (first.line, first.name) == (1, "m: first = 0 => first = 1")
    assert second.line == 2
    assert ", h, 1, i, " in second.before
    assert ", h, 2, i, " in second.after
    assert len(second.name) < 150


def test_every_mutant_of_a_module_is_valid_python(planted: ModuleType) -> None:
    source = (SCRIPTS.parent / "fairplay" / "tllv.py").read_text()
    mutants = planted.mutants_of("tllv", source)
    assert len(mutants) > 40
    unchanged = ast.unparse(ast.parse(source))
    for mutant in mutants:
        ast.parse(mutant.source)
        assert mutant.source != unchanged
