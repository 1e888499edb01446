"""Compares two recordings, step by step: fields and outcomes, not what differs from run to run.

Times, token URLs, SPCs and CKCs, message ids and event ids are replaced by names in order of appearance, so that what
belongs together still must. Words for people (why, errorText, …) are left to whoever wrote the server.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

from fairplay.ckc import read_frame
from fairplay.errors import CkcError, SpcError
from fairplay.spc import read_envelope
from walkthrough.record.recording import place_of, shorten

WORDS = {"why", "errorText", "errorMessage", "hint", "query", "knows", "ignored", "notes"}
"""Fields with text for people, and what one server implementation notes beside the API."""
IDS = {
    "messageID": "message",
    "event_id": "event",
    "event_ids": "event",
    "epTokenURL": "token URL",
    "tokenUrl": "token URL",
}
TIMES = {"time", "expires"}
COOKIES = {"cookie", "customerCookie"}
URLS = {"url", "playlist"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
PRELUDE = (0,)
"""Told only where SEES offers titles."""
BEHIND_SEES = (2, 7, 8, 9)
"""Steps that the client's trace reaches only where SEES passes its header on."""
BEHIND_EXPRESSPLAY = (5, 12)
"""Steps that only an ExpressPlay which keeps a journal tells."""
REST = ("log_after", "playback")
NOTHING = "no such step"
MISSING = object()


@dataclass(frozen=True)
class Difference:
    """The first difference: where (`step 7`), in which field, what was recorded and what came now."""

    place: str
    field: str
    expected: str
    found: str


@dataclass(frozen=True)
class Comparison:
    """What came out: the first difference, if there is one, and which recorded places nobody told about this time."""

    difference: Difference | None
    unseen: tuple[str, ...]


@dataclass
class _Names:
    """The names given to the values of one recording."""

    cookie: str
    given: dict[tuple[str, Any], str] = field(default_factory=dict)

    def name(self, kind: str, value: Any) -> str:
        count = sum(named == kind for named, _ in self.given)
        return self.given.setdefault((kind, value), f"{kind} {count + 1}")


def compare(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> Comparison:
    """Compare a recording with that of another run."""
    old, new = _Names(recorded["cookie"]), _Names(found["cookie"])
    if difference := _differ("device", "", recorded["device"], found["device"]):
        return Comparison(difference, ())
    old_steps, new_steps = _steps(recorded), _steps(found)
    unseen = _unseen({step["n"] for _, step in old_steps}, {step["n"] for _, step in new_steps})
    old_steps = [(place, step) for place, step in old_steps if step["n"] not in unseen]
    unseen_places = tuple(f"step {n}" for n in unseen)
    known = {place for place, _ in old_steps}
    for (place, step), (other_place, other) in zip_longest(old_steps, new_steps, fillvalue=("", {})):
        if place != other_place:
            missing = other_place if not place or (other_place and other_place not in known) else place
            expected = str(step.get("summary")) if missing == place else NOTHING
            instead = str(other.get("summary")) if missing != place else other_place or NOTHING
            return Comparison(Difference(missing, "", expected, instead), unseen_places)
        if step.get("ok") != other.get("ok") and step["summary"] != other["summary"]:
            return Comparison(Difference(place, "", step["summary"], other["summary"]), unseen_places)
        if difference := _differ(place, "", _settle(step, old), _settle(_as_told(step, other), new)):
            return Comparison(difference, unseen_places)
    for name in REST:
        # Whoever keeps no journal tells of no rows; whoever offers no titles shows no pictures.
        if found[name] and (difference := _differ(name, "", _settle(recorded[name], old), _settle(found[name], new))):
            return Comparison(difference, unseen_places)
    return Comparison(None, unseen_places)


def _steps(recording: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    prelude = [recording["prelude"]] if recording.get("prelude") else []
    return [(place_of(step["n"], step.get("round", 1)), step) for step in [*prelude, *recording["steps"]]]


def _unseen(expected: set[int], found: set[int]) -> tuple[int, ...]:
    """Return the steps that nobody could tell about in this run: their journal, or the way to it, is not there."""
    groups = (PRELUDE, BEHIND_SEES, BEHIND_EXPRESSPLAY)
    return tuple(n for group in groups if not found & set(group) for n in group if n in expected)


def _as_told(step: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Level what a party notes beside the API, its decision: it may tell more than was recorded, or keep no journal."""
    told, known = other.get("decision"), step.get("decision")
    if not isinstance(known, Mapping):
        return {name: value for name, value in other.items() if name != "decision" or "decision" in step}
    if not isinstance(told, Mapping):
        return {**other, "decision": known}
    return {**other, "decision": {name: value for name, value in told.items() if name in known}}


def _settle(value: Any, names: _Names, name: str = "") -> Any:
    """Replace in a part of a recording, the value of a field `name`, what differs from run to run."""
    if isinstance(value, Mapping):
        return {key: _settle(inner, names, key) for key, inner in value.items() if key not in WORDS}
    if isinstance(value, list):
        return [_settle(inner, names, name) for inner in value]
    if name in IDS and value:
        return names.name(IDS[name], value)
    if not isinstance(value, str):
        return value
    if name in COOKIES:
        return "the run's cookie" if value == names.cookie else names.name("another cookie", value)
    if name in TIMES:
        return "a time" if TIME.fullmatch(value) else value
    if name in URLS:
        return urlsplit(value).path
    if name in ("spc", "ckc"):
        return _describe_message(name, value)
    return _without_sizes(value, names.cookie) if name == "summary" else value


def _describe_message(name: str, text: str) -> str:
    try:
        data = base64.b64decode(text, validate=True)
        if name == "spc":
            return f"an SPC of version {read_envelope(data).version}"
        read_frame(data)
    except (SpcError, CkcError, ValueError) as error:
        return f"no {name.upper()}: {error}"
    return "a CKC"


def _without_sizes(summary: str, cookie: str) -> str:
    settled = summary.replace(shorten(cookie, 16), "<cookie>")
    settled = re.sub(r"cookie .+?, time", "cookie <cookie>, time", settled)
    settled = re.sub(r"\d+ bytes", "<size> bytes", settled)
    return re.sub(r"token \S+…\S+", "token <token>", settled)


def _differ(place: str, path: str, expected: Any, found: Any) -> Difference | None:
    """Return the first difference of two settled values; the summary of a step comes last, as it tells the rest."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        keys = sorted(dict.fromkeys([*expected, *found]), key=lambda key: key == "summary")
        inner = ((f"{path}.{key}".lstrip("."), expected.get(key, MISSING), found.get(key, MISSING)) for key in keys)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        inner = ((f"{path}[{at}]", *pair) for at, pair in enumerate(zip(expected, found, strict=True)))
    elif type(expected) is type(found) and expected == found:
        return None
    else:
        return Difference(place, path, _shown(expected), _shown(found))
    return next((difference for part in inner if (difference := _differ(place, *part))), None)


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = f"{len(value)} entries" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    return shorten(text, 120)
