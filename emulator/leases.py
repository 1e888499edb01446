"""Playing on under a lease: each renewed ahead of its end, on the device's clock; a stop where no renewal comes.

A renewal is steps 6 to 13 again, in the same playback session. The SPC's playback state says how urgent it is: first
*playing* (a new lease would be good), later *lease about to end* (without one playback stops). When the player asks is
this simulation's own choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush

from emulator.binding import Client, Grant, get_license
from emulator.errors import EmulatorError, LeaseRanOut
from emulator.expiry import lease_end
from fairplay.errors import FairPlayError
from fairplay.layout import PlaybackState
from simulation.clock import rfc3339

ATTEMPTS = ((0.5, PlaybackState.PLAYING), (0.9, PlaybackState.LEASE_ENDING))
"""When a renewal is asked for, as a share of the lease, and in which state."""
NOT_ASKED = ValueError("this client does not renew")


def play_on(
    client: Client,
    cookie: str,
    grants: Sequence[Grant],
    seconds: float,
    *,
    renews: bool = True,
    tell: Callable[[float, float | None], None] | None = None,
) -> tuple[Grant, ...]:
    """Let the device's clock run on for `seconds`, renewing the leases; return the licenses held then.

    The clock goes from event to event; `tell` hears of each how many seconds have passed, and of how many. A client
    that does not renew (`renews` False) asks for nothing. Raises `LeaseRanOut` at the end of a lease that was not
    renewed; the clock then stands there.
    """
    begun = client.device.clock.now()
    until = begun + seconds
    held = list(grants)
    reasons: dict[int, Exception] = {}
    first = 0 if renews else len(ATTEMPTS)
    queue = [
        (moment, number, first) for number, grant in enumerate(held) if (moment := _moment(grant, first)) is not None
    ]
    heapify(queue)
    while queue and queue[0][0] <= until:
        moment, number, attempt = heappop(queue)
        _advance_to(client, moment)
        if tell:
            tell(moment - begun, seconds)
        if attempt == len(ATTEMPTS):
            raise _ran_out(held[number], reasons.get(number, NOT_ASKED))
        try:
            held[number], attempt = renew(client, cookie, held[number], ATTEMPTS[attempt][1]), 0
        except (EmulatorError, FairPlayError) as error:
            reasons[number], attempt = error, attempt + 1
        following = _moment(held[number], attempt)
        if following is not None:
            heappush(queue, (following, number, attempt))
    _advance_to(client, until)
    return tuple(held)


def renew(client: Client, cookie: str, grant: Grant, state: PlaybackState) -> Grant:
    """Get a new license in place of `grant`, in the same playback session. The rental counts on from the first."""
    session = grant.session or client.device.random(8)
    renewed = get_license(client, grant.title, grant.key, cookie, session=session, state=state)
    return replace(renewed, downloaded=grant.downloaded)


def _moment(grant: Grant, attempt: int) -> float | None:
    """Return when to ask for the renewal of a lease, or, with all attempts used up, when it ends."""
    end, playback = lease_end(grant), grant.contents.playback
    if end is None or playback is None:
        return None
    return playback.created + (end - playback.created) * ATTEMPTS[attempt][0] if attempt < len(ATTEMPTS) else end


def _advance_to(client: Client, moment: float) -> None:
    client.device.clock.advance(max(0.0, moment - client.device.clock.now()))


def _ran_out(grant: Grant, reason: Exception) -> LeaseRanOut:
    end = lease_end(grant) or 0.0
    return LeaseRanOut(
        expected=f"a renewal before {rfc3339(end)}, when the lease ends",
        found=f"none, but: {str(reason).rstrip('.')}",
        fix="play anew once that is mended",
    )
