"""The command `fps-emulator` as its user meets it: output, files, exit statuses, one clear line for each error."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from real_services import services

from emulator.cli import main
from hosting.process import running_program
from walkthrough import demo
from walkthrough.experiments import EXPERIMENTS, Experiment


class Command:
    """Runs the command against both services; only the scenario asked for, since others test them all."""

    def __init__(self, sees: str, expressplay: str) -> None:
        self.env = {"FPS_EMULATOR_SEES": sees, "FPS_EMULATOR_EXPRESSPLAY": expressplay}

    def __call__(self, *arguments: str, **env: str) -> Result:
        return CliRunner().invoke(main, arguments, env={**self.env, **env})

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json").stdout)


@pytest.fixture(scope="module")
def run() -> Iterator[Command]:
    with services() as urls:
        yield Command(*urls)


@pytest.fixture
def cookie(request: pytest.FixtureRequest) -> tuple[str, str]:
    return "--cookie", request.node.name.removeprefix("test_")[:32]


def test_register_then_play(run: Command, cookie: tuple[str, str], tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    assert run("register", *cookie).exit_code == 0
    played = run("play", *cookie, "--still", str(still))
    assert (played.exit_code, played.stderr) == (0, "")
    assert "13 CKC" in played.stdout
    assert "Played: all 120 video frames" in played.stdout
    assert str(still) in played.stdout
    assert still.read_bytes().startswith(b"\x89PNG")


def test_what_fails_before_any_step_names_none(run: Command, cookie: tuple[str, str]) -> None:
    bound, played = run("bind", "--title", "nowhere", *cookie), run("play", "--title", "nowhere", *cookie)
    assert bound.exit_code == played.exit_code == 1
    assert "-9107 " in bound.stderr
    assert "step " not in bound.stderr
    assert "step 6: -9107 " in played.stderr


def test_bind_as_json(run: Command, cookie: tuple[str, str]) -> None:
    summary = run.json("bind", *cookie)
    assert summary["ok"] is True
    assert [one["step"] for one in summary["licenses"]] == ["step 4", "step 11"]
    assert summary["playback"]["played"] is True
    assert run.json("play", *cookie)["device_id"] == summary["device_id"]


def test_another_seed_is_another_device_and_is_refused(run: Command, cookie: tuple[str, str]) -> None:
    run("register", *cookie)
    refused = run("play", *cookie, "--device", "device B", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["number"] == -9003
    assert refused.stderr.startswith("Error: step 12: ExpressPlay refused the license: -9003")
    assert refused.stderr.count("\n") == 1


def test_a_run_is_recorded_even_if_refused(run: Command, cookie: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "refused.binding.json"
    assert run("play", *cookie, "--recording", str(file)).exit_code == 1
    recording = json.loads(file.read_text())
    assert (recording["format"], [step["n"] for step in recording["steps"]]) == ("binding-recording", [6, 7, 8, 10])


def test_a_teaching_recording_is_inspected_down_to_hu(run: Command, cookie: tuple[str, str], tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    run("bind", *cookie, "--recording", str(file), "--teach")
    device_id = json.loads(file.read_text())["device"]["device_id"]
    inspected = run("inspect", str(file))
    assert inspected.exit_code == 0
    assert device_id in inspected.stdout
    assert [one["kind"] for one in run.json("inspect", str(file))] == ["SPC", "CKC"] * 2


def test_inspect_reads_standard_input(run: Command) -> None:
    result = CliRunner().invoke(main, ["inspect", "-"], input=b"-----BEGIN CERTIFICATE-----")
    assert result.exit_code == 1
    assert "PEM text" in result.stdout


def test_inspect_says_by_its_status_that_there_is_no_message_as_json_too(run: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no message at all")
    assert run("inspect", str(tmp_path / "notes.txt"), "--json").exit_code == 1


@pytest.fixture
def two_experiments(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    chosen = [EXPERIMENTS["play-before-registering"], EXPERIMENTS["rental"]]
    monkeypatch.setattr(demo, "DEMO", chosen)
    return chosen


def test_demo(run: Command, two_experiments: list[Experiment], tmp_path: Path) -> None:
    file, still = tmp_path / "t.json", tmp_path / "still.png"
    result = run("demo", "--json", str(file), "--still", str(still))
    assert (result.exit_code, result.stderr) == (0, "")
    for n in range(14):
        assert f" {n} " in result.stdout
    assert result.stdout.splitlines()[-1] == f"Still picture: {still}"
    assert still.stat().st_size > 1000
    recording = json.loads(file.read_text())
    assert [one["ok"] for one in recording["scenarios"]] == [True, True]
    assert recording["scenarios"][0].keys() == {"name", "expected", "actual", "ok"}


def test_demo_fails_if_an_experiment_does(run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wrong = replace(EXPERIMENTS["play-before-registering"], expected=("license issued",))
    monkeypatch.setattr(demo, "DEMO", [wrong])
    result = run("demo", "--still", str(tmp_path / "s.png"))
    assert result.exit_code == 1
    assert "SEES: 6 device not registered" in result.stdout
    assert "not every scenario" in result.stderr


def test_demo_in_ascii(run: Command, two_experiments: list[Experiment], tmp_path: Path) -> None:
    arguments = ["demo", "--still", str(tmp_path / "s.png")]
    result = CliRunner(charset="ascii").invoke(main, arguments, env=run.env)
    assert result.exit_code == 0
    assert result.stdout.isascii()


def test_a_service_that_is_not_there(run: Command, cookie: tuple[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for option, program in (("--sees", "sees-server"), ("--expressplay", "expressplay-mock")):
        result = run("bind", *cookie, option, nowhere)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"is {program} running" in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_file_that_cannot_be_written(run: Command, cookie: tuple[str, str], tmp_path: Path) -> None:
    result = run("register", *cookie, "--recording", str(tmp_path / "no" / "t.json"))
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr


@pytest.mark.parametrize("code", ["-4011", "4011"])
def test_explain(code: str) -> None:
    result = CliRunner().invoke(main, ["explain", code])
    assert result.exit_code == 0
    assert "-4011  token expired" in result.stdout
    assert "at step" in result.stdout


def test_explain_as_json() -> None:
    meaning = json.loads(CliRunner().invoke(main, ["explain", "-42589", "--json"]).stdout)
    assert (meaning["number"], meaning["title"]) == (-42589, "integrity")


def test_explain_an_unknown_code() -> None:
    result = CliRunner().invoke(main, ["explain", "-9999"])
    assert result.exit_code == 1
    assert "Near it: -9" in result.stderr


def test_explain_and_help_load_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from emulator.cli import main\n"
        "assert CliRunner().invoke(main, ['explain', '6']).exit_code == 0\n"
        "assert CliRunner().invoke(main, ['play', '--help']).exit_code == 0\n"
        "assert not {'av', 'requests', 'rich', 'm3u8', 'cryptography'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_ctrl_c_ends_quietly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "emulator", "bind", "--sees", url, "--expressplay", url]
        with running_program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1)
                process.send_signal(signal.SIGINT)
                output = process.communicate(timeout=300)
    assert (process.returncode, output) == (130, (b"", b""))
