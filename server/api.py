"""The messages of the SEES public API: reading a request object, writing a response object. No I/O.

Types are enforced, the GUID form of `messageID` and `contentID` is not: a content id is opaque, and one that is too
long is unknown content like any other that the catalog lacks. Unknown properties are ignored.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeGuard

from server.errors import DeniedError, ErrorNumber
from simulation.strict_json import parse_json

VERSION = 1
"""The protocol version spoken here, the only one there is."""
MAX_BODY = 64 * 1024
"""Bytes of a request."""
MAX_MESSAGE_ID = 256
"""Characters of `messageID`; a GUID has 36."""
DEFAULT_REQUEST_TYPE = 1

_REPEATED = ("messageID", "version")
_TYPE_NAMES = {str: "a string", int: "an integer", bool: "a boolean", float: "a number with a fraction"} | {
    dict: "an object",
    list: "an array",
    type(None): "null",
}


@dataclass(frozen=True)
class Echo:
    """What a response repeats from its request, as far as the request could be read."""

    message_id: str = ""
    version: int = VERSION


@dataclass(frozen=True)
class EntitlementRequest:
    """A well-formed request object; whether its version, type, content and cookie are any good is decided later."""

    message_id: str
    version: int
    request_type: int
    content_id: str
    cookie: str | None


def parse_message(body: bytes) -> dict[str, Any]:
    """Read the JSON object of a request. Raises `DeniedError` (malformed request)."""
    try:
        message = parse_json(body)
    except ValueError as error:
        hint = " It looks like a form; send JSON instead." if body.startswith((b"messageID=", b"version=")) else ""
        raise malformed(f"{error}. Fix: POST one JSON object.{hint}") from None
    if not isinstance(message, dict):
        raise malformed(f"expected a JSON object, found {_TYPE_NAMES[type(message)]}. Fix: POST one JSON object.")
    return message


def too_large() -> DeniedError:
    """Refuse a body over the limit, which nobody reads any further."""
    return malformed(f"expected at most {MAX_BODY} bytes, found more. Fix: one request object per request.")


def read_echo(body: bytes) -> Echo:
    """Take from a body, malformed or not, what the response must repeat.

    A `messageID` is found wherever a lenient reader of JSON finds exactly one: a mistake elsewhere does not hide it.
    The version answered is never above the one asked for.
    """
    with suppress(ValueError, RecursionError):
        text = body.decode("utf-8", "surrogateescape")
        members = json.loads(text, object_pairs_hook=tuple, parse_int=lambda digits: int(digits[:20]))
        if isinstance(members, tuple):
            message_ids, versions = ([value for key, value in members if key == name] for name in _REPEATED)
            return Echo(
                message_ids[0] if len(message_ids) == 1 and _is_text(message_ids[0]) else "",
                min(versions[0], VERSION) if len(versions) == 1 and _is_integer(versions[0]) else VERSION,
            )
    return Echo()


def read_request(message: dict[str, Any]) -> EntitlementRequest:
    """Check presence and type of the properties. Raises `DeniedError` (malformed request)."""
    return EntitlementRequest(
        message_id=_string(message, "messageID", MAX_MESSAGE_ID),
        version=_integer(message, "version"),
        request_type=_integer(message, "requestType", default=DEFAULT_REQUEST_TYPE),
        content_id=_string(message, "contentID", MAX_BODY),
        cookie=_optional_string(message, "customerCookie"),
    )


def allowed(echo: Echo, token_url: str) -> dict[str, Any]:
    """Build the response object of an entitlement."""
    return _response(echo, is_allowed=True, token_url=token_url)


def denied(echo: Echo, error: DeniedError) -> dict[str, Any]:
    """Build the response object of a denial or an error."""
    return _response(echo, is_allowed=False, token_url="") | {
        "error": int(error.number),
        "errorText": error.text,
    }


def _response(echo: Echo, *, is_allowed: bool, token_url: str) -> dict[str, Any]:
    return {
        "messageID": echo.message_id,
        "version": echo.version,
        "isAllowed": is_allowed,
        "epTokenURL": token_url,
    }


def malformed(text: str) -> DeniedError:
    """Refuse a request that is none: number 1."""
    return DeniedError(ErrorNumber.MALFORMED_REQUEST, f"malformed request: {text}")


def _is_text(value: Any) -> TypeGuard[str]:
    """Tell whether a value is a string without half a surrogate pair, which is also what stands for bad UTF-8 here."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _string(message: dict[str, Any], name: str, longest: int) -> str:
    value = _optional_string(message, name)
    if not value:
        found = "nothing" if value is None else "an empty one"
        raise malformed(f"expected {name}, a string, found {found}. Fix: add it.")
    if len(value) > longest:
        raise malformed(f"expected {name} of at most {longest} characters, found {len(value)}.")
    return value


def _optional_string(message: dict[str, Any], name: str) -> str | None:
    if name not in message:
        return None
    value = message[name]
    if not isinstance(value, str):
        raise malformed(f"expected {name} to be a string, found {_TYPE_NAMES[type(value)]}. Fix: quote it.")
    return value


def _integer(message: dict[str, Any], name: str, default: int | None = None) -> int:
    value = message.get(name, default)
    if name not in message and default is None:
        raise malformed(f"expected {name}, an integer, found nothing. Fix: add it.")
    if not _is_integer(value):
        raise malformed(f"expected {name} to be an integer, found {_TYPE_NAMES[type(value)]}.")
    return value
