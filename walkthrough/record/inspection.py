"""`inspect FILE`: recognise an SPC, a CKC or a recording in whatever form it was saved, and annotate its bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.errors import BadRecording
from fairplay.annotate import Annotation, MessageKeys, annotate_ckc, annotate_spc
from fairplay.fields import Layout, Source
from fairplay.layout import CKC_HEADER, CKC_VERSION, SPC_HEADERS
from fairplay.session_key import DerivedKeys
from fairplay.wrappings import MAX_SIZE, described, unwrap
from simulation.steps import Step
from walkthrough.record.recorded import FORMAT, place_of
from walkthrough.record.recording_file import parse_recording, read_recording

UNKNOWN = "neither SPC nor CKC"
CUT = "a recording that is cut or damaged"
START = 200
"""Bytes of a file in which the name of its format is looked for."""
MAX_FILE = 16 * 1024 * 1024
"""Bytes of a file worth inspecting; a recording takes some 100 KB."""
MAX_MESSAGE = 64 * 1024
"""Bytes of an SPC or CKC: ExpressPlay's mock takes no longer one (`expressplay_mock.license_body.MAX_BODY`)."""


class TooLong(Exception):
    """A message is too long to be an SPC or CKC; the text says how long it may be."""


@dataclass(frozen=True)
class Inspection:
    """One message: where it came from in the file, "SPC", "CKC" or neither, and its annotated fields."""

    source: str
    kind: str
    size: int
    notes: tuple[Annotation, ...]


def inspect_bytes(data: bytes) -> list[Inspection]:
    """Return what `data` holds: the messages of a recording, or the one message that it is.

    Raises `TooLong` for a longer message than there can be, `BadRecording` for more values or steps.
    """
    value = _json(data)
    if isinstance(value, dict) and value.get("format") == FORMAT:
        return _inspect_recording(value)
    if value is None and (problem := _damage(data)):
        note = Annotation("recording", 0, data, "recording", data[:32].hex(), CUT, Source.SIMULATION, problem)
        return [Inspection(CUT, UNKNOWN, len(data), (note,))]
    # A wrapping around anything but a message (a certificate, a token) is best explained as what it is itself.
    names, inside = _unwrapped(data)
    if names and inside.startswith(b"\0\0\0"):
        return [_inspect(described(names), inside)]
    return [_inspect("raw bytes", data)]


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Return an inspection as a JSON object."""
    return {
        "source": inspection.source,
        "kind": inspection.kind,
        "size": inspection.size,
        "fields": [field_as_json(note) for note in inspection.notes],
    }


def field_as_json(note: Annotation) -> dict[str, Any]:
    """Return an annotated field as a JSON object, its bytes in hex."""
    return {
        "layer": note.layer,
        "offset": note.offset,
        "length": note.length,
        "field": note.field,
        "value": note.value,
        "meaning": note.meaning,
        "origin": note.origin.value,
        "hex": note.data.hex(),
        "problem": note.problem or None,
    }


def _unwrapped(data: bytes) -> tuple[tuple[str, ...], bytes]:
    """Take the wrappings off a message. Raises `TooLong`."""
    names, inside = unwrap(data) if len(data) <= MAX_SIZE else ((), data)
    if len(inside) > MAX_MESSAGE:
        raise TooLong(f"expected an SPC or CKC of at most {MAX_MESSAGE} bytes, found {len(inside)}")
    return names, inside


def _inspect(source: str, data: bytes, kind: str | None = None, keys: MessageKeys | None = None) -> Inspection:
    kind = kind or _kind_of(data)
    notes = annotate_ckc(data, keys) if kind == "CKC" else annotate_spc(data, keys)
    return Inspection(source, kind, len(data), tuple(notes))


def _kind_of(data: bytes) -> str:
    """Tell a CKC from an SPC by its header, even where it was cut or altered behind that.

    Both begin alike, and both have a version 1: then it is the one whose payload length fits the size better.
    """
    version = int.from_bytes(data[:4], "big")
    if version == CKC_VERSION and _misfit(CKC_HEADER, data) <= _misfit(SPC_HEADERS[CKC_VERSION], data):
        return "CKC"
    return "SPC" if version in SPC_HEADERS else UNKNOWN


def _misfit(header: Layout, data: bytes) -> int:
    """Return by how many bytes `data` differs from what its payload length says, under this header."""
    if len(data) < header.size:
        return MAX_FILE
    return abs(header.size + int.from_bytes(header.part("payload length", data), "big") - len(data))


def _inspect_recording(recording: Mapping[str, Any]) -> list[Inspection]:
    found = []
    steps = recording.get("steps")
    for step in steps if isinstance(steps, list) else []:
        if not isinstance(step, dict):
            continue
        number, rounds = step.get("n"), step.get("round", 1)
        # The CKC of step 13 answers the SPC of step 11, so it opens with the keys of that.
        keys = _keys(recording, place_of(Step.SEND_SPC_TO_PLAY if number == Step.ANSWER_WITH_CKC else number, rounds))
        for part, kind in (("request", "spc"), ("response", "ckc")):
            text = step[part].get(kind) if isinstance(step.get(part), dict) else None
            if isinstance(text, str):
                _, message = _unwrapped(text.encode("utf-8", "replace"))
                found.append(_inspect(place_of(number, rounds), message, kind.upper(), keys))
    return found


def _keys(recording: Mapping[str, Any], place: str) -> MessageKeys | None:
    """Return the message keys of a step from the section `device_keys`, if it is there and whole."""
    section = recording.get("device_keys")
    texts: Any = section.get(place) if isinstance(section, dict) else None
    try:
        values = {name: bytes.fromhex(texts[name]) for name in ("spc_key", "dask", "mac_key", "ckc_key")}
    except (KeyError, TypeError, ValueError):
        return None
    sizes = {name: len(value) for name, value in values.items()}
    if sizes != {"spc_key": 16, "dask": 16, "mac_key": 32, "ckc_key": 16}:
        return None
    derived = DerivedKeys(values["dask"], values["mac_key"])
    return MessageKeys(values["spc_key"], derived, values["ckc_key"])


def _damage(data: bytes) -> str:
    """Say what is wrong with a recording that is no JSON any more; empty for anything else."""
    if not data.lstrip().startswith(b"{") or f'"{FORMAT}"'.encode() not in data[:START]:
        return ""
    try:
        read_recording(data)
    except BadRecording as error:
        return str(error)
    return ""


def _json(data: bytes) -> Any:
    if not data.lstrip().startswith(b"{"):
        return None
    try:
        return parse_recording(data)
    except ValueError:
        return None
