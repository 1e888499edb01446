"""Several workers in one service: they serve as one, are replaced when they die, and say what they cannot offer."""

import subprocess
import sys
from pathlib import Path

import psutil
import requests

from benchmarks.crash import clients_of, lost
from benchmarks.services import start_mock
from benchmarks.workload import workload_of
from hosting.process import start

SERVE = [sys.executable, "-m", "expressplay_mock", "serve"]


def test_workers_share_no_clock_and_no_journal_and_say_so(tmp_path: Path) -> None:
    with start([*SERVE, f"--state={tmp_path}", "--workers=2"]) as mock:
        for method, path in (("GET", "clock"), ("POST", "clock"), ("GET", "journal"), ("POST", "reset")):
            answer = requests.request(method, f"{mock.url}/_sim/{path}", json={}, timeout=10)
            assert answer.status_code == 409
            assert "2 workers" in answer.json()["errorText"]
        assert requests.get(f"{mock.url}/_sim/health", timeout=10).json()["status"] == "ok"
        assert requests.get(f"{mock.url}/_sim/provisioning", timeout=10).status_code == 200


def test_sees_with_workers_keeps_no_journal() -> None:
    command = [sys.executable, "-m", "server", "serve", "--workers=2", "--expressplay=http://127.0.0.1:9"]
    with start([*command, "--authenticator=77," + "0a" * 16]) as sees:
        assert requests.get(f"{sees.url}/_sim/journal", timeout=10).status_code == 409
        assert requests.get(f"{sees.url}/titles", timeout=10).status_code == 200


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with start_mock(tmp_path, "--workers=2") as mock, clients_of(mock.url, workload_of(tmp_path)) as clients:
        before = psutil.Process(mock.process.pid).children()
        assert len(before) == 2
        clients.wait_for_more(4)
        for worker in before:
            worker.kill()
        _, unburied = psutil.wait_procs(before, timeout=20)
        assert unburied == []
        clients.wait_for_more(4)
    assert lost(clients, tmp_path, f"sqlite:///{tmp_path / 'transactions.db'}") == []


def test_workers_that_cannot_start_end_the_service_with_one_line_each(tmp_path: Path) -> None:
    command = [*SERVE, f"--state={tmp_path}", "--workers=2", "--database=sqlite:////nowhere/at/all.db"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert set(ended.stderr.splitlines()) <= {
        "Error: transaction log sqlite:////nowhere/at/all.db: unable to open database file",
        "Error: a worker ended before it served",
    }


def test_a_log_in_memory_takes_one_worker(tmp_path: Path) -> None:
    command = [*SERVE, f"--state={tmp_path}", "--workers=2", "--database=:memory:"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 2
    assert "--workers 1" in ended.stderr
