"""The committed recordings: golden tests, replayed against the real services; and what replay says of a defect."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fixed_answer import FixedAnswer, answering
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import validate
from real_services import services

from emulator.cli import main
from emulator.errors import BadRecording
from walkthrough.experiments import EXPERIMENTS
from walkthrough.record.comparison import compare
from walkthrough.record.recorded import Recording
from walkthrough.record.recording_file import read_recording
from walkthrough.replay import replay

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "recordings"
FILES = sorted(FOLDER.glob("*.binding.json"))
Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    with services() as both:
        yield both


@pytest.fixture
def recording() -> Recording:
    return read_recording((FOLDER / "bound-play.binding.json").read_bytes())


def step(recording: Recording, n: int) -> Any:
    return next(step for step in recording["steps"] if step["n"] == n)


def run(*arguments: str, data: bytes | None = None, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=data, env=env)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
def test_each_committed_recording_is_replayed_without_a_difference(urls: tuple[str, str], file: Path) -> None:
    result = run("replay", str(file), "--sees", urls[0], "--expressplay", urls[1])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "No difference: every step went as recorded.\n"


def test_there_are_recordings_of_plays_and_refusals() -> None:
    assert {file.name.split(".")[0] for file in FILES} >= {"bound-play", "other-device", "not-registered", "rotation"}


def set_in(n: int, *path: Any, to: Any) -> Change:
    def change(recording: Any) -> None:
        place = recording["prelude"] if n == 0 else step(recording, n)
        for name in path[:-1]:
            place = place[name]
        assert place[path[-1]] != to
        place[path[-1]] = to

    return change


def without(n: int) -> Change:
    return lambda recording: recording["steps"].remove(step(recording, n))


OTHER_ID = "00000000-0000-0000-0000-000000000000"
DEFECTS: list[tuple[str, Change]] = [
    ("step 0", set_in(0, "decision", "content_id", to=OTHER_ID)),
    ("step 1", set_in(1, "request", "requestType", to=1)),
    ("step 1", set_in(1, "request", "customerCookie", to="mallory")),
    ("step 2", set_in(2, "request", "expirationTime", to="+301")),
    ("step 3", set_in(3, "response", "isAllowed", to=False)),
    ("step 4", set_in(4, "request", "shape", to="form")),
    ("step 4", set_in(4, "request", "spc", to="AAAA")),
    ("step 5", set_in(5, "decision", "registration", to=False)),
    ("step 5", set_in(5, "decision", "device_id", to="00" * 20)),
    ("step 6", set_in(6, "request", "contentID", to=OTHER_ID)),
    ("step 7", set_in(7, "response", "records", to=[])),
    ("step 7", without(7)),
    ("step 8", set_in(8, "decision", "found", to=2)),
    ("step 9", set_in(9, "request", "deviceId", to="00" * 20)),
    ("step 9", set_in(9, "request", "rentalDuration", to="1")),
    ("step 10", set_in(10, "status", to=502)),
    ("step 11", set_in(11, "url", to="http://127.0.0.1:1/hms/fp/other/")),
    ("step 12", set_in(12, "decision", "equal", to=False)),
    ("step 12", set_in(12, "summary", to="compares the two device_ids: they differ")),
    ("step 13", set_in(13, "response", "ckc", to="AAAA")),
    ("step 13", without(13)),
]


@pytest.mark.parametrize(("place", "change"), DEFECTS, ids=[f"{n} {place}" for n, (place, _) in enumerate(DEFECTS)])
def test_a_copy_with_a_defect_differs_at_its_step(
    urls: tuple[str, str], recording: Recording, place: str, change: Change
) -> None:
    change(recording)
    result = run("replay", "-", "--sees", urls[0], "--expressplay", urls[1], data=json.dumps(recording).encode())
    assert result.exit_code == 1
    assert f"at {place}" in result.stderr
    assert result.stderr.startswith("Error: -9113 replay differs: expected ")


def test_expected_and_found_stand_against_each_other(urls: tuple[str, str], recording: Recording) -> None:
    step(recording, 9)["request"]["rentalDuration"] = "1"
    result = run("replay", "-", "--sees", urls[0], "--expressplay", urls[1], data=json.dumps(recording).encode())
    assert 'expected "1" at step 9, request.rentalDuration, found "172800"' in result.stderr
    arguments = ("replay", "-", "--json", "--sees", urls[0], "--expressplay", urls[1])
    found = json.loads(run(*arguments, data=json.dumps(recording).encode()).stdout)["difference"]
    assert found == {"place": "step 9", "field": "request.rentalDuration", "expected": '"1"', "found": '"172800"'}


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("device", lambda recording: recording["device"].update(device_id="00" * 20)),
        ("step 4", lambda recording: recording["steps"].insert(2, recording["steps"].pop(3))),
        ("step 6", lambda recording: recording["steps"].insert(6, copy.deepcopy(recording["steps"][5]))),
        ("step 7", lambda recording: recording["steps"].pop(6)),
        ("log_after", lambda recording: recording["log_after"].pop()),
        ("playback", lambda recording: recording["playback"]["tracks"][0].update(frames=119)),
    ],
    ids=["device", "swapped", "twice", "missing", "rows", "pictures"],
)
def test_any_part_may_differ(recording: Recording, place: str, change: Change) -> None:
    good = copy.deepcopy(recording)
    change(recording)
    difference = compare(recording, good).difference
    assert difference is not None
    assert difference.place == place


def test_a_recording_equals_itself_and_what_belongs_together_must_stay_so(recording: Recording) -> None:
    other = copy.deepcopy(recording)
    assert compare(recording, other).difference is None
    step(other, 3)["response"]["messageID"] = "another"
    difference = compare(recording, other).difference
    assert difference is not None
    assert (difference.place, difference.field) == ("step 3", "response.messageID")


def test_times_sizes_and_tokens_do_not_matter(recording: Recording) -> None:
    text = json.dumps(recording)
    other = json.loads(
        text.replace("ExpressPlayToken=AQAAA", "ExpressPlayToken=AQAAB").replace('"made": "2', '"made": "1')
    )
    step(other, 4)["time"] = "1999-01-01T00:00:00Z"
    step(other, 4)["summary"] = "token, SPC (99 bytes, device_id sealed inside)"
    assert compare(recording, other).difference is None


def test_scenarios_are_played_again(urls: tuple[str, str], recording: Recording) -> None:
    name = EXPERIMENTS["play-before-registering"].name
    recording["scenarios"] = [{"name": name, "expected": "x", "actual": "SEES: 6 device not registered", "ok": True}]
    assert replay(recording, *urls).difference is None
    recording["scenarios"][0]["actual"] = "license issued"
    difference = replay(recording, *urls).difference
    assert difference is not None
    assert (difference.place, difference.found) == (f"scenario {name}", "SEES: 6 device not registered")


def test_a_sees_that_denies_differs_at_its_answer(urls: tuple[str, str], recording: Recording) -> None:
    def deny() -> bytes:
        asked = json.loads(answer.asked[-1][2] or b"{}")
        message = {"messageID": asked.get("messageID"), "version": 1, "isAllowed": False, "epTokenURL": "", "error": 7}
        return json.dumps(message).encode()

    answer = FixedAnswer(deny)
    with answering(answer) as sees:
        comparison = replay(recording, sees, urls[1])
    assert comparison.difference is not None
    assert comparison.difference.place == "step 3"
    assert comparison.difference.found == "denied: 7 not entitled"


def test_where_no_token_url_tells_expressplay_must_be_named(urls: tuple[str, str]) -> None:
    result = run("replay", str(FOLDER / "not-registered.binding.json"), "--sees", urls[0])
    assert result.exit_code == 1
    assert "name --expressplay" in result.stderr


def test_a_run_that_began_with_rows_cannot_be_replayed(urls: tuple[str, str], recording: Recording) -> None:
    recording["log_before"] = recording["log_after"][:1]
    with pytest.raises(BadRecording, match="new --cookie"):
        replay(recording, *urls)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
def test_show_draws_a_recording(file: Path) -> None:
    result = run("show", str(file), env={"COLUMNS": "80"})
    assert result.exit_code == 0
    recording = read_recording(file.read_bytes())
    for one in recording["steps"]:
        assert f"{one['n']} " in result.stdout
    assert ("Playback: all" in result.stdout) == (recording["playback"] is not None)
    assert max(map(len, result.stdout.splitlines())) <= 80


def damaged(change: Callable[[Any], object]) -> bytes:
    recording = json.loads(FILES[0].read_text())
    change(recording)
    return json.dumps(recording).encode()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "something else"),
        (b"[]", "another kind"),
        (b'{"format": "other"}', "another kind"),
        (b'{"format": "binding-recording", "version": 2}', "version 2"),
        (b'{"format": "binding-recording", "version": 1}', "members missing: cookie, device, "),
        (damaged(lambda it: it["steps"][2].pop("summary")), "found members missing in steps[2]: summary"),
        (damaged(lambda it: it["device"].pop("seed")), "found members missing in device: seed"),
        (damaged(lambda it: it["steps"][1].update(n="1")), "found steps[1].n of another form: str"),
        (damaged(lambda it: it["services"].update(sees=3)), "found services.sees of another form: int"),
        (damaged(lambda it: it.update(prelude=[])), "found prelude of another form: list"),
        (damaged(lambda it: it["steps"][0].update(to="x")), "to nobody of Client, SEES"),
        (FILES[0].read_bytes()[:5000], "found a mistake at character"),
    ],
)
def test_what_is_no_recording_is_said_in_one_line(data: bytes, found: str) -> None:
    result = run("show", "-", data=data)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "-9112 bad recording" in result.stderr
    assert found in result.stderr


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 14) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def keys_of(place: Any) -> list[Any]:
    return list(place) if isinstance(place, dict) else list(range(len(place)))


@given(st.data())
def test_a_recording_altered_anyhow_is_shown_or_refused(data: st.DataObject) -> None:
    recording = json.loads((FOLDER / "other-device.binding.json").read_text())
    place: Any = recording
    for _ in range(data.draw(st.integers(0, 3))):
        inner = place[data.draw(st.sampled_from(keys_of(place)))]
        if not isinstance(inner, dict | list) or not inner:
            break
        place = inner
    place[data.draw(st.sampled_from(keys_of(place)))] = data.draw(ANY)
    result = run("show", "-", data=json.dumps(recording).encode())
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "arguments",
    [("register",), ("play", "--cookie", "nobody"), ("bind", "--teach", "--title", "rotation"), ("demo",)],
    ids=lambda arguments: arguments[0],
)
def test_every_command_writes_recordings_that_fit_the_schema(
    urls: tuple[str, str], tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("walkthrough.demo.DEMO", [EXPERIMENTS["play-before-registering"]])
    file = tmp_path / "t.binding.json"
    is_demo = arguments == ("demo",)
    where = ("--json" if is_demo else "--recording", str(file), *(("--still", str(tmp_path / "s")) if is_demo else ()))
    run(*arguments, "--sees", urls[0], "--expressplay", urls[1], *where)
    schema = json.loads((FOLDER.parent / "recording.schema.json").read_text())
    validate(schema, json.loads(file.read_text()))
