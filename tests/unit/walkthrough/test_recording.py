"""The recording: put together from journals that may lack parts, and drawn on any terminal."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay.session_key import device_id_of
from walkthrough.record.comparison import compare
from walkthrough.record.recorded import RecordedStep, Recording
from walkthrough.record.recording import make_recording, shorten
from walkthrough.record.steps import LIFELINES, STEPS
from walkthrough.terminal.drawing import draw_sequence

SEED = "device A"
DEVICE = device_id_of(SEED).hex()
SPC = base64.b64encode(bytes(1456)).decode()


def row(event_id: int, **changes: Any) -> dict[str, Any]:
    base = {"cookie": "alice", "device_id": DEVICE, "registration": True, "result": 0, "time": "2026-01-01T00:00:00Z"}
    return {"event_id": event_id, **base, **changes}


def entry(step: int | None, party: str, **fields: Any) -> dict[str, Any]:
    return {"step": step, "party": party, "time": "2026-01-01T00:00:00.000Z", "summary": "", **fields}


def http(step: int, party: str, **fields: Any) -> dict[str, Any]:
    return entry(step, party, method="POST", url=f"http://{party}/", status=200, **fields)


REFUSAL = {"errorCode": -9003, "errorMessage": "differs", "hint": "", "cause": None}
TOKEN = {"isAllowed": True, "epTokenURL": "http://ep/hms/fp/rights/?ExpressPlayToken=AQAAAbcdefghijklm"}


def journals(last: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return [
        entry(0, "client", decision={"content_id": "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4"}),
        http(1, "client", request={"contentID": "4a1c2f0e-9d3b"}, response=TOKEN),
        http(1, "sees", request={"contentID": "4a1c2f0e-9d3b"}, response=TOKEN, decision={"why": "registration"}),
        http(2, "sees", request={"cookie": "alice"}, response={"tokenUrl": "seen by sees"}),
        http(2, "expressplay", request={"cookie": "alice"}, response={"tokenUrl": "seen by expressplay"}),
        http(4, "client", request={"spc": SPC}, response={"ckc": base64.b64encode(bytes(460)).decode()}),
        entry(5, "log", decision=row(7)),
        http(6, "client", request={"contentID": "c7e5b9d2-6f14"}, response=TOKEN),
        http(6, "sees", response=TOKEN, decision={"why": "bound"}),
        http(
            7, "expressplay", request={"cookie": "alice"}, response={"records": [row(7), row(3, device_id="ab" * 20)]}
        ),
        entry(8, "log", decision={"found": 2}),
        http(9, "expressplay", request={"cookie": "play-alice", "deviceId": DEVICE}, response={"tokenUrl": "x"}),
        http(11, "client", request={"spc": SPC}, response=last or {"ckc": "AAAA"}),
        entry(12, "expressplay", decision={"token device_id": DEVICE, "spc device_id": DEVICE, "equal": not last}),
        entry(None, "log", decision=row(9, cookie="play-alice", registration=False, result=-9003 if last else 0)),
    ]


def record(entries: list[dict[str, Any]], **more: Any) -> Recording:
    services = {"sees": "http://sees", "expressplay": "http://ep"}
    return make_recording(entries, made="now", seed=SEED, cookie="alice", services=services, **more)


def by_number(recording: Recording) -> dict[int, RecordedStep]:
    return {step["n"]: step for step in recording["steps"]}


def test_prelude_and_thirteen_steps_in_order() -> None:
    recording = record(journals())
    assert (recording["format"], recording["version"]) == ("binding-recording", 1)
    assert recording["prelude"]
    assert recording["prelude"]["n"] == 0
    assert [step["n"] for step in recording["steps"]] == list(range(1, 14))
    for step in recording["steps"]:
        assert {step["from"], step["to"]} <= set(LIFELINES)
        assert "?" not in step["summary"]
        if step["n"] in (5, 8, 12):
            assert step["party"] in ("log", "expressplay")
        else:
            assert (step["method"], step["status"]) == ("POST", 200)
            assert step["url"].startswith("http://")


def test_an_exchange_gives_its_request_to_one_step_and_its_response_to_another() -> None:
    steps = by_number(record(journals()))
    for asked, answered in ((1, 3), (6, 10), (11, 13)):
        assert "request" in steps[asked]
        assert "response" not in steps[asked]
        assert "response" in steps[answered]
        assert "request" not in steps[answered]
    assert steps[4].keys() >= {"request", "response"}


def test_why_sees_answered_so_stands_with_its_answer() -> None:
    steps = by_number(record(journals()))
    assert steps[3]["decision"] == {"why": "registration"}
    assert steps[10]["decision"] == {"why": "bound"}
    assert steps[12]["decision"]["equal"] is True


def test_the_party_that_was_asked_tells_the_exchange_and_the_asking_one_stands_in() -> None:
    entries = journals()
    assert by_number(record(entries))[2]["response"]["tokenUrl"] == "seen by expressplay"
    without = [entry for entry in entries if entry["party"] != "expressplay"]
    assert by_number(record(without))[2]["response"]["tokenUrl"] == "seen by sees"


def test_the_log_before_and_after() -> None:
    recording = record(journals())
    assert [found["event_id"] for found in recording["log_before"]] == [3]
    assert [found["event_id"] for found in recording["log_after"]] == [3, 7, 9]


def test_a_refused_step_says_so_and_teaches_nobody_anything() -> None:
    steps = by_number(record(journals(REFUSAL)))
    assert steps[13]["summary"] == "refused: -9003 device differs"
    assert (steps[13]["ok"], steps[13]["knows"]) == (False, {})
    assert steps[12]["summary"].endswith("they differ")
    assert steps[11]["ok"]


def test_a_denied_run_ends_with_the_denial() -> None:
    entries = journals()[:7]
    entries.append(http(6, "client", request={}, response={"isAllowed": False, "error": 6, "errorText": "no"}))
    steps = record(entries)["steps"]
    assert (steps[-1]["n"], steps[-1]["summary"]) == (10, "denied: 6 device not registered")


def test_an_exchange_without_an_answer_has_no_answer_step() -> None:
    entries = [*journals()[:1], entry(1, "client", method="POST", url="http://sees/", request={})]
    assert [step["n"] for step in record(entries)["steps"]] == [1]


def test_each_step_that_went_well_says_who_knows_what() -> None:
    for step, recorded in zip(STEPS[1:], record(journals())["steps"], strict=True):
        assert recorded["knows"] == dict(step.knows)
        assert recorded["knows"].keys() <= set(LIFELINES)


def test_no_journal_at_all_is_a_recording_without_steps() -> None:
    recording = record([])
    assert (recording["prelude"], recording["steps"], recording["log_after"]) == (None, [], [])
    assert len(draw_sequence(recording, 80)) == 1


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "step": st.none() | st.integers(0, 13),
                "party": st.sampled_from(["client", "sees", "expressplay", "log"]),
            },
            optional={
                "method": st.just("POST"),
                "status": st.integers(100, 599),
                "request": st.none()
                | st.dictionaries(st.sampled_from(["spc", "contentID"]), st.text() | st.integers()),
                "response": st.sampled_from([None, [], REFUSAL, TOKEN, {"records": 7}, {"isAllowed": False}]),
                "decision": st.sampled_from([None, [], {"event_id": 1, "cookie": "alice"}, {"equal": 1}]),
            },
        ),
        max_size=12,
    )
)
def test_any_journals_give_a_recording_that_can_be_drawn(entries: list[dict[str, Any]]) -> None:
    draw_sequence(record(entries), 80)


@pytest.mark.parametrize("width", [20, 60, 80, 110, 300])
def test_the_drawing_keeps_to_its_width(width: int) -> None:
    lines = [line.plain for line in draw_sequence(record(journals()), width)]
    assert len(lines) == 1 + 2 * 14
    assert max(map(len, lines)) <= min(max(width, 60), 110)
    for name in LIFELINES:
        assert name in lines[0]


@pytest.mark.parametrize("odd", [True, [], {}, "8", None, 8.5])
def test_a_row_whose_number_is_none_is_no_row(odd: object) -> None:
    entries = journals({**REFUSAL, "errorCode": odd})
    entries[9]["response"]["records"] += [row(8) | {"event_id": odd}, {}, odd]
    entries.append(entry(None, "log", decision=row(8) | {"event_id": odd}))
    recording = record(entries)
    assert [row["event_id"] for row in recording["log_after"]] == [3, 7, 9]
    assert recording["steps"][-1]["ok"]


def test_every_arrow_has_its_number_and_its_direction() -> None:
    lines = [line.plain for line in draw_sequence(record(journals()), 110)][1:]
    for n, (words, arrow) in enumerate(zip(lines[::2], lines[1::2], strict=True)):
        assert f"{n} " in words
        step = STEPS[n]
        if step.sender == step.receiver:
            assert "◆" in arrow
        else:
            rightwards = LIFELINES.index(step.sender) < LIFELINES.index(step.receiver)
            assert ("▶" in arrow, "◀" in arrow) == (rightwards, not rightwards)


def test_what_a_server_says_cannot_write_to_the_terminal() -> None:
    recording = record(journals())
    recording["steps"][0]["summary"] = "\x1b[31mred\r\nnext"
    lines = "".join(line.plain for line in draw_sequence(recording, 80))
    assert lines.isprintable()


def test_a_summary_without_an_end_is_compared_in_linear_time() -> None:
    # Looked at up to its end from each "cookie", this one would take hours.
    long = record(journals())
    long["steps"][5]["summary"] = "cookie " * 300_000
    assert compare(long, long).difference is None


def test_shortening() -> None:
    assert shorten("abcdefghij", 4) == "abcd…"
    assert shorten("abcde", 4) == "abcde"
