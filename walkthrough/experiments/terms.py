"""Experiments on the terms of a license: rental, lease and its renewal, and a key kept on the device, dual expiry."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.binding import Client, Grant
from emulator.errors import LeaseRanOut, StoredKeyExpired
from emulator.expiry import check_limits, lease_end, rental_end
from emulator.frames import fetch_frames
from emulator.kept_titles import begin, keep, load, play_kept, renew
from emulator.leases import play_on
from emulator.screening import fetcher, watch
from fairplay.layout import Capability
from walkthrough.experiments.actions import BEGINNING, PLAYED, ROTATION, holder, shown, two_holders, watched
from walkthrough.experiments.experiment import (
    ISSUED,
    KEY_EXPIRED,
    OTHER_DEVICE,
    RENTAL_OVER,
    Experiment,
    Tries,
    Try,
    attempt,
)
from walkthrough.record.deployment import Deployment

DUAL = "key-per-track"
"""A title of dual expiry: 30 days to begin, 48 hours once begun."""
HOUR, DAY = 3600, 86_400
RENEWED = "renewed in the same session"
STOPPED = "renewal refused (device differs), playback stopped at the lease's end"


def rental(deployment: Deployment) -> Tries:
    """Get a rental license, which is good; move the device's clock past the rental, and play."""
    a = holder(deployment, "rental")
    a.register()
    grants, clock = a.play(), a.client.device.clock
    end = rental_end(grants[0])
    check_limits(clock.now(), grants)
    yield Try("device A gets a license for the film", ISSUED if end else "the license has no rental duration")
    clock.advance(max(0.0, (end or 0) - clock.now()))
    yield attempt("after the rental's end, device A plays under that license", lambda: watch(a.client, grants))


def renewal(deployment: Deployment) -> Tries:
    """Play on for twice the length of a lease: it is renewed ahead of its end, and still plays."""
    a = holder(deployment, "renewal")
    a.register()
    first = a.play(ROTATION)
    last = play_on(a.client, a.cookie, first, 2 * lease_of(first))
    again = RENEWED if len({grant.session for grant in (*first, *last)}) == 1 else "renewed in another session"
    yield Try("device A plays on for two leases", again)
    yield Try("the film under the renewed license", watched(a.client, last))


def renewal_refused(deployment: Deployment) -> Tries:
    """Let another device register the cookie while this one plays: its renewals are refused, and it stops."""
    a, b = two_holders(deployment, "takeover")
    a.register()
    grants = a.play(ROTATION)
    yield Try("device A plays a film with a lease", ISSUED)
    end = min(end for grant in grants if (end := lease_end(grant)) is not None)
    yield b.registers("registers with the same cookie")
    try:
        play_on(a.client, a.cookie, grants, 2 * lease_of(grants))
    except LeaseRanOut as error:
        because = "device differs" if "-9003" in error.found else error.found
        when = "at the lease's end" if abs(a.client.device.clock.now() - end) < 1 else "at another time"
        outcome = f"renewal refused ({because}), playback stopped {when}"
    else:
        outcome = "renewed"
    yield Try("device A plays on", outcome)


def lease_of(grants: Sequence[Grant]) -> float:
    """Return the seconds of the shortest lease among licenses, 0 if there is none."""
    durations = [grant.license.duration.lease for grant in grants if grant.license.duration and lease_end(grant)]
    return min(durations, default=0)


def persistent_key(deployment: Deployment) -> Tries:
    """Keep a title on the device, play it without any server, let its key expire, and renew it, bound and unbound."""
    a, b = two_holders(deployment, "persistent")
    a.register()
    grants, clock = a.play(), a.client.device.clock
    with TemporaryDirectory(prefix="fps-emulator-") as folder:
        state = Path(folder)
        expires = keep_title(a.client, grants, state)
        yield Try("device A plays the kept film without any server", play_offline(a.client, state))
        clock.advance(max(0.0, expires - clock.now()))
        yield Try("device A plays it after the key's expiry", play_offline(a.client, state))
        yield attempt("device A renews the kept license", lambda: renew(a.client, a.cookie, state, None))
        yield Try("device A plays it again", play_offline(a.client, state))
        yield b.registers("registers with the same cookie")
        yield attempt("device A renews once more", lambda: renew(a.client, a.cookie, state, None))


def dual_expiry(deployment: Deployment) -> Tries:
    """Begin a kept title an hour before its time to begin is over, and play on; renew it, and do not begin in time."""
    a = holder(deployment, "dual", capabilities=Capability.HDCP_TYPE_1 | Capability.OFFLINE_KEY_V2)
    a.register()
    grants, clock = a.play(DUAL), a.client.device.clock
    with TemporaryDirectory(prefix="fps-emulator-") as folder:
        state = Path(folder)
        keep_title(a.client, grants, state)
        clock.advance(30 * DAY - HOUR)
        yield Try("29 days and 23 hours later, device A plays it for the first time", play_offline(a.client, state))
        clock.advance(47 * HOUR)
        yield Try("47 hours later, device A plays it again", play_offline(a.client, state))
        clock.advance(HOUR)
        yield Try("one hour later, device A plays it again", play_offline(a.client, state))
        yield attempt("device A renews the kept license", lambda: renew(a.client, a.cookie, state, None))
        clock.advance(30 * DAY)
        yield Try("30 days later, device A plays it for the first time", play_offline(a.client, state))


def keep_title(client: Client, grants: Sequence[Grant], state: Path) -> float:
    """Keep a title on a client's device, and return until when playback may begin, 0 if the license has no end."""
    title = grants[0].title
    frames = fetch_frames(client.web, title)
    return keep(state, client.device.seed, grants, fetcher(client, title), frames).expires or 0.0


def play_offline(client: Client, state: Path) -> str:
    """Play the beginning of the title kept on a client's device; return how it played, or that its key has expired."""
    device = client.device
    now = device.clock.now()
    try:
        kept = begin(load(state, device.seed, None, now), device.seed, now)
    except StoredKeyExpired:
        return KEY_EXPIRED
    return shown(play_kept(kept, seconds=BEGINNING))


EXPERIMENTS = (
    Experiment(
        "rental",
        "Rental run out",
        "Device A has a license with a rental duration. The time passes, and nobody asks a server. Who stops playback?",
        (
            "Nobody: the content key is on the device",
            "ExpressPlay: the token has expired",
            "The device, by its own clock",
        ),
        2,
        "The rental duration is in the CKC, and the device counts it from the download. No server is asked at "
        "playback, so none could refuse. What stops a device from ignoring it is the device's own protection, not "
        "this protocol.",
        "emulator/expiry.py: check_limits",
        rental,
        (ISSUED, RENTAL_OVER),
    ),
    Experiment(
        "renewal",
        "Renewal of a lease",
        "A license is a lease, and the film is longer. What does the device do before the lease ends?",
        (
            "It asks SEES and ExpressPlay for a new license, with a fresh SPC",
            "It sends ExpressPlay the old SPC once more",
            "Nothing: a lease that has begun is good to the end of the film",
        ),
        0,
        "A renewal is steps 6 to 13 once more, with a fresh SPC that says that the film is playing. So every renewal "
        "asks SEES anew, looks the device up anew, and compares anew. The SPC names the same playback session.",
        "emulator/leases.py: play_on",
        renewal,
        (RENEWED, PLAYED),
        decisive=0,
    ),
    Experiment(
        "renewal-refused",
        "Renewal after a take-over",
        "Device A plays under a lease. Meanwhile device B registers with the same cookie. When does A stop?",
        ("At once", "When its lease ends", "When the film ends"),
        1,
        "Nobody can take back a license that was issued. But a renewal is compared like every play, and the token now "
        "names device B. So a lease bounds how long a device plays on that is no longer bound.",
        "emulator/leases.py: play_on",
        renewal_refused,
        (ISSUED, ISSUED, STOPPED),
    ),
    Experiment(
        "persistent-key",
        "A key kept on the device",
        "A license allows the device to keep its key. The device goes offline. For how long can it play?",
        ("It cannot: without SEES there is no comparison", "Until the key's expiry", "For ever"),
        1,
        "The comparison was made when the license was issued, and the kept key opens on that device alone. What "
        "remains is the expiry in the CKC, by the device's clock: a take-over by another device shows only at renewal.",
        "emulator/kept_titles.py: load",
        persistent_key,
        (PLAYED, KEY_EXPIRED, ISSUED, PLAYED, ISSUED, OTHER_DEVICE),
        decisive=1,
    ),
    Experiment(
        "dual-expiry",
        "Dual expiry",
        "A kept title has 30 days to begin, and 48 hours once begun. Device A begins it an hour before the 30 days "
        "end. For how long does it play?",
        (
            "For that hour: then the 30 days are over",
            "For 48 hours from when it began",
            "For 30 days from when it began",
        ),
        1,
        "The CKC has both durations in its offline-key block. The first counts from the download and only says when "
        "playback must have begun; the second counts from there. The device counts both by its own clock and keeps "
        "the time of the first playback sealed beside the key. A renewal starts both anew.",
        "emulator/kept_titles.py: end",
        dual_expiry,
        (PLAYED, PLAYED, KEY_EXPIRED, ISSUED, KEY_EXPIRED),
        decisive=1,
    ),
)
