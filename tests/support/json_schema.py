"""The part of JSON Schema (draft 2020-12) that docs/recording.schema.json uses; any other keyword is an error.

Small enough to read, so that checking recordings takes no further dependency.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Check = Callable[[Any, Any, Any, Any], Iterator[str]]
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}
NOTES = {"$schema", "$defs", "title", "description"}


def errors(value: Any, schema: Any, root: Any = None) -> list[str]:
    """Return what is wrong with `value`, one text each; an empty list if it fits."""
    root = root or schema
    found = []
    for keyword, said in schema.items():
        if keyword not in NOTES:
            found += list(CHECKS[keyword](value, said, schema, root))
    return found


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _type(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    names = said if isinstance(said, list) else [said]
    if not any(_is(value, name) for name in names):
        yield f"{value!r:.60} is no {names}"


def _required(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{name} is missing" for name in said if name not in value)


def _properties(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value.keys() & said.keys():
            yield from (f"{name}: {text}" for text in errors(value[name], said[name], root))


def _patterns(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    for pattern, inner in said.items():
        for name in (name for name in value if re.search(pattern, name)):
            yield from (f"{name}: {text}" for text in errors(value[name], inner, root))


def _additional(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name in value.keys() - schema.get("properties", {}).keys():
        if any(re.search(pattern, name) for pattern in patterns):
            continue
        if said is False:
            yield f"{name} is not known"
        else:
            yield from (f"{name}: {text}" for text in errors(value[name], said, root))


def _one_of(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    fitting = sum(not errors(value, one, root) for one in said)
    if fitting != 1:
        yield f"{value!r:.60} fits {fitting} of {len(said)} forms"


def _reference(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    yield from errors(value, root["$defs"][said.removeprefix("#/$defs/")], root)


def _items(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    for at, item in enumerate(value if isinstance(value, list) else ()):
        yield from (f"[{at}] {text}" for text in errors(item, said, root))


def _names(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
    for name in value if isinstance(value, dict) else ():
        yield from errors(name, said, root)


def _if(wrong: Callable[[Any, Any], bool], words: str) -> Check:
    def check(value: Any, said: Any, schema: Any, root: Any) -> Iterator[str]:
        if wrong(value, said):
            yield f"{value!r:.60} {words} {said!r:.60}"

    return check


CHECKS: dict[str, Check] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "oneOf": _one_of,
    "$ref": _reference,
    "const": _if(lambda value, said: value != said, "is not"),
    "enum": _if(lambda value, said: value not in said, "is none of"),
    "pattern": _if(lambda value, said: isinstance(value, str) and not re.search(said, value), "does not match"),
    "minimum": _if(lambda value, said: _is(value, "number") and value < said, "is below"),
    "maximum": _if(lambda value, said: _is(value, "number") and value > said, "is above"),
}
