"""What the browser sends: one JSON object, or a complaint that says what it should have been."""

from typing import Any

from flask import request

from simulation.http_errors import read_body
from simulation.strict_json import parse_json

MAX_OBJECT = 32 * 1024
"""Bytes of a JSON object: the longest has a value of free play in it, of 4096 characters."""


class Unusable(Exception):
    """The browser asked for something that makes no sense; the text says what."""


def read_object() -> dict[str, Any]:
    """Return the request's JSON object, an empty one for an empty body. Raises `Unusable`."""
    request.max_content_length = MAX_OBJECT
    raw = read_body()
    try:
        value = parse_json(raw) if raw else {}
    except ValueError as error:
        raise Unusable(f"not readable: {error}") from None
    if not isinstance(value, dict):
        raise Unusable("expected a JSON object")
    return value
