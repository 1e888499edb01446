"""`inspect` recognises messages in the forms people save them in, and explains whatever else it is given."""

import base64
import gzip
import json
import os
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay.annotate import keys_of
from fairplay.ckc import ContentKey, seal_ckc
from fairplay.layout import CKC_HEADER
from fairplay.spc import SpcContents
from walkthrough.record.inspection import UNKNOWN, as_json, inspect_bytes
from walkthrough.record.recorded import FORMAT

Pair = tuple[bytes, SpcContents]


@pytest.fixture
def spc(new_spc: Callable[..., Pair]) -> Pair:
    return new_spc()


@pytest.fixture
def ckc(spc: Pair) -> bytes:
    return seal_ckc(spc[1], ContentKey(bytes(16), bytes(16)), random=os.urandom)


def in_all_forms(kind: str, raw: bytes) -> list[bytes]:
    text = base64.b64encode(raw)
    forms = [raw, text, base64.encodebytes(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")]
    forms.append(json.dumps({kind: text.decode()}).encode())
    forms.append(json.dumps({"debug": "x" * 9999, kind: text.decode()}).encode())
    return [*forms, b"spc=" + text] if kind == "spc" else [*forms, b"<ckc>" + text + b"</ckc>\n"]


def test_an_spc_in_every_form(spc: Pair) -> None:
    for form in in_all_forms("spc", spc[0]):
        (found,) = inspect_bytes(form)
        assert (found.kind, found.size) == ("SPC", len(spc[0]))
        assert not any(note.problem for note in found.notes)


def test_a_ckc_in_every_form(ckc: bytes) -> None:
    for form in in_all_forms("ckc", ckc):
        (found,) = inspect_bytes(form)
        assert (found.kind, found.size) == ("CKC", len(ckc))
        assert not any(note.problem for note in found.notes)


def test_a_cut_message_is_still_what_it_was(spc: Pair, ckc: bytes) -> None:
    for kind, raw in (("SPC", spc[0]), ("CKC", ckc)):
        (found,) = inspect_bytes(raw[:-5])
        assert found.kind == kind
        assert any(note.problem for note in found.notes)


@pytest.mark.parametrize("size", [0, 900, 1 << 20])
def test_an_spc_is_no_ckc_whatever_its_wrapped_key_begins_with(spc: Pair, size: int) -> None:
    length = size.to_bytes(4, "big")
    start = CKC_HEADER.size - len(length)  # where a CKC has its payload length, an SPC has random bytes
    (found,) = inspect_bytes(spc[0][:start] + length + spc[0][start + len(length) :])
    assert found.kind == "SPC"


@pytest.mark.parametrize(
    "text", [b"", b"-----BEGIN CERTIFICATE-----\n", b'{"a": 1}', b"<html></html>", b"hello world hello"]
)
def test_something_else_is_explained_as_what_it_is(text: bytes) -> None:
    (found,) = inspect_bytes(text)
    assert found.kind == UNKNOWN
    assert found.notes[0].problem


def recording(spc: Pair, ckc: bytes, **more: object) -> bytes:
    spc_text, ckc_text = (base64.b64encode(part).decode() for part in (spc[0], ckc))
    steps = [
        {"n": 10, "response": {"epTokenURL": "x"}},
        {"n": 11, "request": {"spc": spc_text}},
        {"n": 13, "response": {"ckc": ckc_text}},
    ]
    return json.dumps({"format": FORMAT, "version": 1, "steps": steps, **more}).encode()


def test_a_recording_gives_all_its_messages(spc: Pair, ckc: bytes) -> None:
    found = inspect_bytes(recording(spc, ckc))
    assert [(one.source, one.kind) for one in found] == [("step 11", "SPC"), ("step 13", "CKC")]
    assert {note.layer for note in found[0].notes} == {"envelope"}


def test_a_teaching_recording_opens_them_down_to_hu(spc: Pair, ckc: bytes) -> None:
    contents, keys = spc[1], keys_of(spc[1])
    section = {
        "spc_key": contents.spc_key.hex(),
        "dask": contents.derived.dask.hex(),
        "mac_key": contents.derived.mac_key.hex(),
        "ckc_key": (keys.ckc_key or b"").hex(),
    }
    opened = inspect_bytes(recording(spc, ckc, device_keys={"step 11": section}))
    fields = {note.field: note.value for note in opened[0].notes}
    assert fields["HU"] == contents.device_id
    assert any(note.field.startswith("encrypted content key") for note in opened[1].notes)


def test_as_json_holds_the_bytes(spc: Pair) -> None:
    (found,) = inspect_bytes(spc[0])
    fields = as_json(found)["fields"]
    envelope = [field for field in fields if field["layer"] == "envelope"]
    assert bytes.fromhex("".join(field["hex"] for field in envelope)) == spc[0]
    assert all(field["length"] * 2 == len(field["hex"]) for field in fields)


JSON = st.recursive(
    st.none() | st.text(max_size=8) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["n", "request", "response", "spc", "ckc", "step 11"]), inner, max_size=3)
    ),
)


@given(
    st.binary()
    | st.binary().map(base64.b64encode)
    | st.fixed_dictionaries(
        {"format": st.just(FORMAT)}, optional={"steps": JSON, "device_keys": JSON, "spc": JSON}
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_inspected(data: bytes) -> None:
    for one in inspect_bytes(data):
        json.dumps(as_json(one))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9, 0.999])
def test_a_cut_recording_is_called_one(share: float) -> None:
    recording = b'{"format": "binding-recording", "version": 1, "steps": [' + b'{"n": 1}, ' * 500 + b'{"n": 2}]}'
    (found,) = inspect_bytes(recording[: max(60, int(len(recording) * share))])
    assert found.source == "a recording that is cut or damaged"
    (note,) = found.notes
    assert "-9112 bad recording" in note.problem
    assert "found a mistake at character" in note.problem
    assert "SPC" not in note.problem


def test_inspect_opens_every_wrapping(spc: tuple[bytes, SpcContents]) -> None:
    data, text = spc[0], base64.b64encode(spc[0])
    for wrapped, source in (
        (gzip.compress(data), "gzip"),
        (data.hex().encode(), "hex digits"),
        (base64.b64encode(text), "Base64 in Base64"),
        (json.dumps({"spc": base64.b64encode(text).decode()}).encode(), "Base64 in Base64 in JSON member spc"),
        (json.dumps({"getFairplayLicense": {"spcMessage": text.decode()}}).encode(), "getFairplayLicense.spcMessage"),
        (b"assetId=film&more=1&spc=" + text.replace(b"+", b"%2B"), "Base64 in form field spc"),
        (b"data:application/octet-stream;base64," + text, "Base64 in a data: URI"),
        (b'--x\r\nContent-Disposition: form-data; name="spc"\r\n\r\n' + data + b"\r\n--x--\r\n", "multipart"),
        (data.decode("latin-1").encode(), "text mode (Latin-1 written as UTF-8)"),
    ):
        (found,) = inspect_bytes(wrapped)
        assert (found.kind, found.size) == ("SPC", len(data))
        assert source in found.source
