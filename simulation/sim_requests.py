"""Reading what is posted to a `/_sim/` route, strictly, with errors that say what would have been understood."""

import difflib
from collections.abc import Collection
from typing import Any

from simulation.http_errors import read_body
from simulation.strict_json import parse_json

MAX_DIGITS = 18


class NotUnderstoodError(Exception):
    """A request that a `/_sim/` route does not understand; becomes a 400 that says why."""

    def __init__(self, text: str, *, expected: str, found: str) -> None:
        super().__init__(text)
        self.body = {"errorText": text, "expected": expected, "found": found}


def read_number(text: str) -> int | None:
    """Return the whole number that 1 to 18 decimal digits write (it fits into 64 bits), None for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else None


def near(word: str, known: Collection[str]) -> str:
    """Return "; did you mean …?" where one of the `known` words resembles `word`, else nothing."""
    close = difflib.get_close_matches(word[:64].lower(), known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def read_object(known: set[str]) -> dict[str, Any]:
    """Read the request's JSON object, an empty body standing for an empty object."""
    expected = f"a JSON object with {' or '.join(sorted(known))}"
    raw = read_body()
    try:
        body = parse_json(raw) if raw else {}
    except ValueError as error:
        raise NotUnderstoodError(f"not readable: {error}", expected=expected, found=f"{len(raw)} bytes") from None
    if not isinstance(body, dict):
        raise NotUnderstoodError("not an object", expected=expected, found=type(body).__name__)
    unknown = sorted(body.keys() - known)
    if unknown:
        name = unknown[0][:64]
        raise NotUnderstoodError(f"unknown key {name!r}{near(name, known)}", expected=expected, found=repr(name))
    return body
