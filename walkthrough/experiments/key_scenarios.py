"""The scenarios of the demo that are about keys: several of them, for a while, for good, and in the old version.

Each returns its outcome in words; walkthrough/experiments/scenarios.py holds the table with what should come out.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.binding import Grant, bind, play, register
from emulator.downloads import keep, load
from emulator.errors import LeaseRanOut, StoredKeyExpired
from emulator.leases import play_on
from emulator.limits import lease_end
from emulator.screening import Screening, fetch_parts, show, watch
from walkthrough.record.stage import OTHER_SEED, Stage

PLAYED = "the film plays, every frame right"
ROTATION = "rotation"
"""The title with two key periods."""
LEASED = "rotation"
"""A title whose licenses are leases."""
RENEWED = f"renewed in the same session, {PLAYED}"
RENEWAL_REFUSED = "renewal refused (device differs), playback stopped at the lease's end"


def rotation(stage: Stage) -> str:
    """Play a title with two keys under both, then with the second one wrong."""
    client, cookie = stage.client("rotation"), stage.name("rotation")
    register(client, cookie)
    grants = play(client, cookie, ROTATION)
    parts = fetch_parts(client, grants[0].title)
    keys = {grant.key: grant.license.content for grant in grants}
    right = show(parts, keys)
    last = grants[-1]
    wrong = show(parts, {**keys, last.key: replace(last.license.content, key=bytes(len(last.license.content.key)))})
    return rotation_outcome(periods_played(right), periods_played(wrong))


def old_device(stage: Stage) -> str:
    """Register and play on a device that makes SPCs of version 1 (RSA-1024)."""
    client, cookie = stage.client("v1", spc_version=1), stage.name("v1")
    grants = bind(client, cookie, stage.title)
    return v1_outcome({grant.spc[3] for grant in grants}, shown(watch(client, grants[1:])))


def renewal(stage: Stage) -> str:
    """Play on for twice the length of a lease: it is renewed ahead of its end, and still plays."""
    client, cookie = stage.client("renewal"), stage.name("renewal")
    register(client, cookie)
    first = play(client, cookie, LEASED)
    lease = lease_of(first)
    last = play_on(client, cookie, first, 2 * lease)
    sessions = {grant.contents.playback.session for grant in (*first, *last) if grant.contents.playback}
    again = "in the same session" if len(sessions) == 1 else "in another session"
    return f"renewed {again}, {shown(watch(client, last))}"


def renewal_refused(stage: Stage) -> str:
    """Let another device register the cookie while this one plays: its renewals are refused, and it stops."""
    client, cookie = stage.client("takeover"), stage.name("takeover")
    register(client, cookie)
    grants = play(client, cookie, LEASED)
    end = min(end for grant in grants if (end := lease_end(grant)) is not None)
    register(stage.client("takeover", OTHER_SEED), cookie)
    try:
        play_on(client, cookie, grants, 2 * lease_of(grants))
    except LeaseRanOut as error:
        because = "device differs" if "-9003" in error.found else error.found
        when = "at the lease's end" if abs(client.device.clock.now() - end) < 1 else "at another time"
        return f"renewal refused ({because}), playback stopped {when}"
    return "renewed"


def lease_of(grants: Sequence[Grant]) -> float:
    """Return the seconds of the shortest lease among licenses, 0 if there is none."""
    durations = [grant.license.duration.lease for grant in grants if grant.license.duration and lease_end(grant)]
    return min(durations, default=0)


def persistent_key(stage: Stage) -> str:
    """Keep a title on the device, play it without any server, then try again after its key has expired."""
    client, cookie = stage.client("persistent"), stage.name("persistent")
    register(client, cookie)
    grants = play(client, cookie, stage.title)
    with TemporaryDirectory(prefix="fps-emulator-") as folder:
        state, device = Path(folder), client.device
        expires = keep(state, device.seed, grants, fetch_parts(client, grants[0].title)).expires
        kept = load(state, device.seed, None, device.clock.now())
        offline = shown(show(kept.parts, kept.keys))
        if expires is not None:
            device.clock.advance(max(0.0, expires - device.clock.now()))
        try:
            load(state, device.seed, None, device.clock.now())
        except StoredKeyExpired:
            return persistent_outcome(offline)
    return f"without any server {offline}; it never expires"


def persistent_outcome(offline: str) -> str:
    """Return the outcome of `persistent_key`."""
    return f"without any server {offline}; refused after the expiry"


def v1_outcome(versions: set[int], played: str) -> str:
    """Return the outcome of `old_device`."""
    return f"SPC version {', '.join(map(str, versions))}: {played}"


def shown(screening: Screening) -> str:
    """Return how a title played, in the words of the table."""
    return PLAYED if screening.played and screening.compared else screening.outcome


def periods_played(screening: Screening) -> list[int]:
    """Return the periods of which every frame, picture and sound, was that of the clear source."""
    failed = {part.period for part in screening.parts if not part.played or part.result.expected is None}
    return sorted({part.period for part in screening.parts} - failed)


def rotation_outcome(right: list[int], wrong: list[int]) -> str:
    """Return the outcome of `rotation`."""
    return f"periods {right} play; with the second key wrong, {wrong}"
