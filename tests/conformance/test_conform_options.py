"""What `fps-emulator conform` is told: a SEES anywhere, a mock that is one, and options that cannot be read."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from conform_kit import conform
from flask import Flask, Response, request
from small_sees import DUMMY, FILM, KEYS, Denied, SmallSees

from emulator.cli import main
from expressplay_mock.app import Config as MockConfig
from expressplay_mock.app import create_app as create_mock
from hosting.serving import running
from sees_testing.expressplay import RunningExpressPlay
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from server.expressplay import ExpressPlayAccount


@pytest.mark.parametrize(
    ("config", "found", "fix"),
    [
        (None, "found 31 bytes of text/plain", "name the mock's address"),
        (
            SeesConfig(ExpressPlayAccount("http://127.0.0.1:9", "http://127.0.0.1:9", "1," + "0" * 32)),
            "sees-server",
            "",
        ),
        (MockConfig(sim=False), "found a mock without them", "start it without --no-sim"),
        (MockConfig(workers=2), "found a mock with several workers", "start it with --workers 1"),
    ],
)
def test_what_is_no_usable_mock_ends_the_run_before_the_first_check(
    config: SeesConfig | MockConfig | None, found: str, fix: str, tmp_path: Path
) -> None:
    match config:
        case None:
            app = Flask("stranger", static_folder=None)
            app.add_url_rule("/_sim/health", view_func=lambda: Response("x" * 31, content_type="text/plain"))
        case MockConfig():
            app = create_mock(config)
        case SeesConfig():
            app = create_sees(config)
    report = tmp_path / "report.xml"
    with running(app) as url:
        result = conform("http://127.0.0.1:9", f"--expressplay={url}", f"--junit={report}")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert f"expected expressplay-mock with its /_sim/ routes, in one process at {url}" in result.output
    assert found in result.output
    assert fix in result.output
    suite = ElementTree.parse(report).getroot()[0]
    assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("1", "1", "0")


def test_a_sees_of_another_mock_is_one_sentence(
    shared_expressplay: RunningExpressPlay, expressplay: RunningExpressPlay
) -> None:
    sees = SmallSees(expressplay.url, expressplay.authenticator)
    with running(sees.app()) as url:
        result = conform(url, f"--expressplay={shared_expressplay.url}")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert f"to ask the mock at {shared_expressplay.url} for its tokens" in result.output
    assert "an entitlement of which that mock knows nothing" in result.output


def test_a_sees_that_is_down_leaves_its_reports_all_the_same(tmp_path: Path) -> None:
    files = tmp_path / "report.json", tmp_path / "report.xml"
    result = conform("http://127.0.0.1:9", f"--json={files[0]}", f"--junit={files[1]}")
    assert result.exit_code == 1
    assert "nothing answers at http://127.0.0.1:9" in json.loads(files[0].read_text())["error"]
    error = ElementTree.parse(files[1]).getroot()[0].find("testcase/error")
    assert error is not None
    assert "nothing answers at http://127.0.0.1:9" in str(error.get("message"))


class EndsInAnotherPlace(SmallSees):
    """Takes requests elsewhere, from clients with a key only, and with a property of its own."""

    path = "/api/v2/entitle"

    def body(self) -> bytes:
        body = super().body()
        if request.headers.get("X-Api-Key") != "k1" or b'"tenant": 7' not in body:
            raise Denied("who are you?")
        return body


def test_a_sees_may_be_anywhere_and_want_more(shared_expressplay: RunningExpressPlay) -> None:
    sees = EndsInAnotherPlace(shared_expressplay.url, shared_expressplay.authenticator)
    checks = ("--only=1", "--only=11", "--only=22")
    with running(sees.app()) as url:
        options = (f"--expressplay={shared_expressplay.url}", *checks, "--header=X-Api-Key: k1", "--property=tenant=7")
        assert conform(url + EndsInAnotherPlace.path, *options).exit_code == 0
        assert "POST /api/v2/entitle" in conform(url + EndsInAnotherPlace.path, *options[:-1]).output
        elsewhere = conform(url, *options)
    assert elsewhere.exit_code == 1
    assert f"at {url}/sees/SEESServlet" in elsewhere.output
    assert "without a path, /sees/SEESServlet is added" in elsewhere.output


def test_ids_and_key_come_from_the_environment(shared_expressplay: RunningExpressPlay) -> None:
    sees = SmallSees(shared_expressplay.url, shared_expressplay.authenticator)
    with running(sees.app()) as url:
        environment = {
            "FPS_EMULATOR_SEES": url,
            "FPS_EMULATOR_EXPRESSPLAY": shared_expressplay.url,
            "FPS_EMULATOR_CONTENT": FILM,
            "FPS_EMULATOR_DUMMY": DUMMY,
            "FPS_EMULATOR_CONTENT_KEY": KEYS[FILM],
        }
        result = CliRunner().invoke(main, ["conform", "--only=46"], env=environment)
        assert result.exit_code == 0, result.output
        wrong = CliRunner().invoke(
            main, ["conform", "--only=46"], env=environment | {"FPS_EMULATOR_CONTENT_KEY": "00" * 16}
        )
    assert "expected the key of --content-key in the license, found another one" in wrong.output


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--content-key=" + "0f" * 15, "expected 32 hexadecimal digits, found another text of 30 characters"),
        ("--content-iv=x", "expected 32 hexadecimal digits"),
        ("--token-lifetime=60", "expected seconds like 30-3600, found '60'"),
        ("--token-lifetime=60-30", "expected seconds like 30-3600"),
        ("--header=Authorization", "expected NAME:VALUE"),
        ("--header=X: a\r\nY: b", "expected NAME:VALUE"),
        ("--property=tenant", "expected NAME=VALUE, found 'tenant'"),
    ],
)
def test_an_option_that_cannot_be_read_says_what_was_expected(option: str, said: str) -> None:
    result = conform("http://127.0.0.1:9", option)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
