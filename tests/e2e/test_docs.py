"""The README and the docs say nothing that does not hold: every command runs, every path, link and option exists."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from benchmarks.postgres import Postgres
from emulator.cli import main as emulator_command
from expressplay_mock.cli import main as mock_command
from hosting.process import Service, start
from server.cli import main as sees_command

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "templates" not in path.parts)]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_PATH = re.compile(
    r"`((?:fairplay|simulation|expressplay_mock|server|emulator|scripts|tests|docs|benchmarks)/[\w./-]*)`"
)
OF_CURL = {"--cacert", "--cert", "--key"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
ANYTHING = "…"
TRANSLATIONS = {"fr"}
"""Folders of docs/ whose pages are translations: their commands are those of the original, and run there."""

RUN_ELSEWHERE = {
    "scripts/demo": "tests/e2e/test_demo.py",
    "scripts/demo --keep": "tests/e2e/test_demo.py",
    "scripts/demo --tls": "tests/e2e/test_demo.py",
    "scripts/test": "the run that this test is part of",
    "scripts/cluster": "tests/e2e/test_cluster_scripts.py",
    "scripts/crash --kills 1 --database-kills 1": "tests/e2e/test_cluster_scripts.py",
}
"""Commands that no test here runs, and where they are run instead."""


@dataclass(frozen=True)
class Command:
    """One command of a page, and the output shown under it (empty where none is shown)."""

    line: str
    shown: str

    @property
    def serves(self) -> bool:
        """Whether it goes on until it is stopped."""
        return re.search(r"\bserve\b", self.line) is not None


def commands_of(page: Path) -> list[Command]:
    found = []
    for block in CONSOLE.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            found.append(Command(line, shown.rstrip("\n")))
    return found


def pattern_of(shown: str) -> str:
    """Return what the output must match: `…` stands for anything, also for several lines."""
    return ".*".join(map(re.escape, shown.split(ANYTHING)))


class Terminal:
    """Runs a page's commands in a scratch directory that looks like the repository, on ports of its own."""

    def __init__(self, folder: Path, stack: ExitStack, new_database: Callable[[], str]) -> None:
        self.folder, self.stack, self.new_database = folder, stack, new_database
        for item in ("docs", "server", "scripts", "fairplay"):
            (folder / item).symlink_to(ROOT / item)
        (folder / ".venv" / "bin").mkdir(parents=True)
        for program in ("python", "fps-emulator", "expressplay-mock", "sees-server"):
            (folder / ".venv" / "bin" / program).symlink_to(Path(sys.executable).parent / program)
        self.environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "120"}
        self.urls: dict[str, str] = {}
        self.services: dict[str, Service] = {}

    def run(self, command: Command) -> None:
        """Run a command and compare its output with the one shown."""
        if command.serves:
            found = self._serve(command.line)
        else:
            # A learner sees errors in the terminal too; those of refused commands are part of what is shown.
            process = subprocess.run(
                ["bash", "-c", self._here(command.line)],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
                check=False,
            )
            found = process.stdout.rstrip("\n")
            assert (process.returncode != 0) == ("Error: " in command.shown), f"{command.line}\n{found}"
        if command.shown:
            assert re.fullmatch(pattern_of(command.shown), self._as_documented(found), re.DOTALL), (
                f"{command.line}\nshown:\n{command.shown}\nfound:\n{found}"
            )

    def _serve(self, line: str) -> str:
        words = shlex.split(self._here(line))
        settings = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        argv = [word for word in words if not re.match(r"[A-Z_]+=", word)]
        documented = ("https" if "--tls" in argv else "http") + "://127.0.0.1:" + argv[argv.index("--port") + 1]
        argv[argv.index("--port") + 1] = "0"
        if mock := self.services.get("expressplay-mock"):
            # A throw-away authenticator is printed at start: the reader copies it from there.
            settings = {name: mock.ready.get("authenticator", value) for name, value in settings.items()}
        argv = [self.new_database() if word.startswith("postgresql") else word for word in argv]
        argv[0] = str(self.folder / argv[0])
        service = self.stack.enter_context(start(argv, env={**self.environment, **settings}))
        self.services[service.name], self.urls[documented] = service, service.url
        values = ", ".join(f'"{name}": "{value}"' for name, value in service.ready.items())
        return f"{{{values}}}"

    def _here(self, line: str) -> str:
        for documented, url in self.urls.items():
            line = line.replace(documented, url)
        return line

    def _as_documented(self, found: str) -> str:
        for documented, url in self.urls.items():
            found = found.replace(url, documented)
        return found


@pytest.fixture
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    def new_database() -> str:
        postgres: Postgres = request.getfixturevalue("postgres")  # started only for the page that names one
        return postgres.new_database()

    with ExitStack() as stack:
        yield Terminal(tmp_path, stack, new_database)


def in_order(commands: list[Command]) -> list[Command]:
    """Put services before what needs them, as the reader has them up; else as on the page."""
    return sorted(commands, key=lambda command: not command.serves)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def original_of(page: Path) -> Path:
    """Return the page that this one is a translation of; itself if it is none."""
    return ROOT / "docs" / page.name if page.parent.name in TRANSLATIONS else page


@pytest.mark.parametrize("page", [page for page in PAGES if page != original_of(page)], ids=page_id)
def test_a_translation_shows_the_commands_of_its_original(page: Path) -> None:
    assert commands_of(page) == commands_of(original_of(page))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page == original_of(page) and commands_of(page)], ids=page_id
)
def test_every_command_of_a_page_runs_and_prints_what_is_shown(page: Path, terminal: Terminal) -> None:
    for command in in_order(commands_of(page)):
        if command.line in RUN_ELSEWHERE:
            continue
        missing = [
            program for program in ("curl", "sha256sum") if program in command.line and not shutil.which(program)
        ]
        if missing and "CI" not in os.environ:
            pytest.skip(f"{missing[0]} is not installed")
        terminal.run(command)


def test_commands_run_elsewhere_are_there() -> None:
    named = {command.line for page in PAGES for command in commands_of(page)}
    assert not set(RUN_ELSEWHERE) - named, "no page names these any more"
    for place in RUN_ELSEWHERE.values():
        assert not place.endswith(".py") or (ROOT / place).exists()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_and_path_exists(page: Path) -> None:
    text = page.read_text()
    missing = []
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            missing.append(link)
    missing += [path for path in NAMED_PATH.findall(text) if not (ROOT / path).exists()]
    assert missing == []


def test_the_readme_lists_every_page() -> None:
    (listed,) = re.findall(r"^docs/ +(.*?)\n(?! )", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert set(re.split(r",\s+", listed)) == {page.stem for page in (ROOT / "docs").glob("*.md")} | {"openapi"}


def test_every_page_that_installs_names_the_same_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = [names for page in PAGES for names in re.findall(r"`pip install '\.\[(.*?)\]'`", page.read_text())]
    assert named, "no page says how to install any more"
    assert len(set(named)) == 1
    assert set(named[0].split(",")) <= extras.keys()


def anchors_of(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="session")
def options() -> Mapping[str, set[str]]:
    """The options of every program, by the words that call it."""
    groups: dict[str, click.Group] = {
        "expressplay-mock": mock_command,
        "sees-server": sees_command,
        "fps-emulator": emulator_command,
    }
    found: dict[str, set[str]] = {}
    for program, group in groups.items():
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command
            found[f"{program} {name}"] = {option for parameter in command.params for option in parameter.opts}
    for script in (ROOT / "scripts").iterdir():
        source = script.read_text() if script.is_file() else ""
        if declared := set(re.findall(r'(?:add_argument|option)\(\s*"(--[a-z-]+)"', source)):
            found[f"scripts/{script.name}"] = declared
    plugin = (ROOT / "sees_testing" / "plugin.py").read_text()
    found["pytest"] = set(re.findall(r'addoption\(\s*"(--[a-z-]+)"', plugin))
    return found


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_option_exists(page: Path, options: Mapping[str, set[str]]) -> None:
    unknown = []
    for span in re.findall(r"`([^`\n]+)`", page.read_text()) + [command.line for command in commands_of(page)]:
        named = set(OPTION.findall(span))
        program = max((name for name in options if name in span), key=len, default=None)  # play, players
        known = options[program] if program else set().union(*options.values()) | {"--help", "--version"}
        unknown += [f"{option} in {span}" for option in named - known - (OF_CURL if "curl" in span else set())]
    assert unknown == []


def test_a_shown_output_is_compared() -> None:
    assert re.fullmatch(pattern_of('{"a": "…"}\n…'), '{"a": "1 2"}\nmore\nlines', re.DOTALL)
    assert not re.fullmatch(pattern_of("equal"), "they differ", re.DOTALL)
