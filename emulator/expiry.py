"""How long a license may be used, on the device's clock: lease from the SPC's creation, rental from the download."""

from collections.abc import Sequence

from emulator.binding import Grant
from emulator.errors import EmulatorError, LeaseRanOut, RentalRanOut
from fairplay.layout import NO_LEASE, KeyType
from simulation.clock import rfc3339

LEASES = (KeyType.LEASE, KeyType.LEASE_AND_RENTAL)
RENTALS = (KeyType.RENTAL, KeyType.LEASE_AND_RENTAL, KeyType.PERSIST_RENTAL)
PERSISTENT = (KeyType.PERSIST, KeyType.PERSIST_RENTAL)


def rental_end(grant: Grant) -> float | None:
    """Return when the rental ends, in seconds on the device's clock; None where there is no rental.

    Of a key with dual expiry it is when playback must have begun; how long it goes on from then is `playback_seconds`.
    """
    duration, offline_key = grant.license.duration, grant.license.offline_key
    if offline_key:
        return grant.downloaded + offline_key.storage if offline_key.storage else None
    if duration is None or duration.rental == 0 or duration.key_type not in RENTALS:
        return None
    return grant.downloaded + duration.rental


def playback_seconds(grant: Grant) -> float | None:
    """Return how long a key with dual expiry plays once playback has begun; None where that is not limited."""
    offline_key = grant.license.offline_key
    return float(offline_key.playback) if offline_key and offline_key.playback else None


def lease_end(grant: Grant) -> float | None:
    """Return when the lease ends, in seconds on the device's clock; None where there is no lease."""
    duration, playback = grant.license.duration, grant.contents.playback
    if duration is None or playback is None or duration.lease == NO_LEASE or duration.key_type not in LEASES:
        return None
    return float(playback.created + duration.lease)


def may_persist(grant: Grant) -> bool:
    """Tell whether the device may keep the key beyond this playback."""
    duration = grant.license.duration
    return grant.license.offline_key is not None or (duration is not None and duration.key_type in PERSISTENT)


def check_limits(now: float, grants: Sequence[Grant]) -> None:
    """Raise RentalRanOut or LeaseRanOut if a rental or lease of these licenses has ended at `now`."""
    for grant in grants:
        check_end(now, rental_end(grant), RentalRanOut, "rental", "rent again: play anew, which gets a new license")
        check_end(now, lease_end(grant), LeaseRanOut, "lease", "renew the lease before it ends")


def check_end(now: float, end: float | None, error: type[EmulatorError], what: str, fix: str) -> None:
    """Raise `error` if `end` has come."""
    if end is not None and now >= end:
        raise error(
            expected=f"playback before {rfc3339(end)}, when the {what} ends",
            found=f"{rfc3339(now)} on the device's clock",
            fix=fix,
        )
