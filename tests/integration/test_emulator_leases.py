"""Leases on the device's clock: renewed in time, in the right playback state, and ended where nobody renews them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from emulator import leases
from emulator.binding import Client, Grant, bind, play, register
from emulator.errors import LeaseRanOut, NoAnswer
from emulator.expiry import check_limits, lease_end, rental_end
from emulator.leases import play_on, renew
from emulator.screening import watch
from fairplay.ckc import Duration
from fairplay.layout import KeyType, PlaybackState
from walkthrough.record.deployment import Deployment
from walkthrough.record.run import run_binding

LEASE = 120
"""Seconds: the lease of the title `rotation`."""


@pytest.fixture
def client(deployment: Deployment, request: pytest.FixtureRequest) -> Client:
    return deployment.client(request.node.name[5:28])


def states(grants: Sequence[Grant]) -> list[PlaybackState]:
    return [grant.contents.playback.state for grant in grants if grant.contents.playback]


def lasting(grant: Grant, **limits: int) -> Grant:
    """The same license with other limits."""
    kind = KeyType.LEASE_AND_RENTAL if limits.keys() == {"lease", "rental"} else KeyType.LEASE
    return replace(grant, license=replace(grant.license, duration=Duration(kind, **limits)))


def test_a_lease_counts_from_the_creation_of_the_spc(client: Client, cookie: str) -> None:
    client.device.clock.advance(1_000_000)
    _, *grants = bind(client, cookie, "rotation")
    for grant in grants:
        assert grant.contents.playback
        assert lease_end(grant) == grant.contents.playback.created + LEASE
        assert rental_end(grant) is None
    assert states(grants) == [PlaybackState.READY] * 2
    end = min(end for grant in grants if (end := lease_end(grant)))
    check_limits(end - 0.001, grants)
    with pytest.raises(LeaseRanOut, match="-9111"):
        check_limits(end, grants)


def test_what_has_no_lease_just_plays_on(client: Client, cookie: str) -> None:
    register(client, cookie)
    grants = play(client, cookie)
    asked = len(client.journal.entries())
    assert play_on(client, cookie, grants, 1000) == grants
    assert len(client.journal.entries()) == asked


def test_each_lease_is_renewed_ahead_of_its_end_in_the_same_session(client: Client, cookie: str) -> None:
    register(client, cookie)
    first = play(client, cookie, "rotation")
    start = client.device.clock.now()
    last = play_on(client, cookie, first, 10 * LEASE)
    assert client.device.clock.now() - start >= 10 * LEASE
    assert states(last) == [PlaybackState.PLAYING] * 2
    sessions = {grant.contents.playback.session for grant in (*first, *last) if grant.contents.playback}
    assert len(sessions) == 1
    assert [grant.key for grant in last] == [grant.key for grant in first]
    assert all((lease_end(grant) or 0) > client.device.clock.now() for grant in last)
    assert watch(client, last).played
    with pytest.raises(LeaseRanOut):
        watch(client, first)


def test_not_before_half_of_it_has_passed(client: Client, cookie: str) -> None:
    register(client, cookie)
    grants = play(client, cookie, "rotation")
    assert play_on(client, cookie, grants, LEASE / 2 - 5) == grants
    assert play_on(client, cookie, grants, 10) != grants


def test_where_the_first_request_fails_a_second_says_that_the_lease_is_about_to_end(
    client: Client, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, cookie)
    grants = play(client, cookie, "rotation")[:1]
    assert grants[0].contents.playback
    start = grants[0].contents.playback.created
    asked: list[PlaybackState] = []
    shares: list[float] = []

    def fail_once(client: Client, cookie: str, grant: Grant, state: PlaybackState) -> Grant:
        asked.append(state)
        shares.append((client.device.clock.now() - start) / LEASE)
        if len(asked) == 1:
            raise NoAnswer(expected="SEES", found="nothing", fix="wait", step=6)
        return renew(client, cookie, grant, state)

    monkeypatch.setattr(leases, "renew", fail_once)
    assert states(play_on(client, cookie, grants, LEASE)) == [PlaybackState.LEASE_ENDING]
    assert asked == [PlaybackState.PLAYING, PlaybackState.LEASE_ENDING]
    assert shares == pytest.approx([0.5, 0.9], abs=0.02)


def test_a_refused_renewal_stops_playback_at_the_leases_end(
    deployment: Deployment, client: Client, cookie: str
) -> None:
    register(client, cookie)
    grants = play(client, cookie, "rotation")
    end = min(end for grant in grants if (end := lease_end(grant)))
    register(deployment.client("another", "device B"), cookie)
    with pytest.raises(LeaseRanOut, match="-9003") as caught:
        play_on(client, cookie, grants, 10 * LEASE)
    assert 0 <= client.device.clock.now() - end < 1
    assert "renewal before" in caught.value.expected
    with pytest.raises(LeaseRanOut):
        watch(client, grants)


def test_playback_that_ends_before_the_lease_needs_no_renewal_that_is_refused(
    deployment: Deployment, client: Client, cookie: str
) -> None:
    register(client, cookie)
    grants = play(client, cookie, "rotation")
    register(deployment.client("another", "device C"), cookie)
    held = play_on(client, cookie, grants, LEASE - 5)
    assert held == grants
    assert watch(client, held).played


def test_a_rental_counts_on_from_the_first_download(client: Client, cookie: str) -> None:
    register(client, cookie)
    first = lasting(play(client, cookie, "rotation")[0], lease=LEASE, rental=1000)
    client.device.clock.advance(60)
    renewed = lasting(renew(client, cookie, first, PlaybackState.PLAYING), lease=LEASE, rental=1000)
    assert rental_end(renewed) == rental_end(first)
    assert (lease_end(renewed) or 0) - (lease_end(first) or 0) >= 60


def test_renewals_are_rounds_of_the_recording(deployment: Deployment, client: Client, cookie: str) -> None:
    run = run_binding(replace(deployment, title="rotation"), client, cookie, watch_for=LEASE * 0.75)
    assert run.error is None
    assert run.screening
    assert run.screening.played
    rounds = [step["round"] for step in run.recording["steps"] if step["n"] == 13 and "round" in step]
    assert rounds == [2, 3, 4]
    assert run.recording["client"]["watch_for"] == LEASE * 0.75
