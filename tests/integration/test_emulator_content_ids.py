"""`bind`, `register` and `play` with content ids alone, at a SEES that offers no titles."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from small_sees import DUMMY, FILM, SmallSees

from emulator.cli import main
from hosting.serving import running
from sees_testing.expressplay import RunningExpressPlay

IDS = {"FPS_EMULATOR_CONTENT": FILM, "FPS_EMULATOR_DUMMY": DUMMY}


@pytest.fixture
def services(expressplay: RunningExpressPlay) -> Iterator[dict[str, str]]:
    sees = SmallSees(expressplay.url, expressplay.authenticator)
    with sees.http, running(sees.app()) as url:
        yield {"FPS_EMULATOR_SEES": url, "FPS_EMULATOR_EXPRESSPLAY": expressplay.url}


def run(services: dict[str, str], *arguments: str, **more: str) -> Result:
    return CliRunner().invoke(main, arguments, env=services | more)


def test_bind_gets_licenses_and_plays_nothing(services: dict[str, str], expressplay: RunningExpressPlay) -> None:
    result = run(services, "bind", "--content", FILM, "--dummy", DUMMY, "--cookie=alice")
    assert result.exit_code == 0, result.output
    assert [record["registration"] for record in expressplay.records()] == [False, True]
    other = run(services, "bind", "--cookie=alice", "--play-on=another", **IDS)
    assert other.exit_code == 1
    assert "-9003" in other.output


def test_register_and_play_apart(services: dict[str, str]) -> None:
    assert run(services, "play", "--content", FILM).exit_code == 1
    assert run(services, "register", "--dummy", DUMMY).exit_code == 0
    assert run(services, "play", "--content", FILM).exit_code == 0


def test_one_of_the_two_is_not_enough(services: dict[str, str]) -> None:
    result = run(services, "bind", "--content", FILM)
    assert result.exit_code == 2
    assert "--content and --dummy go together" in result.output
