"""What the browser sends: one JSON object, or a complaint that says what it should have been."""

from typing import Any

from simulation.http_errors import read_body
from simulation.strict_json import parse_json


class Unusable(Exception):
    """The browser asked for something that makes no sense; the text says what."""


def read_object() -> dict[str, Any]:
    """Return the request's JSON object, an empty one for an empty body. Raises `Unusable`."""
    raw = read_body()
    try:
        value = parse_json(raw) if raw else {}
    except ValueError as error:
        raise Unusable(f"not readable: {error}") from None
    if not isinstance(value, dict):
        raise Unusable("expected a JSON object")
    return value
