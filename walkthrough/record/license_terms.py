"""Lease and rental of a recorded run against those of the licenses that a client got, which need no journal."""

import base64
from collections.abc import Mapping
from typing import Any

from emulator.binding import Grant
from emulator.expiry import LEASES, RENTALS
from fairplay.layout import NO_LEASE
from simulation.steps import Step
from walkthrough.record.comparison import Difference
from walkthrough.record.recorded import Recording, place_of

LEASE = "leas"


def differing_terms(recording: Recording, grants: Mapping[str, Grant]) -> Difference | None:
    """Return the first license, by its place in `grants`, whose lease or rental is another than was asked for."""
    for step in recording["steps"]:
        grant = grants.get(place_of(Step.SEND_SPC_TO_PLAY, step.get("round", 1)))
        if step["n"] != Step.ORDER_DEVICE_TOKEN or grant is None or not isinstance(step.get("request"), Mapping):
            continue
        for name, asked, got in zip(("lease", "rental"), _asked(step["request"]), _got(grant), strict=True):
            if asked != got:
                return Difference(
                    place_of(Step.ANSWER_WITH_CKC, step.get("round", 1)), name, _seconds(asked), _seconds(got)
                )
    return None


def _asked(request: Mapping[str, Any]) -> tuple[int, int]:
    """Return the seconds of lease and rental that a token request asks for: 0 for none, and where one is no number."""
    given = request.get("fpExtension")
    extensions = [str(extension).partition(",") for extension in (given if isinstance(given, list) else [given])]
    lease = next((payload for name, _, payload in extensions if name == LEASE), "")
    rental = str(request.get("rentalDuration", 0))
    try:
        return int.from_bytes(base64.b64decode(lease, validate=True)), int(rental)
    except ValueError:
        return 0, 0


def _got(grant: Grant) -> tuple[int, int]:
    duration = grant.license.duration
    if duration is None:
        return 0, 0
    leased = duration.key_type in LEASES and duration.lease != NO_LEASE
    return duration.lease if leased else 0, duration.rental if duration.key_type in RENTALS else 0


def _seconds(number: int) -> str:
    return f"{number} s" if number else "none"
