"""The shapes of an SPC on the wire: recognised by the body, unwrapped, named when they are wrong."""

import base64
import gzip
import json
import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.license_body import ANSWER_TYPES, MEDIA_TYPES, LicenseBody, SpcShape, read_body, write_answer
from fairplay.errors import NotAnSpc
from fairplay.spc import KeyServer, open_spc
from fairplay.wrappings import unwrap

SPC = b"\0\0\0\x02SIM1" + bytes([0xFB, 0xEF, 0xFE, 0xFF] * 75)
TEXT = base64.b64encode(SPC).decode()
ENCODED = TEXT.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
BODIES = {
    SpcShape.RAW: SPC,
    SpcShape.FORM: f"spc={ENCODED}".encode(),
    SpcShape.JSON: json.dumps({"spc": TEXT}).encode(),
    SpcShape.STREAMING_REQUEST: json.dumps(
        {"fairplay-streaming-request": {"version": 1, "create-ckc": [{"id": 1, "uri": "skd://film", "spc": TEXT}]}}
    ).encode(),
}


@pytest.mark.parametrize("shape", SpcShape)
def test_each_shape_yields_the_spc(shape: SpcShape) -> None:
    its_id = 1 if shape is SpcShape.STREAMING_REQUEST else None
    assert read_body(BODIES[shape], MEDIA_TYPES[shape]) == LicenseBody(shape, SPC, id=its_id)


@pytest.mark.parametrize("odd", [True, False, 1.0, None, [1]])
@pytest.mark.parametrize("name", ["id", "version"])
def test_a_number_of_apples_shape_is_an_integer(odd: object, name: str) -> None:
    members = {"version": odd if name == "version" else 1, "id": odd if name == "id" else 1}
    several = [{"id": members["id"], "uri": "skd://film", "spc": TEXT}]
    body = {"fairplay-streaming-request": {"version": members["version"], "create-ckc": several}}
    assert read_body(json.dumps(body).encode(), "application/json").problem


@pytest.mark.parametrize("shape", SpcShape)
@pytest.mark.parametrize("content_type", [None, "text/plain", *MEDIA_TYPES.values()])
def test_the_body_decides_and_a_note_names_the_contradiction(shape: SpcShape, content_type: str | None) -> None:
    body = read_body(BODIES[shape], content_type)
    assert (body.shape, body.spc, body.problem) == (shape, SPC, None)
    if content_type == MEDIA_TYPES[shape]:
        assert body.notes == ()
    else:
        (note,) = body.notes
        assert f"is {shape.value}" in note
        assert (content_type or "there is none") in note


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (f"assetId=film-1&spc={ENCODED}", SpcShape.FORM),
        (f"spc={ENCODED}&assetId=film-1", SpcShape.FORM),
        (f"id=7&spc={ENCODED}", SpcShape.FORM),
        (f"id=7&assetId=film-1&more=x%20y&spc={ENCODED}", SpcShape.FORM),
        (f"spc={ENCODED}\r\n", SpcShape.FORM),
        (f' {{"assetId": "film-1", "spc": "{TEXT}"}}\n', SpcShape.JSON),
    ],
)
def test_what_players_add_does_no_harm(body: str, shape: SpcShape) -> None:
    read = read_body(body.encode(), MEDIA_TYPES[shape])
    assert (read.shape, read.spc, read.problem) == (shape, SPC, None)


def test_parameters_of_a_media_type_do_not_matter() -> None:
    assert read_body(BODIES[SpcShape.JSON], "Application/JSON; charset=utf-8").notes == ()


def test_plus_signs_that_a_form_turned_into_blanks_are_read_and_noted() -> None:
    assert "+" in TEXT
    body = read_body(f"spc={TEXT}".encode(), MEDIA_TYPES[SpcShape.FORM])
    assert body.spc == SPC
    assert "%2B" in body.notes[0]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"spc=", ""),
        (b"assetId=film-1", "0 times, and assetId"),
        (f"payload={ENCODED}&license_request=1".encode(), "0 times, and payload, license_request"),
        (b"spc=AAAA&spc=AAAA", "2 times"),
        (b"spc=" + TEXT.encode().replace(b"+", b"-").replace(b"/", b"_"), "URL-safe"),
        (b"spc=%0A" + b"AAAA%0AAAAA", "white space"),
        (b"spc=!!!", "3 bytes that are no Base64"),
        (b"spc=-----BEGIN CERTIFICATE-----", "PEM"),
        (b"{}", "no member spc"),
        (b'{"spc": null}', "NoneType"),
        (b'{"spc": ["AAAA"]}', "list"),
        (b'{"spc": "AA==", "spc": "AA=="}', "twice"),
        (b'{"spc": NaN}', "NaN"),
        (b'{"spc": "AAAA"', "mistake"),
        (b'{"spc": "AAA"}', "cut end"),
        (json.dumps({"getFairplayLicense": {"spcMessage": TEXT}}).encode(), "getFairplayLicense.spcMessage"),
        (b'{"fairplay-streaming-request": {"create-ckc": []}}', "another form"),
        (b'{"fairplay-streaming-request": {"version": 1, "create-ckc": [{"id": 1}, {"id": 2}]}}', "found 2"),
        (b'{"fairplay-streaming-request": {"version": 1, "create-ckc": [{"id": 1, "payload": "AA=="}]}}', "payload"),
        (b"{" * 60_000, "nesting"),
    ],
)
def test_what_cannot_be_unwrapped_is_refused_by_name(body: bytes, word: str) -> None:
    problem = read_body(body, None).problem
    if not word:
        assert problem is None  # an empty SPC is refused when it is opened
        return
    assert problem is not None
    assert (problem.code.number, problem.cause, problem.status) == (-4001, -42580, 400)
    assert word in problem.hint


MULTIPART = (
    b'--x1\r\nContent-Disposition: form-data; name="spc"; filename="spc"\r\nContent-Type: application/octet-stream'
    b"\r\n\r\n" + SPC + b"\r\n--x1--\r\n"
)
LONG = b"\0\0\0\x02SIM1" + bytes(range(256)) * 4
"""Bytes as they are in an SPC, all of them, so that text mode shows."""


def as_json(spc: bytes) -> bytes:
    return json.dumps({"spc": spc.decode()}).encode()


WRAPPED = {
    "multipart": (MULTIPART, "multipart"),
    "gzip": (gzip.compress(SPC), "gzip"),
    "Base64 alone": (TEXT.encode(), "Base64"),
    "URL-safe Base64 alone": (base64.urlsafe_b64encode(SPC), "URL-safe"),
    "hex": (SPC.hex().encode(), "hex digits"),
    "hex in the form": (b"spc=" + SPC.hex().encode(), "hex digits"),
    "hex in JSON": (as_json(SPC.hex().encode()), "hex digits"),
    "data: URI": (b"data:application/octet-stream;base64," + TEXT.encode(), "a data: URI"),
    "data: URI in JSON": (as_json(b"data:;base64," + TEXT.encode()), "a data: URI"),
    "Base64 twice in the form": (urlencode({"spc": base64.b64encode(TEXT.encode())}).encode(), "Base64 in Base64"),
    "Base64 twice in JSON": (as_json(base64.b64encode(TEXT.encode())), "Base64 in Base64"),
    "percent twice": (urlencode({"spc": ENCODED}).encode(), "percent-encoding"),
    "no padding": (as_json(base64.b64encode(SPC).rstrip(b"=")), "without its padding"),
    "text mode": (LONG.decode("latin-1").encode(), "text mode"),
    "text mode in JSON": (as_json(base64.b64encode(LONG.decode("latin-1").encode())), "text mode"),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_any_other_wrapping_is_refused_by_its_name_and_opened_by_inspect(name: str) -> None:
    body, word = WRAPPED[name]
    problem = read_body(body, None).problem
    assert problem is not None
    assert (problem.code.number, problem.cause) == (-4001, -42580)
    assert word in problem.found
    names, inside = unwrap(body)
    assert inside in (SPC, LONG), names


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (LONG.decode("utf-8", "replace").encode(), "went through text mode"),
        (b"[object ArrayBuffer]", "name of a JavaScript object"),
        (b"spc=%5Bobject%20ArrayBuffer%5D", "name of a JavaScript object"),
        (b'{"spc": "[object Object]"}', "name of a JavaScript object"),
        (b"undefined", "the word undefined"),
        (b"spc=undefined", "the word undefined"),
        (b"AQAAAb0rX1Qk", "a token of ExpressPlay"),
        (b"https://x/hms/fp/rights/?ExpressPlayToken=AQAAAb0rX1Qk", "a URL"),
        (b"spc=AQAAAb0rX1Q-", "a token of ExpressPlay"),
        (b"eyJhbGciOiJIUzI1NiJ9.e30.", "a base64url token"),
        (b'{"spc": "eyJhbGciOiJIUzI1NiJ9.e30."}', "a base64url token"),
        (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "PKCS#7"),
    ],
)
def test_what_is_none_is_named(body: bytes, found: str) -> None:
    read = read_body(body, None)
    if read.problem is None:
        with pytest.raises(NotAnSpc, match=re.escape(found)):
            open_spc(read.spc, KeyServer({}, bytes(16)))
    else:
        assert found in read.problem.found


def test_no_refusal_shows_what_a_field_is_called_if_it_is_no_name() -> None:
    problem = read_body(b"a%00%1b[31m=1&" + b"k" * 64 + b"=2", None).problem
    assert problem is not None
    assert "one of another form" in problem.found
    assert "\x1b" not in problem.found


def test_the_answer_mirrors_the_shape() -> None:
    ckc = b"\xff\0ckc"
    text = base64.b64encode(ckc).decode()
    assert write_answer(LicenseBody(SpcShape.RAW), ckc) == ckc
    assert write_answer(LicenseBody(SpcShape.FORM), ckc) == f"<ckc>{text}</ckc>".encode()
    assert json.loads(write_answer(LicenseBody(SpcShape.JSON), ckc)) == {"ckc": text}
    mirrored = json.loads(write_answer(LicenseBody(SpcShape.STREAMING_REQUEST, id="a"), ckc))
    assert mirrored == {"fairplay-streaming-response": {"create-ckc": [{"id": "a", "ckc": text}]}}
    assert ANSWER_TYPES == {
        SpcShape.RAW: "application/octet-stream",
        SpcShape.FORM: "text/plain; charset=utf-8",
        SpcShape.JSON: "application/json",
        SpcShape.STREAMING_REQUEST: "application/json",
    }


members = st.dictionaries(st.sampled_from(["spc", "assetId", ""]), st.none() | st.integers() | st.text(max_size=20))


@given(
    st.binary(max_size=300).flatmap(lambda data: st.sampled_from([data, b"spc=" + data, b"{" + data, b"\0" + data]))
    | members.map(lambda value: json.dumps(value).encode())
    | members.map(lambda value: urlencode(value).encode()),
    st.none() | st.text(max_size=40),
)
def test_any_body_has_a_shape_and_an_spc_or_a_problem(body: bytes, content_type: str | None) -> None:
    read = read_body(body, content_type)
    assert isinstance(read.spc, bytes)
    assert read.problem is None or read.problem.code.number == -4001
    assert all(note.isprintable() for note in read.notes)
    assert read.problem is None or read.problem.hint.isprintable()
