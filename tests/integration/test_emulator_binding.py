"""The whole sequence over real HTTP, with the real SEES and mock: the binding, its recording, its scenarios."""

import json
from dataclasses import replace

import pytest
from real_services import AUTHENTICATOR

from emulator.binding import bind, play, register
from emulator.device import make_spc
from emulator.errors import EntitlementDenied, LicenseRefused, RentalRanOut
from emulator.expiry import check_limits, rental_end
from emulator.screening import watch
from emulator.verdict import Verdict
from fairplay.ckc import ContentKey, License, open_ckc
from fairplay.errors import CkcError
from server.catalog import CONTENT, load_catalog
from walkthrough.record.deployment import Deployment
from walkthrough.record.run import run_binding


def test_a_bound_film_plays_to_the_last_frame_and_gives_a_still(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("play")
    _, grant = bind(client, cookie)
    screening = watch(client, [grant], still=True)
    assert screening.played
    assert [(track.kind, track.verdict) for track in screening.tracks] == [
        ("video", Verdict.PLAYED),
        ("audio", Verdict.PLAYED),
    ]
    assert screening.still is not None
    assert screening.still.startswith(b"\x89PNG")


def test_a_wrong_key_is_an_outcome_for_video_and_audio(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("wrong")
    _, grant = bind(client, cookie)
    wrong = License(ContentKey(bytes(16), grant.license.content.iv), None)
    screening = watch(client, [replace(grant, license=wrong)], still=True)
    assert [track.verdict for track in screening.tracks] == [Verdict.WRONG_KEY, Verdict.WRONG_KEY]
    assert (screening.played, screening.still) == (False, None)
    assert "video" in screening.outcome
    assert "audio" in screening.outcome


def test_the_rental_ends_on_the_devices_clock_counted_from_the_download(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("rental")
    client.device.clock.advance(1_000_000)
    _, grant = bind(client, cookie)
    end = rental_end(grant)
    assert end is not None
    assert end - grant.downloaded == load_catalog(CONTENT / "catalog.toml").titles["film"].terms.rental_duration
    client.device.clock.advance(end - client.device.clock.now() - 60)
    check_limits(client.device.clock.now(), [grant])
    client.device.clock.advance(60)
    with pytest.raises(RentalRanOut, match="-9108"):
        watch(client, [grant])


def test_the_dummy_has_no_rental(deployment: Deployment, cookie: str) -> None:
    assert rental_end(register(deployment.client("dummy"), cookie)) is None


def test_a_ckc_opens_with_its_own_spc_only(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("own")
    grant = register(client, cookie)
    _, other = make_spc(client.device, grant.content_id)
    with pytest.raises(CkcError):
        open_ckc(grant.ckc, other)


def test_the_newest_registration_counts(deployment: Deployment, cookie: str) -> None:
    one, other = deployment.client("one", "A"), deployment.client("two", "B")
    register(one, cookie)
    register(other, cookie)
    play(other, cookie)
    with pytest.raises(LicenseRefused) as caught:
        play(one, cookie)
    assert caught.value.number == -9003


def test_refusals_carry_step_and_number(deployment: Deployment, cookie: str) -> None:
    with pytest.raises(EntitlementDenied) as denied:
        play(deployment.client("early"), cookie)
    assert (denied.value.step, denied.value.number) == (6, 6)


def test_the_recording_of_a_bound_play(deployment: Deployment, cookie: str) -> None:
    client = deployment.client("recorded")
    run = run_binding(deployment, client, cookie)
    recording = run.recording
    assert run.error is None
    assert recording["prelude"]
    assert recording["prelude"]["n"] == 0
    assert [step["n"] for step in recording["steps"]] == list(range(1, 14))
    for step in recording["steps"]:
        assert {"from", "to", "summary", "knows"} <= step.keys()
        if step["n"] in (5, 8, 12):
            assert step["party"] in ("log", "expressplay")
        else:
            assert {"method", "url", "status"} <= step.keys()
            assert "?" not in step["url"]
        assert "?" not in step["summary"]
    before, after = recording["log_before"], recording["log_after"]
    assert (before, [row["registration"] for row in after]) == ([], [True, False])
    assert {row["device_id"] for row in after} == {client.device.device_id}
    assert recording["playback"]
    assert recording["playback"]["played"] is True
    assert recording["device"] == {"seed": "device A", "device_id": client.device.device_id}


def test_the_log_before_holds_what_earlier_runs_wrote(deployment: Deployment, cookie: str) -> None:
    register(deployment.client("first"), cookie)
    recording = run_binding(deployment, deployment.client("second"), cookie, registers=False).recording
    assert [row["registration"] for row in recording["log_before"]] == [True]
    assert len(recording["log_after"]) == 2
    assert [step["n"] for step in recording["steps"]] == list(range(6, 14))


def test_a_refused_run_is_recorded_as_far_as_it_came(deployment: Deployment, cookie: str) -> None:
    run = run_binding(deployment, deployment.client("refused"), cookie, registers=False)
    assert isinstance(run.error, EntitlementDenied)
    assert [step["n"] for step in run.recording["steps"]] == [6, 7, 8, 10]
    assert run.recording["steps"][-1]["summary"] == "denied: 6 device not registered"


@pytest.mark.parametrize("teach", [False, True])
def test_secrets_are_in_the_recording_only_where_teaching_puts_them(
    deployment: Deployment, cookie: str, teach: bool
) -> None:
    client = deployment.client(f"secret-{teach}")
    run = run_binding(deployment, client, cookie, teach=teach)
    section = run.recording.pop("device_keys", None)
    text = json.dumps(run.recording).lower()
    for key in (key for title in load_catalog(CONTENT / "catalog.toml").titles.values() for key in title.keys):
        assert key.cek not in text
    assert AUTHENTICATOR not in text
    assert client.device.provisioning.ask.hex() not in text
    assert (section is not None) == teach
    for step, grant in run.grants.items():
        assert grant.contents.block.sk.hex() not in text
        assert grant.contents.spc_key.hex() not in text
        if section is not None:
            assert section[step]["sk"] == grant.contents.block.sk.hex()
            assert section[step].keys() >= {"spc_key", "dask", "mac_key", "r1", "ckc_key"}
    assert grant.license.content.key.hex() not in repr(run) + repr(grant)
