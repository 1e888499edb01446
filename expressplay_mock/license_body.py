"""The license service's messages: the shapes in which players post an SPC, and the CKC in the same shape.

| shape | body | answer |
|---|---|---|
| raw | the octets of the SPC | the octets of the CKC |
| form | ``spc=<Base64>``, with or without ``assetId=`` | ``<ckc><Base64></ckc>`` |
| json | ``{"spc": "<Base64>"}`` | ``{"ckc": "<Base64>"}`` |

The body itself tells its shape: an SPC starts with a zero byte, which no text does. The Content-Type that players
send with it is often wrong, so it decides nothing; where it contradicts the body, a note says so.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import FORM, read_parameters
from fairplay.errors import NotAnSpc
from simulation.strict_json import parse_json

MAX_BODY = 64 * 1024
"""Bytes of a request body. An SPC has some thousand."""

_FORM_START = re.compile(rb"(spc|assetId)=|[A-Za-z0-9_%.+-]+=[^&]*&(spc|assetId)=")


class Shape(Enum):
    """How an SPC is wrapped; the value is the name in the journal."""

    RAW = "raw"
    FORM = "form"
    JSON = "json"


MEDIA_TYPES: Mapping[Shape, str] = {
    Shape.RAW: "application/octet-stream",
    Shape.FORM: FORM,
    Shape.JSON: "application/json",
}
ANSWER_TYPES: Mapping[Shape, str] = {**MEDIA_TYPES, Shape.FORM: "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class LicenseBody:
    """An SPC taken out of its wrapping, or the ``problem`` that kept it in; ``notes`` are worth a reader's look."""

    shape: Shape
    spc: bytes = field(default=b"", repr=False)
    problem: Refusal | None = None
    notes: tuple[str, ...] = ()


def read_body(body: bytes, content_type: str | None) -> LicenseBody:
    """Recognise the shape of ``body`` and unwrap it; never fails: what is no SPC is refused when it is opened."""
    shape = _recognise(body)
    said = (content_type or "").split(";")[0].strip().lower()
    notes = () if said == MEDIA_TYPES[shape] else (_mismatch(shape, said),)
    if shape is Shape.RAW:
        return LicenseBody(shape, body, notes=notes)
    try:
        text, remarks = _form_field(body) if shape is Shape.FORM else (_json_member(body), ())
        return LicenseBody(shape, _decode_base64(text, shape), notes=notes + remarks)
    except Refusal as problem:
        return LicenseBody(shape, problem=problem, notes=notes)


def write_answer(shape: Shape, ckc: bytes) -> bytes:
    """Return the body that brings ``ckc`` in ``shape``; its Content-Type is in ANSWER_TYPES."""
    text = base64.b64encode(ckc).decode("ascii")
    if shape is Shape.FORM:
        return f"<ckc>{text}</ckc>".encode("ascii")
    return json.dumps({"ckc": text}).encode("ascii") if shape is Shape.JSON else ckc


def _recognise(body: bytes) -> Shape:
    if body.lstrip()[:1] == b"{":
        return Shape.JSON
    return Shape.FORM if _FORM_START.match(body) else Shape.RAW


def _mismatch(shape: Shape, said: str) -> str:
    declared = f"it says {said[:64]!a}" if said else "there is none"
    return f"the body is {shape.value}; Content-Type should be {MEDIA_TYPES[shape]}, {declared}"


def _form_field(body: bytes) -> tuple[str, tuple[str, ...]]:
    values = read_parameters(body).get("spc", ())
    if len(values) != 1:
        raise _not_unwrapped("form field spc", "it once", f"it {len(values)} times")
    text = values[0].strip()
    if " " in text:
        # Base64 has no blanks: they are a + that was not percent-encoded.
        return text.replace(" ", "+"), ("blanks in the form field spc were read as +; send + as %2B",)
    return text, ()


def _json_member(body: bytes) -> str:
    try:
        value = parse_json(body)
    except ValueError as error:
        raise _not_unwrapped("JSON body", '{"spc": "<Base64>"}', f"a mistake ({error})") from None
    spc = value.get("spc")
    if not isinstance(spc, str):
        found = "no member spc" if "spc" not in value else f"spc as {type(spc).__name__}"
        raise _not_unwrapped("JSON body", '{"spc": "<Base64>"}', found)
    return spc


def _decode_base64(text: str, shape: Shape) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _not_unwrapped(f"spc in the {shape.value} body", "Base64", _describe(text)) from None


def _describe(text: str) -> str:
    if "-----BEGIN" in text:
        return "PEM text"
    if re.search(r"\s", text):
        return "Base64 with white space in it"
    if re.fullmatch(r"[A-Za-z0-9_-]+=*", text):
        return "the URL-safe alphabet, or a cut end"
    return f"{len(text)} characters that are no Base64"


def _not_unwrapped(subject: str, expected: str, found: str) -> Refusal:
    return Refusal(
        Code.DEVICE_NOT_AUTHENTICATED,
        subject,
        expected=expected,
        found=found,
        fix="post the raw octets of the SPC, or standard Base64 as form field or JSON member spc",
        cause=NotAnSpc.number,
    )
