"""The mock as a process: its ready line, its state, its end, and what it says when it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from mock_over_http import MINE, Mock

from expressplay_mock import __version__
from expressplay_mock.cli import main
from hosting.process import Service, start

COMMAND = [sys.executable, "-m", "expressplay_mock", "serve"]
Start = Callable[..., Service]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start_mock(state: Path) -> Iterator[Start]:
    started: list[Service] = []

    def begin(*options: str, **environment: str) -> Service:
        argv = [*COMMAND, "--state", str(state), *options]
        started.append(start(argv, env={**os.environ, **environment}))
        return started[-1]

    yield begin
    for service in started:
        service.stop()


def fail_to_start(*options: str) -> tuple[int, str]:
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=300, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def mock_of(service: Service, authenticator: str | None = None) -> Mock:
    return Mock(service.url, requests.Session(), authenticator or service.ready["authenticator"])


def test_the_ready_line_tells_all_that_a_starter_needs(start_mock: Start) -> None:
    service = start_mock()
    assert service.ready.keys() == {"service", "url", "authenticator"}
    assert service.name == "expressplay-mock"
    assert service.url.startswith("http://127.0.0.1:")
    assert mock_of(service).license("c")[0].status_code == 200
    assert service.stop() == 0


def test_an_authenticator_that_was_given_is_not_told(start_mock: Start) -> None:
    given = "77," + "0a" * 16
    service = start_mock("--authenticator", given, "--log-level", "debug")
    assert service.ready.keys() == {"service", "url"}
    assert mock_of(service, given).license("c")[0].status_code == 200
    assert given not in service.log()
    assert "ExpressPlayToken=" not in service.log()
    assert "POST /hms/fp/rights/ 200" in service.log()


def test_options_come_from_the_environment_too(start_mock: Start) -> None:
    service = start_mock(EXPRESSPLAY_MOCK_SERVE_AUTHENTICATOR="77," + "0a" * 16, EXPRESSPLAY_MOCK_SERVE_NO_SIM="1")
    assert service.ready.keys() == {"service", "url"}
    assert requests.get(f"{service.url}/_sim/journal", timeout=10).status_code == 404


def test_versions_of_spc_and_environment_are_options(start_mock: Start) -> None:
    service = start_mock("--spc-versions=2", "--environment=production")
    given = requests.get(f"{service.url}/_sim/provisioning", timeout=10).json()
    assert given.keys() == {"certificate", "ask"}
    assert mock_of(service).license("c")[0].status_code == 200


def test_the_public_url_is_the_base_of_tokens(start_mock: Start) -> None:
    service = start_mock("--public-url", "https://expressplay.example/base/")
    assert service.url == "https://expressplay.example/base"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_registration_outlives_the_process_however_it_ends(start_mock: Start, how: signal.Signals) -> None:
    first = start_mock()
    assert mock_of(first).license("c")[0].status_code == 200
    before = mock_of(first).rows(cookie="c")
    first.process.send_signal(how)
    first.process.wait(10)
    second = start_mock()
    assert second.ready["authenticator"] == first.ready["authenticator"]
    assert mock_of(second).rows(cookie="c") == before
    assert before[0]["device_id"] == MINE.hex()


def test_two_on_one_state_are_one_service(start_mock: Start) -> None:
    one, other = start_mock(), start_mock()
    assert other.ready["authenticator"] == one.ready["authenticator"]
    assert mock_of(one).license("c")[0].status_code == 200
    assert mock_of(other).rows(cookie="c") == mock_of(one).rows(cookie="c") != []


def test_a_log_in_memory_leaves_no_file(start_mock: Start, state: Path) -> None:
    service = start_mock("--database", ":memory:")
    assert mock_of(service).license("c")[0].status_code == 200
    assert len(mock_of(service).rows(cookie="c")) == 1
    assert [path.name for path in state.iterdir()] == ["credentials"]


def test_what_keeps_it_from_starting_is_one_clear_line(state: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        cases = {
            ("--state", str(tmp_path / "file")): "--state",
            ("--state", str(state), "--port", str(taken.getsockname()[1])): "--port",
            ("--state", str(state), "--database", "sqlite:////nowhere/at/all.db"): "unable to open",
            ("--state", str(state), "--database", "nosuch://user:hunter2@host/db"): "; PostgreSQL's comes with",
            ("--state", str(state), "--authenticator", "hunter2"): "<number>,<32 hexadecimal digits>",
        }
        for options, word in cases.items():
            status, told = fail_to_start(*options)
            assert status == 1
            assert word in told
            assert "hunter2" not in told
            assert len(told.splitlines()) == 1, told


@pytest.mark.parametrize("url", ["localhost:80", "ftp://host", "http://", "http://host/?x=1"])
def test_a_public_url_that_is_none_is_refused(url: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--public-url", url])
    assert result.exit_code == 2
    assert "http://host" in result.stderr


def test_damaged_credentials_are_one_clear_line(state: Path) -> None:
    (state / "credentials").mkdir(parents=True)
    status, told = fail_to_start("--state", str(state))
    assert status == 1
    assert "damaged" in told
    assert len(told.splitlines()) == 1


def test_version_and_help() -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, arguments, prog_name="expressplay-mock")
        assert result.exit_code == 0
        return result.stdout

    assert __version__ in run("--version")
    assert __version__ in run("serve", "--version")
    told = run("serve", "--help")
    options = ["host", "port", "state", "database", "public-url", "authenticator", "log-level", "no-sim"]
    assert [option for option in options if f"--{option}" not in told] == []


def test_threads_are_how_many_requests_are_in_work_at_the_same_time(start_mock: Start) -> None:
    def delaying(threads: int, seconds: float) -> Service:
        mock = start_mock("--threads", str(threads))
        fault = {"fault": "delay", "at": "token", "seconds": seconds}
        assert requests.post(f"{mock.url}/_sim/faults", json=fault, timeout=30).status_code == 200
        return mock

    one, begin = delaying(1, 0.3), time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda url: requests.get(url, timeout=60), [f"{one.url}/hms/fp/token"] * 2))
    assert time.monotonic() - begin >= 2 * 0.3

    two = delaying(2, 60)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(requests.get, f"{two.url}/hms/fp/token", timeout=120)
        try:
            while requests.get(f"{two.url}/_sim/faults", timeout=30).json()["active"][0]["acted"] == 0:
                pass
            assert not held.done()
        finally:
            requests.delete(f"{two.url}/_sim/faults", timeout=30)
