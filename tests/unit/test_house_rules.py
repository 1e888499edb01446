"""Rules of the house that a machine can hold: who may import whom, and how long a file may get."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 350

# The three parties share HTTP and the bytes of fairplay, never each other's code.
MAY_IMPORT = {
    "fairplay": set(),
    "simulation": set(),
    "hosting": {"simulation"},
    "expressplay_mock": {"fairplay", "simulation", "hosting"},
    "server": {"simulation", "hosting"},
    "emulator": {"fairplay", "simulation", "hosting"},
    "walkthrough": {"fairplay", "simulation", "hosting", "emulator"},
}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_who_may_import_whom(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    for path in (ROOT / package).rglob("*.py"):
        forbidden = imports_of(path) & (set(MAY_IMPORT) | {"sees_testing", "tests"}) - allowed
        assert not forbidden, f"{path.relative_to(ROOT)} imports {forbidden}"


def test_the_import_rule_would_notice() -> None:
    assert imports_of(ROOT / "expressplay_mock" / "redemption.py") & {"fairplay"}


def test_no_python_file_is_longer_than_its_limit() -> None:
    lengths = {path: path.read_text().count("\n") for path in tracked("*.py", "scripts/*")}
    assert lengths
    assert not {path.name: length for path, length in lengths.items() if length > LONGEST}


def test_every_python_file_says_what_it_does() -> None:
    silent = [path for path in tracked("*.py") if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert silent == []


def test_docstrings_name_what_is_raised_in_one_form() -> None:
    """`Raises` and the name between backticks, or "Raises what …"; no other dialect of docstrings."""
    other = re.compile(r"Raises (?!`|what\s)|``|^ *(:param|:raises|:return|Args:|Raises:|Returns:)", re.MULTILINE)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    guilty = [
        f"{path.relative_to(ROOT)}: {text.splitlines()[0]}"
        for path in tracked("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, documented) and (text := ast.get_docstring(node)) and other.search(text)
    ]
    assert guilty == []


def test_programs_are_started_in_one_way() -> None:
    """By `hosting.process`; the set-up runs before it can be imported, and what is not ours needs a shell about it."""
    own = {"hosting/process.py", "scripts/_environment.py", "benchmarks/programs.py"}
    starters = {
        path.relative_to(ROOT).as_posix()
        for path in tracked("*.py", "scripts/*")
        if path != Path(__file__) and "Popen(" in path.read_text()
    }
    assert starters == own


def test_no_file_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(rb"registry\.npmjs|pypi\.org|/(home|Users|root)/[a-z]")
    guilty = [path.name for path in tracked() if path != Path(__file__) and forbidden.search(path.read_bytes())]
    assert guilty == []
