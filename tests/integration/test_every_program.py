"""What every program does the same way: errors in one line, nothing raw on a terminal, help, odd environments."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest
import requests
from click import Context
from click.testing import CliRunner
from fixed_answer import FixedAnswer, answering
from hypothesis import given
from hypothesis import strategies as st
from real_services import AUTHENTICATOR

from emulator.cli import main as emulator
from expressplay_mock.cli import main as mock
from hosting.process import running_program, start
from server.cli import main as sees
from simulation.printable import one_line, printable

PROGRAMS = {"mock": mock, "sees": sees, "emulator": emulator}
MODULES = {"mock": "expressplay_mock", "sees": "server", "emulator": "emulator"}
ESCAPE = "\x1b]0;owned\x07\x1b[2J"


def run(module: str, arguments: Sequence[str | bytes], **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, env=kept, capture_output=True, text=True, timeout=300, check=False)


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    shown = printable(text)
    assert all(each.isprintable() or each in "\n\t" or each.isspace() for each in shown)
    assert "\x1b" not in shown
    assert "\n" not in one_line(text)
    assert printable(shown) == shown


def test_what_prints_stays_as_it_is() -> None:
    assert printable("Émilie\u00a0: «\u202fok\u202f» 日本\n\tx") == "Émilie\u00a0: «\u202fok\u202f» 日本\n\tx"
    assert printable("a\x1b[31mb\u202ec\ud800\r\x00") == "a\\x1b[31mb\\u202ec\\ud800\\r\\x00"


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_and_mistyped_commands(program: str) -> None:
    group = PROGRAMS[program]
    for arguments in (["-h"], ["--help"], ["serve", "-h"]):
        result = CliRunner().invoke(group, arguments)
        assert (result.exit_code, "Usage:" in result.output) == (0, True)
    mistyped = CliRunner().invoke(group, ["serv"])
    assert mistyped.exit_code == 2
    assert "Error: No such command 'serv'; did you mean serve?" in mistyped.stderr


INTERRUPTS = """
import sys
import threading

class AtImport:
    def find_spec(name, *_):
        if name == "{}":
            raise KeyboardInterrupt

sys.meta_path.insert(0, AtImport)
"""


@pytest.mark.parametrize(
    ("program", "moment"),
    [(program, "click") for program in PROGRAMS]
    + [("mock", "flask"), ("sees", "server.catalog"), ("emulator", "walkthrough.commands")],
)
def test_ctrl_c_while_python_imports(program: str, moment: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTS.format(moment))
    arguments = {"emulator": ["demo", "--help"]}.get(program, ["serve", "--port", "0"])
    ended = run(MODULES[program], arguments, PYTHONPATH=str(tmp_path), HOME=str(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr.strip()) == (130, "", "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_says_what_it_needs(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("FPS_EMULATOR_", "SEES_", "EXPRESSPLAY_"))]:
        monkeypatch.delenv(name)
    group = PROGRAMS[program]
    context = Context(group)
    tried = 0
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if any(parameter.required for parameter in command.params):
            tried += 1
            result = CliRunner().invoke(group, [name])
            assert (result.exit_code, "Error: Missing " in result.stderr) == (2, True), (name, result.stderr)
    assert tried


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("arguments", [["serve", f"--{ESCAPE}"], [ESCAPE], ["serve", f"--port={ESCAPE}"]])
def test_no_argument_reaches_the_terminal_raw(program: str, arguments: list[str]) -> None:
    result = CliRunner().invoke(PROGRAMS[program], arguments)
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert "\\x1b]0;owned\\x07" in result.output


def test_nothing_that_a_server_says_reaches_the_terminal_raw() -> None:
    with answering(
        FixedAnswer(f'{{"reason": "{ESCAPE!r}"}}'.replace("'", "").replace("\\x", "\\u00"), status=503)
    ) as url:
        result = CliRunner().invoke(mock, ["health", "--url", url])
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert "owned" in result.output


@pytest.mark.parametrize("url", ["http://[::1", "http://\u2100.example", "http://a b", "http://a:b", "http://\udcff"])
def test_an_address_that_is_none_is_one_line(url: str) -> None:
    for group, arguments in (
        (mock, ["health", "--url", url]),
        (sees, ["health", "--url", url]),
        (sees, ["serve", "--authenticator", AUTHENTICATOR, "--expressplay", url]),
        (emulator, ["bind", "--sees", url, "--expressplay", "http://127.0.0.1:1"]),
        (emulator, ["bind", "--sees", "http://127.0.0.1:1", "--expressplay", url]),
    ):
        result = CliRunner().invoke(group, arguments)
        assert result.exit_code in (1, 2)
        assert "Traceback" not in result.output
        assert "a mistake in this program" not in result.output
        assert result.stderr.strip().splitlines()[-1].startswith("Error: ")


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("emulator", ["bind", "--sees=http://127.0.0.1:1", "--expressplay=http://127.0.0.1:1", "--clock=nan"]),
        ("emulator", ["bind", "--sees=http://127.0.0.1:1", "--expressplay=http://127.0.0.1:1", b"--seed=\xff\xfe"]),
        ("expressplay_mock", ["serve", "--database=:memory:", b"--seed=\xff\xfe"]),
        ("expressplay_mock", ["health", "--url=http://127.0.0.1:1", "--wait=nan"]),
        ("server", ["serve", "--expressplay=http://127.0.0.1:1", "--lag-patience=nan", "--authenticator=a"]),
    ],
)
def test_odd_values_are_one_line(module: str, arguments: list[str | bytes], tmp_path: Path) -> None:
    result = run(module, arguments, HOME=str(tmp_path))
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert "a mistake in this program" not in result.stderr
    assert result.stderr.strip().splitlines()[-1].startswith("Error: ")


NO_HOME = "import os, pwd\ndef gone(*_): raise KeyError\npwd.getpwuid = gone\n"


@pytest.mark.parametrize("arguments", ["'serve'", "'health', '--url=http://127.0.0.1:1'"])
def test_without_a_home_it_says_what_to_set(arguments: str) -> None:
    program = f"{NO_HOME}from expressplay_mock.cli import main; main([{arguments}])"
    environment = {"PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 2
    assert (
        result.stderr.strip().splitlines()[-1].startswith("Error: no home directory: expected HOME or XDG_STATE_HOME")
    )


def test_a_log_in_memory_writes_no_state(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expressplay_mock", "serve", "--database=:memory:"]
    with start(command, env=os.environ | {"XDG_STATE_HOME": str(tmp_path)}) as service:
        assert service.ready["authenticator"]
    assert list(tmp_path.iterdir()) == []


def test_two_on_the_default_state_are_told_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expressplay_mock", "serve"]
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path)}
    with start(command, env=environment) as first, start(command, env=environment) as second:
        assert first.log() == ""
        assert "another mock runs on" in second.log()
        assert "give each a --state" in second.log()
    with start(command, env=environment) as third:
        assert third.log() == ""
    with (tmp_path / "expressplay-mock" / "in-use").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with start([*command, f"--state={tmp_path / 'expressplay-mock'}"], env=environment) as named:
            assert named.log() == ""  # who names it means it


def test_standard_input_that_is_closed_is_told() -> None:
    shell = '"$0" -m expressplay_mock serve --database=:memory: --until-stdin-closes <&-'
    result = subprocess.run(
        ["sh", "-c", shell, sys.executable], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 1
    assert result.stderr == "Error: --until-stdin-closes: standard input is closed already. Leave the option\n"


def test_nobody_can_write_a_line_of_the_log(tmp_path: Path) -> None:
    program = (
        "import logging; from hosting.logs import configure_logging; configure_logging('info');"
        "logging.getLogger('a').warning('%s', 'x\\n2026-01-01 00:00:00 ERROR b: forged \\x1b[2J')"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True)
    first, second = result.stderr.splitlines()
    assert first.endswith("WARNING a: x")
    assert second == "    2026-01-01 00:00:00 ERROR b: forged \\x1b[2J"


FEW_THREADS = """
import threading

start = threading.Thread.start

def start_while_there_is_room(self):
    if threading.active_count() > 40:
        raise RuntimeError("can't start new thread")
    start(self)

threading.Thread.start = start_while_there_is_room
"""
"""What Python does where `ulimit -v` leaves no room for a stack; with a real limit, C code fails as well, by chance."""


def test_no_room_for_threads_means_fewer_threads_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FEW_THREADS)
    command = [sys.executable, "-m", "expressplay_mock", "serve", "--database=:memory:"]
    with (
        start(
            [*command, f"--authenticator={AUTHENTICATOR}"], env=os.environ | {"PYTHONPATH": str(tmp_path)}
        ) as mock_service,
        ExitStack() as stack,
    ):
        ask = stack.enter_context(requests.Session())
        ask.trust_env = False
        fault = {"fault": "delay", "at": "token", "seconds": 60}
        assert ask.post(f"{mock_service.url}/_sim/faults", json=fault, timeout=30).status_code == 200
        host, port = mock_service.url.removeprefix("http://").split(":")
        query = f"customerAuthenticator={AUTHENTICATOR}&contentKey={'1' * 32}&iv={'2' * 32}"
        waiting = [stack.enter_context(socket.create_connection((host, int(port)), timeout=30)) for _ in range(250)]
        for each in waiting:
            each.sendall(f"GET /hms/fp/token?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        end = time.monotonic() + 60
        while "out of memory for more than" not in mock_service.log() and time.monotonic() < end:
            with suppress(requests.RequestException):
                ask.get(f"{mock_service.url}/_sim/health", timeout=0.5)  # whether or not a thread is left for it
        assert mock_service.process.poll() is None
        mock_service.process.terminate()
        assert mock_service.process.wait(30) == 0
        assert "out of memory for more than" in mock_service.log()
        assert "Traceback" not in mock_service.log()


def test_400_mb_of_address_space_are_enough_to_serve() -> None:
    shell = 'ulimit -v 400000; exec "$0" -m expressplay_mock serve --database=:memory: --authenticator="$1" "$2"'
    with start(["sh", "-c", shell, sys.executable, AUTHENTICATOR]) as mock_service:
        for _ in range(20):
            assert requests.get(f"{mock_service.url}/_sim/health", timeout=60).status_code == 200


def test_ctrl_c_ends_what_a_job_in_the_background_starts() -> None:
    """A shell lets the jobs that it runs in the background ignore Ctrl-C, and so do their children."""
    code = (
        "import signal, subprocess, sys; from hosting.process import running_program\n"
        "said = 'import time; print(1, flush=True); time.sleep(60)'\n"
        "quiet = {'stdout': subprocess.PIPE, 'stderr': subprocess.DEVNULL}\n"
        "with running_program([sys.executable, '-c', said], **quiet) as child:\n"
        "    child.stdout.readline(); child.send_signal(signal.SIGINT); print(child.wait(20))\n"
    )
    ignoring = ["sh", "-c", 'trap "" INT; exec "$0" -c "$1"', sys.executable, code]
    result = subprocess.run(ignoring, capture_output=True, text=True, timeout=300, check=False)
    assert (result.stdout, result.returncode) == (f"{-signal.SIGINT}\n", 0)


def test_ctrl_c_while_a_service_starts_ends_it(tmp_path: Path) -> None:
    born = tmp_path / "pid"
    silent = f"import os, pathlib, time; pathlib.Path({str(born)!r}).write_text(str(os.getpid())); time.sleep(300)"
    code = f"import sys; from hosting.process import start; start([sys.executable, '-c', {silent!r}], timeout=300)"
    with running_program([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as starter:
        while not (born.exists() and born.read_text()) and starter.poll() is None:
            threading.Event().wait(0.01)
        starter.send_signal(signal.SIGINT)
        assert starter.wait(60) != 0
        assert not psutil.pid_exists(int(born.read_text()))
