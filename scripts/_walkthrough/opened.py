"""The blocks that open a message: the annotated layers of SPC and CKC, and the parts of a token."""

from collections.abc import Callable, Mapping

from _markdown import table

from _walkthrough.blocks import Maker, Material
from fairplay.annotate import Annotation
from walkthrough.page.inspector import TOKEN_FIELDS, TOKEN_TAG
from walkthrough.page.message_bytes import message_bytes
from walkthrough.record.inspection import Inspection, inspect_bytes

WHOLE, ENDS = 20, 8
"""Bytes of a field shown whole; of a longer one, so many from its start and half as many from its end."""


def message(source: Material, place: str, kind: str) -> Inspection:
    """Return the inspected message of a step of the recording."""
    return next(one for one in inspect_bytes(source.data) if (one.source, one.kind) == (place, kind))


def field(source: Material, place: str, kind: str, name: str) -> Annotation:
    """Return one annotated field of a message."""
    return next(note for note in message(source, place, kind).notes if note.field == name)


def token_of(source: Material, n: int) -> str:
    """Return the token that SEES handed on in step 3 or 10."""
    return str(source.steps[n]["response"]["epTokenURL"]).partition("=")[2]


def token_bytes(source: Material, n: int) -> bytes:
    """Return the bytes of that token."""
    return message_bytes(token_of(source, n), "token")


def _layer(kind: str) -> Maker:
    def make(source: Material, argument: str) -> str:
        step, _, layer = argument.partition(" ")
        found = message(source, f"step {step}", kind)
        head = [source.say(word) for word in ("offset", "size", "bytes", "field", "value", "meaning")]
        notes = [note for note in found.notes if note.layer == layer and not _is_wrapping(note)]
        return table(head, [_row(note, source.say) for note in notes])

    return make


def _is_wrapping(note: Annotation) -> bool:
    return note.field.endswith((": header", ": padding"))


def _row(note: Annotation, say: Callable[[str], str]) -> tuple[object, ...]:
    value = note.value.partition(" (")[2].rstrip(")") if note.value.startswith(note.data.hex()) else note.value
    ours = " (**ours**)" if note.origin.value != "FairPlay" else ""
    return note.offset, note.length, f"`{_hex(note.data)}`", f"**{note.field}**{ours}", value, say(note.meaning)


def _hex(data: bytes) -> str:
    return data.hex() if len(data) <= WHOLE else f"{data[:ENDS].hex()}…{data[-ENDS // 2 :].hex()}"


def _token(source: Material, argument: str) -> str:
    data = token_bytes(source, int(argument))
    rows, offset = [], 0
    for name, size, _ in TOKEN_FIELDS:
        rows.append((offset, size, f"`{data[offset:][:size].hex()}`", f"**{source.say(name)}**"))
        offset += size
    sealed = data[offset:-TOKEN_TAG]
    rows.append((offset, len(sealed), f"`{_hex(sealed)}`", f"**{source.say('sealed restrictions')}**"))
    rows.append((len(data) - TOKEN_TAG, TOKEN_TAG, f"`{data[-TOKEN_TAG:].hex()}`", f"**{source.say('tag')}**"))
    return table([source.say(word) for word in ("offset", "size", "bytes", "field")], rows)


def _size(source: Material, argument: str) -> str:
    kind, _, step = argument.partition(" ")
    if kind == "token":
        return str(len(token_of(source, int(step))))
    return str(message(source, f"step {step}", kind.upper()).size)


MAKERS: Mapping[str, Maker] = {"spc": _layer("SPC"), "ckc": _layer("CKC"), "token": _token, "size": _size}
