"""The decision: may this client have an entitlement, and on which conditions? Pure; the numbers are the flow's steps.

Three kinds of request lead to three kinds of token. All are bound in time.

* type 1, *time-based*: neither cookie nor device, so its redemption registers nobody;
* type 2, *device registration*: for the dummy title, with the customer cookie; its redemption writes down which
  device the viewer with this cookie has;
* type 3, *device-bound*: for every other title, with the device written down for the customer cookie, and with the
  play cookie instead of it.
"""

import base64
import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from server.api import EntitlementRequest
from server.catalog import MAX_CONTENT_ID, NO_LIMITS, Catalog, Key, Terms, Title
from server.errors import DeniedError, ErrorNumber
from simulation.steps import Step

MAX_COOKIE_LENGTH = 32
"""Characters (Unicode code points) of a customer cookie."""
REGISTRATION_LIFETIME = 60
"""Seconds that a registration token lives, unless told otherwise: as long as it lives, each redemption registers."""


class RequestType(IntEnum):
    """Value of `requestType`."""

    TIME_BASED = 1
    REGISTRATION = 2
    DEVICE_BOUND = 3


@dataclass(frozen=True)
class Record:
    """One row of ExpressPlay's transaction log, as far as SEES looks at it."""

    event_id: int
    device_id: str | None
    registration: bool
    result: int
    """0 where a license was issued, else the number of the refusal."""


@dataclass(frozen=True)
class TokenOrder:
    """The token to ask ExpressPlay for. `lifetime` is in seconds."""

    step: int
    key: Key
    cookie: str | None
    device_id: str | None
    lifetime: int
    why: str
    event_id: int | None = None
    """Of the row that binds the device."""
    terms: Terms = NO_LIMITS


LookUp = Callable[[str], Sequence[Record]]
"""Asks ExpressPlay for the records of a cookie, newest first."""


def play_cookie(cookie: str) -> str:
    """Return the cookie for the bound plays of a customer cookie: `play-` and 27 characters, always the same ones.

    They are the first 20 bytes of SHA-256 over `play cookie:` and the customer cookie in UTF-8, in base64url: one
    way, and within the 32 characters that ExpressPlay takes. The redemption of a bound token is logged under this
    cookie, so that a look-up by the customer cookie shows registrations only, and no play can push one out of it.
    """
    digest = hashlib.sha256(b"play cookie:" + cookie.encode()).digest()
    return "play-" + base64.urlsafe_b64encode(digest[:20]).decode("ascii").rstrip("=")


def decide(
    request: EntitlementRequest,
    catalog: Catalog,
    look_up: LookUp,
    registration_lifetime: int = REGISTRATION_LIFETIME,
) -> TokenOrder:
    """Decide on `request`. Raises `DeniedError` with one of the numbers 2 to 7.

    `look_up` is called for device-bound requests only, once everything else is in order.
    """
    if request.version < 1:
        raise DeniedError(
            ErrorNumber.UNSUPPORTED_VERSION, f"unsupported version: expected 1 or more, found {request.version}"
        )
    if request.request_type not in tuple(RequestType):
        raise DeniedError(
            ErrorNumber.UNKNOWN_REQUEST_TYPE,
            "unknown request type: expected 1 (time-based), 2 (device registration) or 3 (device-bound), "
            f"found {request.request_type}",
        )
    found = catalog.find(request.content_id)
    if found is None:
        raise DeniedError(
            ErrorNumber.UNKNOWN_CONTENT,
            f"unknown content: expected the content id of a title, found {_shown(request.content_id)}. "
            "Fix: take it from the skd: URI of the playlist's EXT-X-KEY.",
        )
    title, key = found

    if request.request_type == RequestType.TIME_BASED:
        _check_cookie(request.cookie, needed=False)
        _check_viewer(title, request.cookie)
        _check_not_dummy(title)
        return _order_to_watch(title, key, None, None, "time-based: no device is asked")

    # Steps 1 and 6: the same cookie in both requests is what joins them.
    cookie = _check_cookie(request.cookie, needed=True)
    _check_viewer(title, cookie)

    if request.request_type == RequestType.REGISTRATION:
        if not title.dummy:
            raise DeniedError(
                ErrorNumber.NOT_ENTITLED,
                "not entitled: expected the dummy title for device registration (type 2), found other content. "
                "Fix: register with the dummy's content id, then ask for this one with type 3.",
            )
        # Step 2, answered in step 3: cookie-bound, so that steps 4 and 5 write the device down.
        why = "registration: the SPC will name the device"
        lifetime = min(title.token_lifetime, registration_lifetime)
        return TokenOrder(Step.ORDER_COOKIE_TOKEN, key, cookie, None, lifetime, why)

    _check_not_dummy(title)
    # Steps 7 and 8: which device has the viewer with this cookie?
    device_id, event_id = bound_device(look_up(cookie))
    why = f"device-bound: newest registration is event {event_id}"
    # Step 9, answered in step 10: in steps 11 to 13 ExpressPlay compares this device with the SPC's.
    return _order_to_watch(title, key, play_cookie(cookie), device_id, why, event_id)


def _shown(content_id: str) -> str:
    size = len(content_id.encode())
    return repr(content_id) if size <= MAX_CONTENT_ID else f"one of {size} bytes, where {MAX_CONTENT_ID} are the most"


def _order_to_watch(
    title: Title, key: Key, cookie: str | None, device_id: str | None, why: str, event_id: int | None = None
) -> TokenOrder:
    lifetime, terms = title.token_lifetime, title.terms
    return TokenOrder(Step.ORDER_DEVICE_TOKEN, key, cookie, device_id, lifetime, why, event_id, terms)


def bound_device(records: Sequence[Record]) -> tuple[str, int]:
    """Return the device that a cookie's records bind to, and the event id of the row that binds.

    Raises `DeniedError` (device not registered).

    The newest registration binds, and nothing else: a refused row registers nobody, nor does a bound play.
    """
    registrations = [row for row in records if row.registration and row.result == 0 and row.device_id is not None]
    if registrations:
        newest = max(registrations, key=lambda row: row.event_id)
        return str(newest.device_id), newest.event_id
    raise DeniedError(
        ErrorNumber.DEVICE_NOT_REGISTERED,
        "device not registered: expected a registration of a device with this cookie, found none. "
        "Fix: play the dummy title first (request type 2, same customerCookie), then ask again.",
    )


def _check_cookie(cookie: str | None, *, needed: bool) -> str:
    cookie = cookie or ""
    if needed and not cookie:
        raise DeniedError(
            ErrorNumber.BAD_COOKIE, "cookie missing: expected customerCookie for request types 2 and 3, found none"
        )
    if len(cookie) > MAX_COOKIE_LENGTH:
        raise DeniedError(
            ErrorNumber.BAD_COOKIE,
            f"cookie too long: expected at most {MAX_COOKIE_LENGTH} characters, found {len(cookie)}",
        )
    if any(unicodedata.category(character) == "Cc" for character in cookie):
        raise DeniedError(ErrorNumber.BAD_COOKIE, "cookie: expected no control characters, found one")
    return cookie


def _check_viewer(title: Title, cookie: str | None) -> None:
    if not title.is_for(cookie):
        raise DeniedError(
            ErrorNumber.NOT_ENTITLED, "not entitled: expected a viewer of this title, found a cookie of another"
        )


def _check_not_dummy(title: Title) -> None:
    if title.dummy:
        raise DeniedError(
            ErrorNumber.NOT_ENTITLED,
            "not entitled: expected a title to watch, found the dummy, which is for registration (type 2) only. "
            "Fix: register with it (type 2), then ask for a title to watch.",
        )
