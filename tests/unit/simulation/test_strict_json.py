"""Strict JSON: one meaning for each text, and a clear word for every refusal."""

import json
import re
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulation.strict_json import MAX_DEPTH, parse_json

REFUSED = {
    "empty": (b" \n", "empty body"),
    "cut": (b'{"a": 1', "character 7"),
    "not UTF-8": (b'"\xff"', "0xff at 1"),
    "two values": (b"1 2", "Extra data"),
    "key twice": (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' twice"),
    "NaN": (b"[NaN]", "NaN"),
    "minus infinity": (b"-Infinity", "-Infinity"),
    "overflow": (b"1e400", "finite"),
    "long integer": (b"1" * 33, "32 characters"),
    "long fraction": (b"0." + b"1" * 40, "32 characters"),
    "deep": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "levels"),
    "very deep": (b'{"a":' * 100_000, "levels"),
    "half a surrogate pair": (b'{"a": "\\udc00"}', "surrogate"),
    "half a surrogate pair as a key": (b'{"\\ud800": 1}', "surrogate"),
    "control character": (b'"\n"', "control"),
    "byte order mark": (b'\xef\xbb\xbf{"a": 1}', "BOM"),
}


@pytest.mark.parametrize(("body", "word"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_with_a_clear_word(body: bytes, word: str) -> None:
    with pytest.raises(ValueError, match=re.escape(word)):
        parse_json(body)


def test_accepts_what_json_allows() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert json.dumps(parse_json(deepest)).encode() == deepest
    assert parse_json(b'{"a": "[[[[[[[[[[[[[[[[[[[[\\"{{", "b": "\\ud83d\\ude00"}') == {
        "a": "[" * 20 + '"{{',
        "b": "😀",
    }
    assert parse_json(b'[1, -2.5e3, true, null, ""]') == [1, -2500.0, True, None, ""]
    assert isinstance(parse_json(b"1"), int)


scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    scalars | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab{["\\'), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_round_trip(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary() | st.text('{}[]",:\\u0dD8e.1-tN ').map(str.encode))
@example(b'"\\')
@example(b'"\\"[[')
def test_any_bytes_give_a_value_or_a_refusal(body: bytes) -> None:
    try:
        value = parse_json(body)
    except ValueError as error:
        assert str(error).startswith("expected")  # noqa: PT017
    else:
        assert json.dumps(value, allow_nan=False)


LARGEST = 64 * 1024
"""Bytes of the largest body that a service takes."""


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * (LARGEST // 2),
        b'"' * LARGEST,
        b"{" + b",".join(b'"%x":1' % number for number in range(LARGEST // 9)) + b',"%x":1}' % (LARGEST // 9 - 1),
    ],
    ids=["a string without an end", "quotation marks", "the last of many keys twice"],
)
def test_the_cost_grows_no_faster_than_the_body(body: bytes) -> None:
    begun = time.thread_time()  # the processor's time of this thread: other work does not count
    with pytest.raises(ValueError, match="expected"):
        parse_json(body)
    assert time.thread_time() - begun < 2  # some milliseconds; the first took 16 s with a search per quote


@pytest.mark.parametrize("part", ["x", "\\n", "x\\n", "\\u00e9"])
def test_a_long_string_takes_a_few_times_its_size(part: str) -> None:
    body = json.dumps({"a": ""}).replace('""', f'"{part * 200_000}"').encode()
    tracemalloc.start()
    try:
        parse_json(body)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(body)
    finally:
        tracemalloc.stop()
