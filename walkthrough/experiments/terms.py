"""Experiments on the terms of a license: rental, lease and its renewal, and a key that is kept on the device."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.binding import Grant, play, register
from emulator.errors import LeaseRanOut
from emulator.frames import fetch_frames
from emulator.kept_titles import keep, load, play_kept, renew
from emulator.leases import play_on
from emulator.limits import check_limits, lease_end, rental_end
from emulator.screening import fetcher, watch
from walkthrough.experiments.acting import PLAYED, shown, two_devices, watched
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
from walkthrough.record.stage import Stage

LEASED = "rotation"
"""A title whose licenses are leases."""
RENEWED = "renewed in the same session"
STOPPED = "renewal refused (device differs), playback stopped at the lease's end"


def rental(stage: Stage) -> Tries:
    """Get a rental license, which is good; move the device's clock past the rental, and play."""
    a, _, cookie = two_devices(stage, "rental")
    register(a, cookie)
    grants = play(a, cookie, stage.title)
    end = rental_end(grants[0])
    check_limits(a.device.clock.now(), grants)
    yield Try("device A gets a license for the film", ISSUED if end else "the license has no rental duration")
    a.device.clock.advance(max(0.0, (end or 0) - a.device.clock.now()))
    yield attempt("after the rental's end, device A plays under that license", lambda: watch(a, grants))


def renewal(stage: Stage) -> Tries:
    """Play on for twice the length of a lease: it is renewed ahead of its end, and still plays."""
    a, _, cookie = two_devices(stage, "renewal")
    register(a, cookie)
    first = play(a, cookie, LEASED)
    last = play_on(a, cookie, first, 2 * lease_of(first))
    sessions = {grant.contents.playback.session for grant in (*first, *last) if grant.contents.playback}
    again = RENEWED if len(sessions) == 1 else "renewed in another session"
    yield Try("device A plays on for two leases", again)
    yield Try("the film under the renewed license", watched(a, last))


def renewal_refused(stage: Stage) -> Tries:
    """Let another device register the cookie while this one plays: its renewals are refused, and it stops."""
    a, b, cookie = two_devices(stage, "takeover")
    register(a, cookie)
    grants = play(a, cookie, LEASED)
    yield Try("device A plays a film with a lease", ISSUED)
    end = min(end for grant in grants if (end := lease_end(grant)) is not None)
    yield attempt("device B registers with the same cookie", lambda: register(b, cookie))
    try:
        play_on(a, cookie, grants, 2 * lease_of(grants))
    except LeaseRanOut as error:
        because = "device differs" if "-9003" in error.found else error.found
        when = "at the lease's end" if abs(a.device.clock.now() - end) < 1 else "at another time"
        outcome = f"renewal refused ({because}), playback stopped {when}"
    else:
        outcome = "renewed"
    yield Try("device A plays on", outcome)


def lease_of(grants: Sequence[Grant]) -> float:
    """Return the seconds of the shortest lease among licenses, 0 if there is none."""
    durations = [grant.license.duration.lease for grant in grants if grant.license.duration and lease_end(grant)]
    return min(durations, default=0)


def persistent_key(stage: Stage) -> Tries:
    """Keep a title on the device, play it without any server, let its key expire, and renew it, bound and unbound."""
    a, b, cookie = two_devices(stage, "persistent")
    register(a, cookie)
    grants = play(a, cookie, stage.title)
    with TemporaryDirectory(prefix="fps-emulator-") as folder:
        state, device, title = Path(folder), a.device, grants[0].title
        frames = fetch_frames(a.web, title, step=13)
        expires = keep(state, device.seed, grants, fetcher(a, title), frames).expires
        kept = load(state, device.seed, None, device.clock.now())
        yield Try("device A plays the kept film without any server", shown(play_kept(kept)))
        device.clock.advance(max(0.0, (expires or 0) - device.clock.now()))
        yield attempt(
            "device A plays it after the key's expiry", lambda: load(state, device.seed, None, device.clock.now())
        )
        yield attempt("device A renews the kept license", lambda: renew(a, cookie, state, None))
        yield attempt("device A plays it again", lambda: load(state, device.seed, None, device.clock.now()))
        yield attempt("device B registers with the same cookie", lambda: register(b, cookie))
        yield attempt("device A renews once more", lambda: renew(a, cookie, state, None))


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
        "emulator/limits.py: check_limits",
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
        (PLAYED, KEY_EXPIRED, ISSUED, ISSUED, ISSUED, OTHER_DEVICE),
        decisive=1,
    ),
)
