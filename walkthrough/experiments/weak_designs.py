"""Designs that are weaker than the real ones, to compare with in the lab. No service here uses them, or ever may.

They are pure, or ask the real services for less than the real client does. Each says what it gets wrong.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.binding import Client, entitle
from emulator.license_client import Entitlement, RequestType

Row = Mapping[str, Any]
WINDOW = 32
"""Rows that ExpressPlay's record lookup answers with."""


def forgetful_sees(client: Client, content_id: str, cookie: str) -> Entitlement:
    """WEAK: a SEES that looks the device up and then forgets to put it into the token.

    What comes of it is a token that names no device. The real SEES makes such a token for a time-based entitlement,
    so this asks for one.
    """
    return entitle(client, RequestType.TIME_BASED, content_id, cookie, step=6)


def device_in_a_window_of_every_event(rows: Sequence[Row]) -> str | None:
    """WEAK: look for the registration among the newest 32 rows of a cookie, refused ones too.

    Refusals cost an attacker nothing, and push the registration out of the window.
    """
    window = sorted(rows, key=lambda row: int(row["event_id"]), reverse=True)[:WINDOW]
    found = [row["device_id"] for row in window if row["registration"] and row["result"] == 0]
    return str(found[0]) if found else None
