"""The shapes of an SPC on the wire: recognised by the body, unwrapped, named when they are wrong."""

import base64
import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.license_body import ANSWER_TYPES, MEDIA_TYPES, LicenseBody, Shape, read_body, write_answer

SPC = b"\0\0\0\x02SIM1" + bytes([0xFB, 0xEF, 0xFE, 0xFF] * 75)
TEXT = base64.b64encode(SPC).decode()
ENCODED = TEXT.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
BODIES = {
    Shape.RAW: SPC,
    Shape.FORM: f"spc={ENCODED}".encode(),
    Shape.JSON: json.dumps({"spc": TEXT}).encode(),
}


@pytest.mark.parametrize("shape", Shape)
def test_each_shape_yields_the_spc(shape: Shape) -> None:
    assert read_body(BODIES[shape], MEDIA_TYPES[shape]) == LicenseBody(shape, SPC)


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("content_type", [None, "text/plain", *MEDIA_TYPES.values()])
def test_the_body_decides_and_a_note_names_the_contradiction(shape: Shape, content_type: str | None) -> None:
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
        (f"assetId=film-1&spc={ENCODED}", Shape.FORM),
        (f"spc={ENCODED}&assetId=film-1", Shape.FORM),
        (f"id=7&spc={ENCODED}", Shape.FORM),
        (f"spc={ENCODED}\r\n", Shape.FORM),
        (f' {{"assetId": "film-1", "spc": "{TEXT}"}}\n', Shape.JSON),
    ],
)
def test_what_players_add_does_no_harm(body: str, shape: Shape) -> None:
    read = read_body(body.encode(), MEDIA_TYPES[shape])
    assert (read.shape, read.spc, read.problem) == (shape, SPC, None)


def test_parameters_of_a_media_type_do_not_matter() -> None:
    assert read_body(BODIES[Shape.JSON], "Application/JSON; charset=utf-8").notes == ()


def test_plus_signs_that_a_form_turned_into_blanks_are_read_and_noted() -> None:
    assert "+" in TEXT
    body = read_body(f"spc={TEXT}".encode(), MEDIA_TYPES[Shape.FORM])
    assert body.spc == SPC
    assert "%2B" in body.notes[0]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"spc=", ""),
        (b"assetId=film-1", "0 times"),
        (b"spc=AAAA&spc=AAAA", "2 times"),
        (b"spc=" + TEXT.encode().replace(b"+", b"-").replace(b"/", b"_"), "URL-safe"),
        (b"spc=%0A" + b"AAAA%0AAAAA", "white space"),
        (b"spc=!!!", "3 characters"),
        (b"spc=-----BEGIN CERTIFICATE-----", "PEM"),
        (b"{}", "no member spc"),
        (b'{"spc": null}', "NoneType"),
        (b'{"spc": ["AAAA"]}', "list"),
        (b'{"spc": "AA==", "spc": "AA=="}', "twice"),
        (b'{"spc": NaN}', "NaN"),
        (b'{"spc": "AAAA"', "mistake"),
        (b'{"spc": "AAA"}', "cut end"),
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


def test_the_answer_mirrors_the_shape() -> None:
    ckc = b"\xff\0ckc"
    text = base64.b64encode(ckc).decode()
    assert write_answer(Shape.RAW, ckc) == ckc
    assert write_answer(Shape.FORM, ckc) == f"<ckc>{text}</ckc>".encode()
    assert json.loads(write_answer(Shape.JSON, ckc)) == {"ckc": text}
    assert ANSWER_TYPES == {
        Shape.RAW: "application/octet-stream",
        Shape.FORM: "text/plain; charset=utf-8",
        Shape.JSON: "application/json",
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
