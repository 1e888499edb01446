"""JSON as these services accept it: one meaning per text, bounded cost, and a clear word when refused."""

import json
import re
from collections import Counter
from math import isfinite
from typing import Any

MAX_DEPTH = 16
"""Levels of arrays and objects; the deepest message of any party has three."""
MAX_NUMBER_LENGTH = 32
"""Characters of one number: more digits mean nothing here and cost quadratic time to convert."""

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""A string that does not end counts up to the end of the text: looked at again from each quotation mark in it, the
time would grow with the square of its length. It never goes back (`++`): what it kept for that took 115 times the
string's size."""
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse_json(body: bytes) -> Any:
    """Parse `body`. Raises `ValueError`, which says what was expected and found.

    Refused beyond malformed JSON: text that is not UTF-8, the same key twice in an object, NaN and infinities
    (also by overflow), numbers over 32 characters, more than 16 levels, lone surrogates.
    """
    if not body.strip():
        raise ValueError("expected JSON, found an empty body")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"expected JSON in UTF-8, found byte 0x{body[error.start]:02x} at {error.start}") from None
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON, found a mistake at character {error.pos}: {error.msg}") from None
    if "\\u" in text:
        _check_surrogates(value)
    return value


def most_values(body: bytes) -> int:
    """Return how many values JSON of these bytes has at most, in no time: its commas and brackets, in strings too."""
    return 1 + sum(body.count(one) for one in (b",", b"[", b"{"))


def _check_depth(text: str) -> None:
    # Counted before parsing, since the parser itself recurses.
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(text):
        depth += _DEEPER.get(found[0], 0)
        if depth > MAX_DEPTH:
            raise ValueError(f"expected at most {MAX_DEPTH} levels of nesting, found more")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("expected Unicode text, found half of a surrogate pair in a \\u escape") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"expected each key once, found {twice[:64]!r} twice")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"expected a number as JSON knows it, found {name}")


def _check_length(digits: str) -> str:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise ValueError(f"expected numbers of at most {MAX_NUMBER_LENGTH} characters, found one of {len(digits)}")
    return digits


def _integer(digits: str) -> int:
    return int(_check_length(digits))


def _decimal(digits: str) -> float:
    number = float(_check_length(digits))
    if not isfinite(number):
        raise ValueError(f"expected a finite number, found {digits}")
    return number
