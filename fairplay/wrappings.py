"""What an SPC or CKC is wrapped in, by custom or by mistake: taken off a layer at a time, each with its name.

Nothing here decides what a server takes: it names what was sent, and lets a reader see what is inside. Layers are
looked for by the bytes alone; each is bounded, and no more than `MAX_LAYERS` are taken off.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

MAX_LAYERS = 5
MAX_SIZE = 1 << 20
"""Bytes of what comes out of a layer. An SPC has some thousand."""
MIN_TEXT = 16
"""Bytes that a text must have to be worth decoding."""

_DATA_URI = re.compile(rb"data:[^,\s]{0,100},")
_BOUNDARY = re.compile(rb"--([^\r\n]{1,70})(\r?\n)")
_FIELD = re.compile(rb"[A-Za-z0-9_.\-\[\]]{1,40}=")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+=*")
_PRINTABLE = re.compile(rb"[!-~]*")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_NAME = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,40}", re.ASCII)


class Layer(NamedTuple):
    """A wrapping by its name, and what was in it."""

    name: str
    inside: bytes


def peel(data: bytes) -> Layer | None:
    """Return the outermost layer of `data`, None where there is none that is known."""
    for look in _LAYERS:
        layer = look(data)
        if layer and layer.inside:
            return layer
    return None


def unwrap(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """Return the names of all layers of `data` from the outside in, and what is in the innermost."""
    names: list[str] = []
    while len(names) < MAX_LAYERS and not data.startswith(b"\0\0\0") and (layer := peel(data)):
        names.append(layer.name)
        data = layer.inside
    restored = _through_text_mode(data)
    return ((*names, restored.name), restored.inside) if restored else (tuple(names), data)


def described(names: tuple[str, ...]) -> str:
    """Return the layers as a person says them: "Base64 in JSON member a.b"."""
    return " in ".join(reversed(names))


def text_paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and text of every string in a JSON value, names that are none left out."""
    if isinstance(value, str):
        yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        shown = str(name) if _NAME.fullmatch(str(name)) else "?"
        yield from text_paths(inner, f"{path}.{shown}" if path else shown)


def _gzip(data: bytes) -> Layer | None:
    if not data.startswith(b"\x1f\x8b"):
        return None
    try:
        return Layer("gzip", zlib.decompressobj(wbits=31).decompress(data, MAX_SIZE))
    except zlib.error:
        return None


def _data_uri(data: bytes) -> Layer | None:
    start = _DATA_URI.match(data)
    return Layer("a data: URI", data[start.end() :]) if start else None


def _multipart(data: bytes) -> Layer | None:
    start = _BOUNDARY.match(data)
    if not start:
        return None
    # By the line ends of the boundary: the message itself may hold any bytes, line ends too.
    boundary, line_end = start[1], start[2]
    bodies = [part.partition(2 * line_end)[2].removesuffix(line_end) for part in data.split(b"--" + boundary)[1:]]
    return Layer("multipart", max(bodies, key=len))


def _json(data: bytes) -> Layer | None:
    if data.lstrip()[:1] not in (b"{", b"[", b'"') or len(data) > MAX_SIZE:
        return None
    try:
        texts = list(text_paths(json.loads(data)))
    except (ValueError, RecursionError):
        return None
    if not texts:
        return None
    # The member named so, or the longest: a message is longer than what is said of it.
    path, text = max(texts, key=lambda found: (found[0].endswith(("spc", "ckc")), len(found[1])))
    return Layer(f"JSON member {path}" if path else "a JSON string", text.encode("utf-8", "surrogatepass"))


def _text_form(data: bytes) -> Layer | None:
    inside = data.strip()
    if not (inside.startswith(b"<ckc>") and inside.endswith(b"</ckc>")):
        return None
    return Layer("<ckc> text", inside[5:-6])


def _form(data: bytes) -> Layer | None:
    if not _FIELD.match(data) or _BASE64.fullmatch(data.strip()):
        return None
    try:
        fields = parse_qsl(data.strip().decode("ascii"), max_num_fields=100)
    except ValueError:
        return None
    if not fields:
        return None
    name, text = max(fields, key=lambda field: len(field[1]))
    return Layer(f"form field {name if _NAME.fullmatch(name) else '?'}", text.replace(" ", "+").encode())


def _percent(data: bytes) -> Layer | None:
    # Two looks: one expression for both would try each escape up to the end.
    if not _PRINTABLE.fullmatch(data.strip()) or not _ESCAPE.search(data):
        return None
    return Layer("percent-encoding", unquote_to_bytes(data))


def _hex(data: bytes) -> Layer | None:
    digits = data.strip()
    if len(digits) < MIN_TEXT or not _HEX.fullmatch(digits) or not digits.startswith(b"000000"):
        return None
    return Layer("hex digits", bytes.fromhex(digits.decode()))


def _base64(data: bytes) -> Layer | None:
    packed = b"".join(data.split())
    if len(packed) < MIN_TEXT or not _BASE64.fullmatch(packed):
        return None
    standard = packed.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        inside = base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        return None
    slips = [
        (packed.translate(None, b"-_") != packed, "URL-safe"),
        (len(packed) % 4 != 0, "without its padding"),
        (packed != data.strip(), "with white space"),
    ]
    return Layer(" ".join(["Base64", *(slip for found, slip in slips if found)]), inside)


def _through_text_mode(data: bytes) -> Layer | None:
    """Undo what a program does that takes bytes for Latin-1 text and writes it as UTF-8."""
    if not data.startswith(b"\0\0\0") or data.isascii():
        return None
    try:
        return Layer("text mode (Latin-1 written as UTF-8)", data.decode("utf-8").encode("latin-1"))
    except UnicodeError:
        return None


_LAYERS: tuple[Callable[[bytes], Layer | None], ...] = (
    _gzip, _data_uri, _multipart, _json, _text_form, _form, _percent, _hex, _base64,
)  # fmt: skip
