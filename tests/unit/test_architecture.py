"""docs/architecture.md draws the packages and a step's way as the code has them, and no module is in a circle."""

import ast
import re
import sys
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path
from types import FrameType
from typing import Any

from real_services import real_deployment

from walkthrough.page.device_runs import play_title
from walkthrough.page.page_state import PageState
from walkthrough.page.step_feed import StepJournal

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGES = (
    "fairplay",
    "simulation",
    "hosting",
    "expressplay_mock",
    "server",
    "emulator",
    "walkthrough",
    "sees_testing",
)
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
}


def imports_of(nodes: list[ast.AST]) -> set[str]:
    """Return the modules that are imported; of `from package import module` the module, not the package around it."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else node.module for name in inner.values()}
    return found


def test_the_arrows_are_the_imports() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", PAGE, re.MULTILINE))
    imported = {
        (name.partition(".")[0], other.partition(".")[0])
        for name, path in FILES.items()
        for other in imports_of(list(ast.walk(ast.parse(path.read_text()))))
    }
    assert drawn == {(one, other) for one, other in imported if other in PACKAGES and one != other}


def test_every_package_has_its_line() -> None:
    rooms = [".".join(path.parent.relative_to(ROOT).parts) for path in FILES.values() if path.name == "__init__.py"]
    assert sorted(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE)) == sorted(rooms)


def test_every_behaviour_has_a_file_that_is_there() -> None:
    behaviours = re.findall(r"^\| [^`|]+\? \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(behaviours) >= 10
    assert [path for path in behaviours if not (ROOT / path).is_file()] == []


def files_entered(function: Callable[..., Any], act: Callable[[], object]) -> set[str]:
    """Return the files of this project that `function` enters while `act` goes on, in this thread."""
    files: set[str] = set()
    inside = 0

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal inside
        is_it = frame.f_code is function.__code__
        inside += is_it and event == "call"
        path = Path(frame.f_code.co_filename)
        if inside and event == "call" and path in FILES.values():
            files.add(path.relative_to(ROOT).as_posix())
        inside -= is_it and event == "return"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return files


def test_the_way_of_a_step_to_the_browser() -> None:
    _, _, way = PAGE.partition("## The way of a step to the browser")
    rows = set(re.findall(r"`([\w/]+\.py)`", " ".join(re.findall(r"^\|.*\|$", way, re.MULTILINE))))
    named = set(re.findall(r"`([\w/]+\.py)`", way.partition("| in this order |")[2]))
    with real_deployment() as deployment:
        page = PageState(deployment)
        entered = files_entered(
            StepJournal.record, lambda: [play_title(page, "A", title) for title in ("dummy", "film")]
        )
    assert sorted(page.feed.steps) == list(range(14))
    assert rows <= entered <= named
    assert len(rows) <= 8, "it was 23 once; a third of that is the goal"


def test_no_module_is_in_a_circle() -> None:
    # Imports inside functions count: they open a circle for Python, not for a reader.
    # A package around a module is imported before it in any case: that is no edge.
    graph = {
        name: {
            other
            for other in imports_of(list(ast.walk(ast.parse(path.read_text()))))
            if other in FILES and not name.startswith(f"{other}.") and other != name
        }
        for name, path in FILES.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(FILES)
