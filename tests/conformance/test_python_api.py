"""docs/python-api.md: its five examples run as they stand, mypy strict passes on them, and its names are there."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "python-api.md").read_text()
EXAMPLES = dict(re.findall(r"^## (.*?)\n.*?^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def test_there_are_five() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(EXAMPLES[name])
    result = run("-W", "error", str(example))
    assert result.returncode == 0, result.stderr


def test_mypy_strict_passes_on_all(tmp_path: Path) -> None:
    for number, text in enumerate(EXAMPLES.values()):
        (tmp_path / f"example_{number}.py").write_text(text)
    result = run("-m", "mypy", "--strict", *map(str, sorted(tmp_path.iterdir())))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("package", ["fairplay", "sees_testing", "sees_testing.conform"])
def test_what_is_named_can_be_imported(package: str) -> None:
    module = import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), name
    with pytest.raises(AttributeError):
        module.no_such_name  # noqa: B018


def test_every_dotted_name_of_the_documents_is_there() -> None:
    packages = "|".join(each.parent.name for each in ROOT.glob("*/__init__.py"))
    for page in ROOT.glob("docs/*.md"):
        for name in re.findall(rf"`((?:{packages})(?:\.\w+)+)(?<!\.py)\b", page.read_text()):
            resolve_name(name)


def test_every_extra_that_a_page_installs_is_there() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md")]:
        for names in re.findall(r"pip install '?[\w.-]*\[([\w,]+)\]", page.read_text()):
            assert set(names.split(",")) <= set(extras), page


def test_the_names_of_the_table_are_public() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| [^|]* \| ([^|]*) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for module, names in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert hasattr(import_module(module), name), (module, name)
