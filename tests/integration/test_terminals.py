"""The command in every terminal: a pipe, a narrow one, without colour, with few characters, and with progress."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from real_services import services

import expressplay_mock.cli
import server.cli
from emulator.cli import main
from hosting.process import running_program
from simulation.error_numbers import NUMBERS

RECORDINGS = Path(__file__).resolve().parents[2] / "docs" / "recordings"
ROTATION = str(RECORDINGS / "rotation.binding.json")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]")
PROGRAMS = {"emulator": main, "mock": expressplay_mock.cli.main, "sees": server.cli.main}
FEW_CHARACTERS = ("ascii", "latin-1")
"""Encodings that a Unix terminal may be set to, without the characters of the drawing."""


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with services() as (sees, expressplay):
        yield {"FPS_EMULATOR_SEES": sees, "FPS_EMULATOR_EXPRESSPLAY": expressplay}


def run(*arguments: str, charset: str = "utf-8", **env: str) -> Result:
    return CliRunner(charset=charset).invoke(main, arguments, env=env)


COMMANDS: list[tuple[str, ...]] = [
    ("show", ROTATION),
    ("inspect", ROTATION),
    ("bind", "--title", "rotation"),
    ("bind", "--play-on", "Gerät ▶ 端末", "--cookie", "zoë ✓"),
    ("replay", ROTATION),
    ("play", "--help"),
]


@pytest.mark.parametrize("charset", FEW_CHARACTERS)
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: " ".join(arguments[:2])[:20])
def test_a_character_that_the_terminal_lacks_ends_nothing(
    urls: dict[str, str], arguments: tuple[str, ...], charset: str
) -> None:
    result = run(*arguments, charset=charset, **urls)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.stdout_bytes.decode(charset)


@pytest.mark.parametrize("charset", FEW_CHARACTERS)
def test_every_number_can_be_explained_with_few_characters(charset: str) -> None:
    for meaning in NUMBERS:
        assert run("explain", str(meaning.number), charset=charset).exit_code == 0


@pytest.mark.parametrize("columns", [10, 60, 80])
@pytest.mark.parametrize("arguments", COMMANDS[:4], ids=lambda arguments: " ".join(arguments[:2])[:20])
def test_lines_keep_to_the_terminal_down_to_sixty_columns(
    urls: dict[str, str], arguments: tuple[str, ...], columns: int
) -> None:
    result = run(*arguments, COLUMNS=str(columns), **urls)
    assert isinstance(result.exception, SystemExit | None)
    tables = [line for line in result.stdout.splitlines() if not line.startswith(("SPC", "CKC", "Played", "Playback"))]
    assert max(map(len, tables)) <= max(columns, 60)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_list_of_commands_is_not_cut(program: click.Command) -> None:
    listed = CliRunner().invoke(program, ["--help"], env={"COLUMNS": "80"}).stdout.partition("Commands:")[2]
    assert listed.strip()
    assert "..." not in listed


def test_colour_only_in_a_terminal_and_not_against_its_users_will() -> None:
    assert not COLOUR.search(run("show", ROTATION).stdout)
    assert COLOUR.search(run("show", ROTATION, FORCE_COLOR="1", TERM="xterm").stdout)
    assert not COLOUR.search(run("show", ROTATION, FORCE_COLOR="1", TERM="xterm", NO_COLOR="1").stdout)


def test_a_pipe_that_closes_early_ends_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "emulator", "show", ROTATION]
    with os.fdopen(writing, "wb") as pipe:
        ended = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, check=False, timeout=300)
    assert (ended.returncode, ended.stderr) == (1, b"")


def in_terminal(*arguments: str, env: dict[str, str]) -> tuple[int, bytes]:
    """Run the command with standard error in a terminal; return its exit status and what was shown there."""
    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "emulator", *arguments]
    settings = {**os.environ, "TERM": "xterm", **env}
    with running_program(command, stdout=subprocess.DEVNULL, stderr=terminal, env=settings) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(control, 4096)
            except OSError:  # how Linux tells the end of a terminal
                break
            if not part:
                break
            shown += part
        process.wait(60)
    os.close(control)
    return process.returncode, shown


def test_progress_is_shown_in_a_terminal_and_vanishes(urls: dict[str, str]) -> None:
    status, shown = in_terminal("bind", "--cookie", "progress", env=urls)
    assert status == 0
    assert b"playing" in shown
    assert shown.isascii()
    assert shown.rstrip().endswith((b"\x1b[2K", b"\x1b[?25h"))


def test_no_progress_in_a_pipe(urls: dict[str, str]) -> None:
    result = run("bind", "--cookie", "pipe", **urls)
    assert (result.exit_code, result.stderr) == (0, "")
