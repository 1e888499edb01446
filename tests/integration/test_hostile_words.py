"""What strangers put into answers, playlists and names: shown, and never raw to a terminal."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fixed_answer import FixedAnswer, answering
from real_services import services
from title_server import TitleServer, serving, text

from emulator.cli import main as emulator

RECORDINGS = Path(__file__).resolve().parents[2] / "docs" / "recordings"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
IDS = ["--content", "content", "--dummy", "dummy"]


def shown(result: Result, statuses: tuple[int, ...] = (1, 2)) -> None:
    """Check what came to the terminal of a command, which failed unless told otherwise: the words, no escape."""
    assert result.exit_code in statuses, result.output
    assert "owned" in result.output
    assert not {"\x1b", "\x07"} & set(result.output)
    assert "a mistake in this program" not in result.output


def answered(answer: FixedAnswer, members: dict[str, object]) -> str:
    """An entitlement response to what was asked last."""
    asked = json.loads(answer.asked[-1][2])
    return json.dumps({"version": 1, "messageID": asked["messageID"], "epTokenURL": "", **members})


@pytest.mark.parametrize(
    "members",
    [
        {"isAllowed": False, "errorCode": 6, "errorText": ESCAPE},
        {"isAllowed": False, "errorCode": ESCAPE, "errorText": ESCAPE},
        {ESCAPE: True},
    ],
    ids=["errorText", "errorCode", "member name"],
)
def test_what_a_sees_answers(members: dict[str, object]) -> None:
    answer = FixedAnswer()
    answer.body = lambda: answered(answer, members)
    with services() as (_, expressplay), answering(answer) as hostile:
        where = ["--sees", hostile, "--expressplay", expressplay]
        result = CliRunner().invoke(emulator, ["bind", *where, *IDS])
    shown(result)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (
            json.dumps({"titles": [{"title": ESCAPE, "name": ESCAPE, "dummy": False, "master": "/m"}]}),
            "application/json",
        ),
        ("{}", f"text/{ESCAPE}"),
    ],
    ids=["title id", "Content-Type"],
)
def test_what_a_sees_offers(body: str, content_type: str) -> None:
    with services() as (_, expressplay), answering(FixedAnswer(body, content_type=content_type)) as hostile:
        result = CliRunner().invoke(emulator, ["bind", "--sees", hostile, "--expressplay", expressplay, "--title", "a"])
    shown(result)


@pytest.mark.parametrize("member", ["errorMessage", "hint"])
def test_what_an_expressplay_refuses_with(member: str) -> None:
    refusal = {"errorCode": -4001, "errorMessage": "no", "hint": "h", "cause": -42585, member: ESCAPE}
    answer = FixedAnswer()
    with (
        services() as (_, expressplay),
        answering(FixedAnswer(json.dumps(refusal), status=400)) as hostile,
        answering(answer) as sees,
    ):
        answer.body = lambda: answered(
            answer, {"isAllowed": True, "epTokenURL": f"{hostile}/hms/fp/rights/?ExpressPlayToken=a"}
        )
        where = ["--sees", sees, "--expressplay", expressplay]
        result = CliRunner().invoke(emulator, ["bind", *where, *IDS])
    shown(result)


@pytest.mark.parametrize("attribute", ["SAMPLE-AES", "com.apple.streamingkeydelivery"])
def test_what_a_playlist_says(attribute: str) -> None:
    playlist = text("film/video.m3u8").replace(attribute, f"{attribute}{ESCAPE}")
    with services() as (sees, expressplay), serving(TitleServer({"film/video.m3u8": playlist})) as server:
        where = ["--sees", sees, "--expressplay", expressplay]
        result = CliRunner().invoke(emulator, ["play", f"{server.url}/film/master.m3u8", *where])
    shown(result)


def test_the_experiments_of_a_recording(tmp_path: Path) -> None:
    recording = json.loads((RECORDINGS / "rotation.binding.json").read_text())
    recording["scenarios"] = [{"name": ESCAPE, "expected": ESCAPE, "actual": ESCAPE, "ok": False}]
    (tmp_path / "one.binding.json").write_text(json.dumps(recording))
    shown(CliRunner().invoke(emulator, ["show", str(tmp_path / "one.binding.json")]), statuses=(0,))


@pytest.mark.parametrize("command", ["show", "inspect"])
def test_names_of_files(command: str, tmp_path: Path) -> None:
    shown(CliRunner().invoke(emulator, [command, str(tmp_path / ESCAPE)]))
