"""A title with several keys: one entitlement, SPC and CKC for each, every period under its own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.binding import bind, play, register
from emulator.parties import Party
from emulator.screening import watch
from emulator.transport import Answer
from emulator.verdict import Verdict
from fairplay.ckc import ContentKey
from server.catalog import CONTENT
from walkthrough.record.deployment import Deployment
from walkthrough.record.inspection import inspect_bytes
from walkthrough.record.run import run_binding

FRAMES = json.loads((CONTENT / "rotation" / "frames.json").read_text())


def test_all_frames_come_out_across_the_key_change(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("all")
    _, *grants = bind(client, cookie, "rotation")
    assert len({grant.content_id for grant in grants}) == len({grant.license.content.key for grant in grants}) == 2
    screening = watch(client, grants, still=True)
    assert (screening.played, screening.compared, screening.periods) == (True, True, 2)
    for kind in ("video", "audio"):
        frames = [part.result.frames for part in screening.parts if part.result.kind == kind]
        assert frames == [period[kind] for period in FRAMES["periods"]]
        assert sum(frames) == len(FRAMES[kind])
    assert screening.outcome == "all 128 video frames and 251 audio frames"
    assert screening.still is not None


@pytest.mark.parametrize("bad", [0, 1])
def test_with_one_key_wrong_exactly_its_period_fails(deployment: Deployment, cookie: str, bad: int) -> None:
    client = deployment.client("bad")
    _, *grants = bind(client, cookie, "rotation")
    right = grants[bad].license
    wrong = replace(right, content=ContentKey(bytes(16), right.content.iv))
    grants[bad] = replace(grants[bad], license=wrong)
    screening = watch(client, grants)
    assert {(part.period, part.result.verdict) for part in screening.parts} == {
        (bad + 1, Verdict.WRONG_KEY),
        (2 - bad, Verdict.PLAYED),
    }
    assert f"Period {bad + 1}: " in screening.outcome


def test_a_key_that_was_not_got_is_no_key_for_its_period_only(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("one")
    _, first, _ = bind(client, cookie, "rotation")
    screening = watch(client, [first])
    assert {(part.period, part.result.verdict) for part in screening.parts} == {
        (1, Verdict.PLAYED),
        (2, Verdict.NO_KEY),
    }


def test_swapped_keys_play_nothing(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("swapped")
    _, one, other = bind(client, cookie, "rotation")
    swapped = [replace(one, license=other.license), replace(other, license=one.license)]
    screening = watch(client, swapped)
    assert {part.result.verdict for part in screening.parts} == {Verdict.WRONG_KEY}


def test_all_keys_are_asked_for_at_the_start_in_one_playback_session(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("start")
    register(client, cookie)
    grants = play(client, cookie, "rotation")
    playbacks = [grant.contents.playback for grant in grants]
    assert len({playback.session for playback in playbacks if playback}) == 1
    assert len({grant.contents.transaction_id for grant in grants}) == 2


def test_the_recording_tells_the_rounds_apart(deployment: Deployment, cookie: str) -> None:
    run = run_binding(replace(deployment, title="rotation"), deployment.client("rounds"), cookie, teach=True)
    steps = run.recording["steps"]
    assert [step["n"] for step in steps] == [*range(1, 14), *range(6, 14)]
    assert [step.get("round", 1) for step in steps] == [1] * 13 + [2] * 8
    asked = [step["request"]["contentID"] for step in steps if step["n"] == 6]
    assert asked == [grant.content_id for place, grant in run.grants.items() if place != "step 4"]
    assert [row["registration"] for row in run.recording["log_after"]] == [True, False, False]
    assert run.recording["playback"]
    assert [track["period"] for track in run.recording["playback"]["tracks"]] == [1, 2, 1, 2]
    sources = [one.source for one in inspect_bytes(json.dumps(run.recording).encode())]
    assert sources[-2:] == ["step 11, round 2", "step 13, round 2"]
    opened = [one for one in inspect_bytes(json.dumps(run.recording).encode()) if one.source == "step 11, round 2"]
    assert any(note.field == "HU" and run.recording["device"]["device_id"] in note.value for note in opened[0].notes)


@pytest.mark.parametrize("periods", [[], [{"video": 128, "audio": 251}], [{"video": 1}, {"video": 2}], 7])
def test_frames_that_do_not_fit_the_periods_are_none(
    deployment: Deployment, cookie: str, monkeypatch: pytest.MonkeyPatch, periods: object
) -> None:
    client = deployment.client("counts")
    _, *grants = bind(client, cookie, "rotation")
    ask = client.web.ask

    def altered(party: Party, method: str, url: str, **named: Any) -> Answer:
        answer = ask(party, method, url, **named)
        body = json.dumps({**FRAMES, "periods": periods}).encode()
        return replace(answer, body=body) if url.endswith("frames.json") else answer

    monkeypatch.setattr(client.web, "ask", altered)
    screening = watch(client, grants)
    assert (screening.played, screening.compared) == (True, False)
