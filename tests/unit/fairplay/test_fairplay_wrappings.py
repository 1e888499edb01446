"""Wrappings are taken off by name, one at a time and within bounds, whatever bytes come."""

import base64
import gzip
import json
from collections.abc import Callable

from hypothesis import assume, example, given
from hypothesis import strategies as st

from fairplay.mistakes import recognise
from fairplay.wrappings import MAX_LAYERS, MAX_SIZE, described, peel, unwrap

SPC = b"\0\0\0\x02SIM1" + bytes(range(256)) * 4
WRAPPERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "Base64": base64.b64encode,
    "hex digits": lambda data: data.hex().encode(),
    "JSON member a.b": lambda data: json.dumps({"a": {"b": data.decode()}, "c": "x"}).encode(),
    "a data: URI": lambda data: b"data:;base64," + data,
}


def test_escapes_before_a_byte_that_is_none_are_looked_at_once() -> None:
    # Tried up to the end from each of them, these would take hours.
    assert peel(b"%41" * 300_000 + b"\1") is None
    assert peel(b"%41" * 300_000) == ("percent-encoding", b"A" * 300_000)


def test_each_wrapping_has_its_name() -> None:
    for name in ("gzip", "Base64", "hex digits"):
        assert unwrap(WRAPPERS[name](SPC)) == ((name,), SPC)
    for name in ("JSON member a.b", "a data: URI"):
        assert unwrap(WRAPPERS[name](base64.b64encode(SPC))) == ((name, "Base64"), SPC)
    assert described(("JSON member a.b", "Base64")) == "Base64 in JSON member a.b"


def test_layers_and_sizes_are_bounded() -> None:
    wrapped = SPC
    for _ in range(MAX_LAYERS + 1):
        wrapped = base64.b64encode(wrapped)
    names, inside = unwrap(wrapped)
    assert (len(names), inside) == (MAX_LAYERS, base64.b64encode(SPC))
    assert len(unwrap(gzip.compress(bytes(64 * MAX_SIZE)))[1]) == MAX_SIZE


STARTS = [b"data:,", b"--x\r\n", b"{", b"a=", b"%41", b"<ckc>", b"\x1f\x8b", b"\0\0\0\2"]
wrapped = st.sampled_from(sorted(WRAPPERS)).flatmap(
    lambda name: st.binary(max_size=200).map(lambda data: WRAPPERS[name](base64.b64encode(data)))
)


@given(st.binary(max_size=300) | wrapped | st.tuples(st.sampled_from(STARTS), st.binary()).map(b"".join))
def test_any_bytes_are_peeled_and_named_without_an_error(data: bytes) -> None:
    names, inside = unwrap(data)
    assert len(names) <= MAX_LAYERS + 1
    assert isinstance(inside, bytes)
    assert all(name.isprintable() for name in names)
    mistake = recognise(data)
    assert mistake is None or mistake.what.isprintable()


@given(st.binary(max_size=64).map(lambda rest: b"\0\0\0\2" + rest), st.sampled_from([b"\r\n", b"\n"]))
@example(b"\0\0\0\2a\r\nb\r\n\r\nc\r", b"\r\n")
def test_a_multipart_body_keeps_every_byte_of_the_message(message: bytes, end: bytes) -> None:
    assume(b"--x" not in message)
    head = b"--x" + end + b'Content-Disposition: form-data; name="spc"' + end + end
    assert peel(head + message + end + b"--x--" + end) == ("multipart", message)
