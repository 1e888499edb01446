"""Reads a recording from a file, and says what is wrong with one that cannot be used."""

import types
import typing
from typing import Any

from emulator.errors import BadRecording
from simulation.strict_json import parse_json
from walkthrough.record.recorded import FORMAT, VERSION, Recording, all_steps
from walkthrough.record.steps import LIFELINES

EXPECTED = f'a recording, JSON with "format": "{FORMAT}" and "version": {VERSION}'
RERECORD = "record the run again: fps-emulator bind --recording FILE"


def read_recording(data: bytes) -> Recording:
    """Read a recording. Raises `BadRecording` for anything else, saying what is wrong with it."""
    try:
        value = parse_json(data)
    except ValueError as error:
        raise bad_recording(f"something else: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise bad_recording("JSON of another kind")
    if value.get("version") != VERSION:
        newer = "a newer fps-emulator made it: use that one, or " + RERECORD
        raise bad_recording(f"version {value.get('version')!r}", fix=newer)
    if fits(value, Recording):
        recording = typing.cast(Recording, value)
        if all({step["from"], step["to"]} <= set(LIFELINES) for step in all_steps(recording)):
            return recording
    raise bad_recording("members missing, or of another form (docs/recording.schema.json has them)")


def bad_recording(found: str, *, expected: str = EXPECTED, fix: str = RERECORD) -> BadRecording:
    """Return the error for a file that cannot be used."""
    return BadRecording(expected=expected, found=found, fix=fix)


def fits(value: Any, form: Any) -> bool:
    """Tell whether a JSON value has the form of a type: a TypedDict, a list, a mapping, a union, or a plain type.

    Members that the type does not know are let pass.
    """
    if form is Any:
        return True
    if typing.is_typeddict(form):
        members = typing.get_type_hints(form)
        return (
            isinstance(value, dict)
            and form.__required_keys__ <= value.keys()
            and all(fits(value[name], members[name]) for name in members.keys() & value.keys())
        )
    origin, parts = typing.get_origin(form), typing.get_args(form)
    if origin is types.UnionType:
        return any(fits(value, part) for part in parts)
    if origin is list:
        return isinstance(value, list) and all(fits(one, parts[0]) for one in value)
    if origin is not None:  # a mapping; the names in JSON are text
        return isinstance(value, dict) and all(fits(one, parts[1]) for one in value.values())
    return type(value) is form or (form is float and type(value) is int)
