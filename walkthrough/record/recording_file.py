"""Reads a recording from a file, and says what is wrong with one that cannot be used."""

import types
import typing
from collections.abc import Iterable
from typing import Any

from emulator.errors import BadRecording
from simulation.strict_json import most_values, parse_json
from walkthrough.record.recorded import FORMAT, VERSION, Recording, all_steps
from walkthrough.record.steps import LIFELINES

EXPECTED = f'a recording, JSON with "format": "{FORMAT}" and "version": {VERSION}'
MAX_NAME = 40
"""Characters of a member's name that an error shows."""
MAX_STEPS = 10_000
"""Steps of a recording, of 1.3 KiB each and more: a file of 16 MiB (`inspection.MAX_FILE`) has no room for more, and a
journal keeps no more entries that tell of them (`simulation.journal.MAX_ENTRIES`)."""
MAX_VALUES = 32 * MAX_STEPS
"""Values of the JSON: a step of ours has some 25."""
RERECORD = "record the run again: fps-emulator bind --recording FILE"
SHORTER = "record a shorter run: with a smaller --for, or fewer keys"


def parse_recording(data: bytes) -> Any:
    """Parse JSON that may be a recording.

    Raises `ValueError` for what is no JSON, and `BadRecording` for more values or steps than a recording can have.
    """
    limit = f"a recording of at most {MAX_STEPS} steps"
    if most_values(data) > MAX_VALUES:
        raise bad_recording(f"JSON that may have {most_values(data)} values", expected=limit, fix=SHORTER)
    value = parse_json(data)
    steps = value.get("steps") if isinstance(value, dict) else None
    if isinstance(steps, list) and len(steps) > MAX_STEPS:
        raise bad_recording(f"{len(steps)}", expected=limit, fix=SHORTER)
    return value


def read_recording(data: bytes) -> Recording:
    """Read a recording. Raises `BadRecording` for anything else, saying what is wrong with it."""
    try:
        value = parse_recording(data)
    except ValueError as error:
        raise bad_recording(f"something else: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise bad_recording("JSON of another kind")
    if value.get("version") != VERSION:
        newer = "a newer fps-emulator made it: use that one, or " + RERECORD
        raise bad_recording(f"version {value.get('version')!r}"[:MAX_NAME], fix=newer)
    if (found := misfit(value, Recording)) is not None:
        raise bad_recording(f"{found} (docs/recording.schema.json has its form)")
    recording = typing.cast(Recording, value)
    for number, step in enumerate(all_steps(recording)):
        if not {step["from"], step["to"]} <= set(LIFELINES):
            raise bad_recording(f"step number {number + 1} in it from or to nobody of {', '.join(LIFELINES)}")
    return recording


def bad_recording(found: str, *, expected: str = EXPECTED, fix: str = RERECORD) -> BadRecording:
    """Return the error for a file that cannot be used."""
    return BadRecording(expected=expected, found=found, fix=fix)


def misfit(value: Any, form: Any, place: str = "") -> str | None:
    """Say where a JSON value has another form than a type has, and what is wrong there; None where it fits.

    The type is a TypedDict, a list, a mapping, a union, or a plain type. Members that it does not know are let pass.
    """
    if form is Any:
        return None
    origin, parts = typing.get_origin(form), typing.get_args(form)
    if origin is types.UnionType:
        found = [misfit(value, part, place) for part in parts]
        return None if None in found else found[0]
    if typing.is_typeddict(form) and isinstance(value, dict):
        missing = ", ".join(sorted(form.__required_keys__ - value.keys()))
        if missing:
            return f"members missing{place and ' in '}{place.removeprefix('.')}: {missing}"
        members = typing.get_type_hints(form)
        return _first((value[name], members[name], f"{place}.{name}") for name in members if name in value)
    if origin is list and isinstance(value, list):
        return _first((one, parts[0], f"{place}[{number}]") for number, one in enumerate(value))
    if origin is not None and origin is not list and isinstance(value, dict):  # a mapping; in JSON the names are text
        return _first((one, parts[1], f"{place}.{name[:MAX_NAME]}") for name, one in value.items())
    if type(value) is form or (form is float and type(value) is int):
        return None
    return f"{place.removeprefix('.') or 'it'} of another form: {type(value).__name__}"


def _first(members: Iterable[tuple[Any, Any, str]]) -> str | None:
    return next((found for member in members if (found := misfit(*member)) is not None), None)
