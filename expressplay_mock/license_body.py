"""The license service's messages: the shapes in which players post an SPC, and the CKC in the same shape.

| shape | body | answer |
|---|---|---|
| raw | the octets of the SPC | the octets of the CKC |
| form | `spc=<Base64>`, with or without `assetId=` | `<ckc><Base64></ckc>` |
| json | `{"spc": "<Base64>"}` | `{"ckc": "<Base64>"}` |
| streaming request | Apple's `{"fairplay-streaming-request": …}`, one SPC | `{"fairplay-streaming-response": …}` |

The body itself tells its shape: an SPC starts with a zero byte, which no text does. The Content-Type that players
send with it is often wrong, so it decides nothing; where it contradicts the body, a note says so. Any other wrapping is
refused by its name, whether an SPC is found in it or not: a real service would not look inside.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Any

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import FORM, read_parameters
from fairplay.errors import NotAnSpc
from fairplay.mistakes import Mistake, is_ckc, recognise
from fairplay.wrappings import described, text_paths, unwrap
from simulation.strict_json import parse_json

MAX_BODY = 64 * 1024
"""Bytes of a request body. An SPC has some thousand."""

REQUEST, RESPONSE, CREATE = "fairplay-streaming-request", "fairplay-streaming-response", "create-ckc"
"""The members of Apple's own JSON shape."""
MAX_NAMES = 8
"""Members or fields that a refusal names."""

_FORM_START = re.compile(rb"[A-Za-z0-9_.+\[\]%-]{1,64}=[!-~\s]*", re.DOTALL)
_BASE64 = re.compile(rb"\s*[A-Za-z0-9+/]*={0,2}\s*")
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,40}", re.ASCII)


class SpcShape(Enum):
    """How an SPC is wrapped; the value is the name in the journal."""

    RAW = "raw"
    FORM = "form"
    JSON = "json"
    STREAMING_REQUEST = "streaming request"


MEDIA_TYPES: Mapping[SpcShape, str] = {
    SpcShape.RAW: "application/octet-stream",
    SpcShape.FORM: FORM,
    SpcShape.JSON: "application/json",
    SpcShape.STREAMING_REQUEST: "application/json",
}
ANSWER_TYPES: Mapping[SpcShape, str] = {**MEDIA_TYPES, SpcShape.FORM: "text/plain; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class LicenseBody:
    """An SPC taken out of its wrapping, or the `problem` that kept it in; `notes` are worth a reader's look.

    `id` is what a streaming request calls its SPC, which the answer has to repeat.
    """

    shape: SpcShape
    spc: bytes = field(default=b"", repr=False)
    problem: Refusal | None = None
    notes: tuple[str, ...] = ()
    id: int | str | None = None


def read_body(body: bytes, content_type: str | None) -> LicenseBody:
    """Recognise the shape of `body` and unwrap it; never fails: what is no SPC is refused when it is opened."""
    shape = _recognise(body)
    value: dict[str, Any] = {}
    problem = None
    if shape is SpcShape.JSON:
        try:
            value = parse_json(body)
        except ValueError as error:
            problem = _not_unwrapped("JSON body", '{"spc": "<Base64>"}', f"a mistake ({error})")
        shape = SpcShape.STREAMING_REQUEST if REQUEST in value else SpcShape.JSON
    said = (content_type or "").split(";")[0].strip().lower()
    notes = () if said == MEDIA_TYPES[shape] else (_mismatch(shape, said),)
    if problem:
        return LicenseBody(shape, problem=problem, notes=notes)
    try:
        spc, its_id, remarks = _unwrap(shape, body, value)
        _check_unwrapped(spc, shape)
        return LicenseBody(shape, spc, notes=notes + remarks, id=its_id)
    except Refusal as refusal:
        return LicenseBody(shape, problem=refusal, notes=notes)


def write_answer(body: LicenseBody, ckc: bytes) -> bytes:
    """Return the body that brings `ckc` in the shape of the request; its Content-Type is in ANSWER_TYPES."""
    text = base64.b64encode(ckc).decode("ascii")
    match body.shape:
        case SpcShape.FORM:
            return f"<ckc>{text}</ckc>".encode("ascii")
        case SpcShape.JSON:
            return json.dumps({"ckc": text}).encode("ascii")
        case SpcShape.STREAMING_REQUEST:
            return json.dumps({RESPONSE: {CREATE: [{"id": body.id, "ckc": text}]}}).encode("ascii")
    return ckc


def _recognise(body: bytes) -> SpcShape:
    if body.lstrip()[:1] == b"{":
        return SpcShape.JSON
    return SpcShape.FORM if _FORM_START.fullmatch(body) and not _BASE64.fullmatch(body) else SpcShape.RAW


def _unwrap(shape: SpcShape, body: bytes, value: dict[str, Any]) -> tuple[bytes, int | str | None, tuple[str, ...]]:
    """Return the SPC, its id in a streaming request, and remarks."""
    match shape:
        case SpcShape.FORM:
            text, remarks = _form_field(body)
            return _decode_base64(text, shape), None, remarks
        case SpcShape.JSON:
            return _decode_base64(_json_member(value), shape), None, ()
        case SpcShape.STREAMING_REQUEST:
            text, its_id = _only_request(value[REQUEST])
            return _decode_base64(text, shape), its_id, ()
    return body, None, ()


def _check_unwrapped(spc: bytes, shape: SpcShape) -> None:
    """Raise `Refusal` for an SPC that is wrapped once more than its shape says, or was made text on its way."""
    names, inside = unwrap(spc)
    if names and inside.startswith(b"\0\0\0"):
        raw = shape is SpcShape.RAW
        found = described(names) if raw else f"{described(('Base64', *names))}, in the {shape.value} body"
        raise _not_unwrapped("SPC", "it once, in one of the shapes", found, recognise(spc))
    mistake = recognise(spc)
    if mistake and spc.startswith(b"\0\0\0") and not is_ckc(spc):
        raise _not_unwrapped("SPC", "its bytes as the device made them", mistake.what, mistake)


def _mismatch(shape: SpcShape, said: str) -> str:
    declared = f"it says {said[:64]!a}" if said else "there is none"
    return f"the body is {shape.value}; Content-Type should be {MEDIA_TYPES[shape]}, {declared}"


def _form_field(body: bytes) -> tuple[str, tuple[str, ...]]:
    fields = read_parameters(body)
    values = fields.get("spc", ())
    if len(values) != 1:
        found = f"it {len(values)} times" if values else f"it 0 times, and {_listed(fields)}"
        raise _not_unwrapped("form field spc", "it once", found)
    text = values[0].strip()
    if " " in text:
        # Base64 has no blanks: they are a + that was not percent-encoded.
        return text.replace(" ", "+"), ("blanks in the form field spc were read as +; send + as %2B",)
    return text, ()


def _json_member(value: dict[str, Any]) -> str:
    spc = value.get("spc")
    if not isinstance(spc, str):
        names = [path for path, _ in islice(text_paths(value), MAX_NAMES)] or list(value)
        found = f"no member spc, and {_listed(names)}" if "spc" not in value else f"spc as {type(spc).__name__}"
        raise _not_unwrapped("JSON body", '{"spc": "<Base64>"}', found)
    return spc


def _only_request(value: Any) -> tuple[str, int | str]:
    """Return the text of the one SPC in Apple's shape, and its id."""
    expected = f'{{"{REQUEST}": {{"version": 1, "{CREATE}": [{{"id": 1, "uri": "skd://…", "spc": "<Base64>"}}]}}}}'
    match value:
        case {"version": 1 as version, "create-ckc": [{"id": its_id, "spc": str(spc)}]} if type(
            version
        ) is int and type(its_id) in (int, str):
            return spc, its_id
        case {"create-ckc": [_, _, *_] as several}:
            raise _not_unwrapped(REQUEST, "one SPC for the one key of a token", f"{len(several)}")
    names = [path for path, _ in islice(text_paths(value), MAX_NAMES)]
    raise _not_unwrapped(REQUEST, expected, f"another form, with {_listed(names)}")


def _listed(names: Iterable[str]) -> str:
    """Name fields or members, but no text that looks like anything else than a name."""
    shown = [name if _NAME.fullmatch(name) else "one of another form" for name in islice(names, MAX_NAMES)]
    return ", ".join(shown) or "nothing else"


def _decode_base64(text: str, shape: SpcShape) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    try:
        if unwrap(data)[0][:1] == ("hex digits",):  # which are letters of Base64 as well
            raise ValueError
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise _not_unwrapped(f"spc in the {shape.value} body", "Base64", _describe(data), recognise(data)) from None


def _describe(text: bytes) -> str:
    names, inside = unwrap(text)
    if names and inside.startswith(b"\0\0\0"):
        return described(names)
    mistake = recognise(text)
    if mistake and not text.startswith(b"AAAAA"):
        return mistake.what
    if re.search(rb"\s", text):
        return "Base64 with white space in it"
    if re.fullmatch(rb"[A-Za-z0-9_+/-]+=*", text):
        return "Base64 without its padding, in the URL-safe alphabet, or with a cut end"
    return f"{len(text)} bytes that are no Base64"


def _not_unwrapped(subject: str, expected: str, found: str, mistake: Mistake | None = None) -> Refusal:
    return Refusal(
        Code.DEVICE_NOT_AUTHENTICATED,
        subject,
        expected=expected,
        found=found,
        fix=mistake.fix
        if mistake
        else "post the raw octets of the SPC, or standard Base64 as form field or JSON member spc",
        cause=NotAnSpc.number,
    )
