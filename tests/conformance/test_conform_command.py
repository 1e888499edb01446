"""`fps-emulator conform`: against our own SEES, without a mock, and what it reports of a broken server."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from broken_sees import (
    CrashesWhenRefused,
    ForgetsTheDevice,
    QuotesErrorNumbers,
    TellsTheKey,
    TellsWhatItAsked,
)
from conform_kit import conform, conform_broken
from flask import Flask
from planted_sees import EncodesItsSecrets
from small_sees import FILM, KEYS, SmallSees

from hosting.serving import running
from sees_testing.conform.model import CHECKS
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import Probe
from sees_testing.conform.redaction import MAX_SHOWN, redact, shorten
from sees_testing.expressplay import RunningExpressPlay
from sees_testing.sees import running_sees


@pytest.fixture(scope="module")
def without_mock() -> Iterator[str]:
    """A server that is no mock of ours."""
    with running(Flask("stranger", static_folder=None)) as url:
        yield url


def test_our_sees_conforms(shared_expressplay: RunningExpressPlay) -> None:
    with running_sees(shared_expressplay) as sees:
        result = conform(
            sees.url,
            f"--expressplay={shared_expressplay.url}",
            f"--authenticator={shared_expressplay.authenticator}",
            f"--title={sees.url}/titles/film/master.m3u8",
            "--quick",
            "--strict",
            content=sees.film,
            dummy=sees.dummy,
        )
    assert result.exit_code == 0, result.output
    run = len(CHECKS) - 1
    assert f"{run} checks: {run} passed, 0 failed, 0 skipped; 1 not run (--quick): 48" in result.output


@pytest.mark.parametrize("strict", [True, False])
def test_without_a_mock_what_needs_it_is_skipped_or_failed(
    shared_expressplay: RunningExpressPlay, strict: bool
) -> None:
    sees = SmallSees(shared_expressplay.url, shared_expressplay.authenticator)
    with running(sees.app()) as url:
        result = conform(url, *(["--strict"] if strict else []))
    assert "needs expressplay-mock" in result.output
    assert result.exit_code == (1 if strict else 0), result.output
    assert (" 0 failed" in result.output, " 0 skipped" in result.output) == (not strict, strict)


def test_a_failure_shows_rule_request_and_answer(shared_expressplay: RunningExpressPlay) -> None:
    result = conform_broken(ForgetsTheDevice, shared_expressplay, "--only=11", "--only=13", "--only=16")
    assert result.exit_code == 1
    assert "13 another device does not" in result.output
    assert CHECKS[13].sentence in " ".join(result.output.split())
    assert "follows: 13" in result.output
    assert "sent to ExpressPlay: POST" in result.output
    assert "expirationTime" in result.output
    assert "the token names no device" in result.output
    assert re.search(r"mock #\d+ row: event \d+, cookie '.*', device [0-9a-f]{8}…, registration, issued", result.output)
    sent = [line for line in result.output.splitlines() if "sent to SEES" in line]
    assert sent
    assert all(line.endswith("}") for line in sent)  # whole, however long: to be searched and copied


class NamesTheDeviceOtherwise(SmallSees):
    def device_bound(self, content: str, cookie: str) -> str:
        return self.order(content, cookie=cookie, udid=self.device(cookie))


def test_a_parameter_that_the_mock_ignored_is_among_those_shown(shared_expressplay: RunningExpressPlay) -> None:
    result = conform_broken(NamesTheDeviceOtherwise, shared_expressplay, "--only=13")
    assert "cookie, udid; the token names no device" in result.output


def test_a_terminal_shows_how_far_it_is(
    shared_expressplay: RunningExpressPlay, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("walkthrough.terminal.terminal.progress", lambda _: nullcontext(said.append))
    conform_broken(SmallSees, shared_expressplay, "--only=2", "--only=3")
    assert said == [f"checked {number}, {CHECKS[number].title}" for number in (2, 3)]


def test_a_member_of_another_type_is_shown(shared_expressplay: RunningExpressPlay) -> None:
    result = conform_broken(QuotesErrorNumbers, shared_expressplay, "--only=4")
    assert 'expected error, an integer, found "1" in HTTP 200' in result.output


def test_reports_for_programs(shared_expressplay: RunningExpressPlay, tmp_path: Path) -> None:
    as_json, as_junit = tmp_path / "report.json", tmp_path / "report.xml"
    options = (f"--json={as_json}", f"--junit={as_junit}", "--only=1", "--only=29", "--only=30")
    assert conform_broken(CrashesWhenRefused, shared_expressplay, *options).exit_code == 1
    report = json.loads(as_json.read_text())
    assert report["summary"] == {"pass": 1, "fail": 2, "skip": 0}
    assert report["error"] is None
    own = {check["number"]: check for check in report["checks"]}[29]
    assert (own["verdict"], own["follows"], own["sentence"]) == ("fail", None, CHECKS[29].sentence)
    assert [exchange["party"] for exchange in own["exchanges"]] == ["ExpressPlay", "SEES"]
    assert own["exchanges"][-1]["status"] == 500
    suite = ElementTree.parse(as_junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "2", "0")
    assert [case.get("name") for case in suite if case.find("failure") is not None] == [
        f"29 {CHECKS[29].title}",
        f"30 {CHECKS[30].title}",
    ]


@pytest.mark.parametrize("option", ["--json", "--junit"])
def test_a_report_that_cannot_be_written_is_noticed_before_the_run(tmp_path: Path, option: str) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "nowhere" / "report", tmp_path / "file" / "report"):
        result = conform("http://127.0.0.1:9", f"{option}={place}")
        assert result.exit_code == 2
        assert f"Invalid value for '{option}'" in result.output
        assert f"no directory {place.parent}" in " ".join(result.output.split())


def test_a_run_that_is_stopped_shows_its_verdicts_and_ends_its_fault(
    shared_expressplay: RunningExpressPlay, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def sees_a_key(_: Probe) -> None:
        raise Failed(expected="no key", found=KEYS[FILM])

    def stopped_amid_a_fault(probe: Probe) -> None:
        with probe.fault("token", None, {"fault": "refuse", "code": -2031}):
            raise KeyboardInterrupt

    monkeypatch.setitem(CHECKS, 7, replace(CHECKS[7], run=sees_a_key))
    monkeypatch.setitem(CHECKS, 29, replace(CHECKS[29], run=stopped_amid_a_fault))
    checks = ("--only=1", "--only=7", "--only=29", "--only=30")
    result = conform_broken(SmallSees, shared_expressplay, *checks, f"--json={tmp_path / 'report.json'}")
    assert result.exit_code == 130
    assert f"7  {CHECKS[7].title}" in result.output
    assert "stopped after 2 of 4: 2 checks: 1 passed, 1 failed, 0 skipped" in result.output
    assert "--only 7" in result.output
    assert KEYS[FILM] not in result.output  # no device has played yet, so the kit does not know that this is a key
    assert list(tmp_path.iterdir()) == []
    assert requests.get(f"{shared_expressplay.url}/_sim/faults", timeout=10).json()["active"] == []


@pytest.mark.parametrize("kind", [TellsTheKey, TellsWhatItAsked, EncodesItsSecrets])
def test_no_report_holds_what_leaked(
    kind: type[SmallSees], shared_expressplay: RunningExpressPlay, tmp_path: Path
) -> None:
    files = tmp_path / "report.json", tmp_path / "report.xml"
    checks = ("--only=7", "--only=11", "--only=36", "--only=37")
    result = conform_broken(kind, shared_expressplay, f"--json={files[0]}", f"--junit={files[1]}", *checks)
    assert result.exit_code == 1
    for whole in (result.output, *(file.read_text() for file in files)):
        text = "".join(whole.split())  # a terminal breaks lines anywhere
        assert "<redacted>" in text or "&lt;redacted&gt;" in text
        assert KEYS[FILM] not in text.lower()
        assert shared_expressplay.authenticator.split(",")[1] not in text
        encoded = base64.b64encode(f"customerAuthenticator={shared_expressplay.authenticator}".encode()).decode()
        assert encoded[30:] not in text


def test_wrong_use_is_one_clear_line(without_mock: str) -> None:
    assert "no check 99" in conform(without_mock, "--only=99").output
    nobody = conform("http://127.0.0.1:9")
    assert nobody.exit_code == 1
    assert "nothing answers at http://127.0.0.1:9" in nobody.output
    assert nobody.output.count("\n") == 1
    no_sees = conform(without_mock)
    assert no_sees.exit_code == 1
    assert "without a path, /sees/SEESServlet is added" in no_sees.output
    assert no_sees.output.count("\n") == 1


def test_checks_are_numbered_and_say_what_they_hold() -> None:
    assert sorted(CHECKS) == list(range(1, len(CHECKS) + 1))
    for check in CHECKS.values():
        assert check.sentence.endswith(".")
        assert check.run.__doc__


def test_a_secret_is_redacted_before_a_text_is_cut() -> None:
    secret = "0f" * 16
    for place in range(MAX_SHOWN - 40, MAX_SHOWN + 10):
        text = shorten(redact("x" * place + f" {secret} 77,{secret}", {secret}))
        assert "0f" not in text
        assert len(text) < MAX_SHOWN + 40
