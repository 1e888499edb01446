"""scripts/demo as a user runs it: everything as expected, and a clear end when one of its three processes dies."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hosting.process import running_program

ROOT = Path(__file__).resolve().parents[2]
DEMO = [sys.executable, str(ROOT / "scripts" / "demo")]
PARTIES = ("expressplay_mock", "server", "emulator")
MANY_LOOKS = 1000
OUTCOMES = {
    "Bound play": "the film begins to play, every frame right",
    "Another device": "ExpressPlay: -9003 device differs",
    "Play before registering": "SEES: 6 device not registered",
    "A randomised device id": "ExpressPlay: -9003 device differs",
    "Expired token": "ExpressPlay: -4011 token expired",
    "One flipped bit of HU": "ExpressPlay: -4001 device could not be authenticated, cause -42589 integrity",
    "Replayed SPC": "ExpressPlay: -9002 SPC seen before",
    "Rental run out": "playback stopped: the rental ran out",
    "Thirty-two plays and thirty-two refusals": "license issued",
    "An old registration token": "ExpressPlay: -9003 device differs",
    "One cookie for registrations and plays": "device A",
    "A license server that explains too much": "4 of its 16 bytes",
    "Key rotation": "periods [1, 2] play",
    "Renewal of a lease": "renewed in the same session",
    "Renewal after a take-over": "renewal refused (device differs), playback stopped at the lease's end",
    "A key kept on the device": "refused: the stored key has expired",
    "Dual expiry": "the film begins to play, every frame right",
    "A device of the old version": "the film begins to play, every frame right",
}
"""What comes out of each scenario. Written by hand: the demo's own table is what is under test."""


def below(pid: int) -> dict[int, str]:
    """Return the command lines of all processes that descend from `pid`, by process id."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        children = {int(row[0]): row[2] for row in rows if int(row[1]) in parents and "<defunct>" not in row[2]}
        parents = children.keys() - found.keys()
        found |= children
    return found


def alive(pids: set[int]) -> set[int]:
    """Return those of `pids` that still run."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return {int(row[0]) for row in rows if not row[1].startswith("Z")} & pids


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One full run, from a directory with modules that have the names of this project's; its files are there too."""
    folder = tmp_path_factory.mktemp("demo")
    for name in (*PARTIES, "hosting", "simulation", "fairplay"):
        (folder / f"{name}.py").write_text("raise SystemExit('a stranger of the same name')")
    command = [*DEMO, "--json", str(folder / "t.json"), "--still", str(folder / "film.png")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder), folder


def test_it_ends_well(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    run, folder = demo
    assert run.returncode == 0, run.stderr
    assert (folder / "film.png").read_bytes().startswith(b"\x89PNG")
    for number in range(14):
        assert re.search(rf"(?<!\d){number} [A-Za-z]", run.stdout), f"step {number} is not drawn"


def test_the_recording_holds_every_step(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    recording = json.loads((demo[1] / "t.json").read_text())
    assert recording["prelude"]["n"] == 0
    assert [step["n"] for step in recording["steps"]] == list(range(1, 14))
    for step in recording["steps"]:
        assert step["from"]
        assert step["to"]
        assert step["summary"]
        if step["n"] in (5, 8, 12):
            assert step["party"] in ("log", "expressplay")
        else:
            assert step["method"] in ("GET", "POST")
            assert step["url"].startswith("http://")
            assert "?" not in step["url"]
            assert step["status"] == 200


def test_all_scenarios_come_out_as_expected(demo: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    scenarios = json.loads((demo[1] / "t.json").read_text())["scenarios"]
    assert {item["name"]: item["actual"] for item in scenarios} == OUTCOMES
    assert all(item["ok"] is True and item["actual"] == item["expected"] for item in scenarios)


def test_over_mutual_tls_the_commands_that_it_prints_work(tmp_path: Path) -> None:
    if not shutil.which("curl") and "CI" not in os.environ:
        pytest.skip("curl is not installed")
    recording = tmp_path / "t.json"
    command = [*DEMO, "--tls", "--keep", "--still", str(tmp_path / "film.png"), "--json", str(recording)]
    told: list[str] = []
    with running_program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as demo:
        assert demo.stdout
        while not told or not told[-1].startswith("  curl -s https://127.0.0.1:"):
            told.append(demo.stdout.readline())
            assert told[-1], demo.communicate()
        shown = [run_printed(line) for line in told if line.startswith(("  .venv/", "  curl "))]
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=300)
    assert demo.returncode == 0
    assert "A client without a certificate was turned away by SEES at the handshake.\n" in told
    bound, records, titles = shown
    assert "Played: all 120 video frames" in bound
    assert len(json.loads(records)["records"]) == 1  # the registration: plays are logged under the play cookie
    assert json.loads(titles)["titles"]
    steps = json.loads(recording.read_text())["steps"]
    assert all(step["url"].startswith("https://") for step in steps if "url" in step)


def run_printed(line: str) -> str:
    """Run a command that the demo printed, and return what it shows."""
    command = line.strip().replace(".venv/bin", str(Path(sys.executable).parent))
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT).stdout


@pytest.mark.parametrize("victim", PARTIES)
def test_when_one_of_three_dies_the_demo_says_so_and_ends_the_others(victim: str, tmp_path: Path) -> None:
    command = [*DEMO, "--still", str(tmp_path / "film.png")]
    with running_program(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT) as demo:
        for _ in range(MANY_LOOKS):
            processes = below(demo.pid)
            if any("-m emulator" in arguments for arguments in processes.values()):
                break
        # The emulator was seen to start, so the demo is in the middle: nothing has been played yet.
        first = min(pid for pid, arguments in processes.items() if f"-m {victim}" in arguments)
        assert {party for party in PARTIES for line in processes.values() if f"-m {party}" in line} == set(PARTIES)
        os.kill(first, signal.SIGKILL)
        _, errors = demo.communicate(timeout=300)
    assert demo.returncode == 1
    assert "The demo stopped:" in errors
    assert "SIGKILL" in errors
    assert not alive(set(processes)), "a process was left behind"


def test_ctrl_c_ends_everything(tmp_path: Path) -> None:
    command = [*DEMO, "--keep", "--still", str(tmp_path / "film.png")]
    with running_program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as demo:
        assert demo.stdout
        for line in demo.stdout:
            if "until Ctrl-C" in line:
                break
        processes = set(below(demo.pid))
        assert processes
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=300)
    assert demo.returncode == 0
    assert "Traceback" not in errors
    assert not alive(processes)
