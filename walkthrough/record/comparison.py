"""Compares two recordings, step by step: fields and outcomes, not what differs from run to run.

Times, token URLs, SPCs and CKCs, message ids and event ids are replaced by names in order of appearance, so that what
belongs together still must. Words for people (why, errorText, …) are left to whoever wrote the server.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from emulator.urls import path_of
from fairplay.ckc import read_frame
from fairplay.envelope import read_envelope
from fairplay.errors import CkcError, SpcError
from walkthrough.record.recorded import RecordedStep, Recording, all_steps, place_of
from walkthrough.record.recording import shorten

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
    """What came out: the first difference, if there is one, and what nobody showed this time.

    `unseen` has recorded steps (`step 7`), decisions (`decision of step 10`), `log_after` and `playback`. Nothing
    compared those: they are neither equal nor different.
    """

    difference: Difference | None
    unseen: tuple[str, ...]


@dataclass
class _Names:
    """The names given to the values of one recording."""

    cookie: str
    given: dict[str, dict[Any, str]] = field(default_factory=dict)

    def name(self, kind: str, value: Any) -> str:
        names = self.given.setdefault(kind, {})
        return names.setdefault(value, f"{kind} {len(names) + 1}")


def compare(recorded: Recording, found: Recording) -> Comparison:
    """Compare a recording with that of another run."""
    steps = _unseen({step["n"] for step in all_steps(recorded)}, {step["n"] for step in all_steps(found)})
    unseen = [f"step {n}" for n in steps]
    unseen += [f"decision of step {n}" for n in _unseen_decisions(recorded, found)]
    # Whoever keeps no journal tells of no rows; whoever offers no titles shows no pictures.
    if recorded["log_after"] and not found["log_after"] and set(steps) & set(BEHIND_EXPRESSPLAY):
        unseen.append("log_after")
    if recorded["playback"] and not found["playback"]:
        unseen.append("playback")
    return Comparison(next(_differences(recorded, found, steps, unseen), None), tuple(unseen))


def _differences(
    recorded: Recording, found: Recording, steps: Sequence[int], unseen: Sequence[str]
) -> Iterator[Difference]:
    """Yield what differs, in the order of the run. Behind a step that is missing or new there is nothing to compare."""
    old, new = _Names(recorded["cookie"]), _Names(found["cookie"])
    yield from _differ("device", "", recorded["device"], found["device"])
    expected_steps = [(_place(step), step) for step in all_steps(recorded) if step["n"] not in steps]
    found_steps = [(_place(step), step) for step in all_steps(found)]
    known = {place for place, _ in expected_steps}
    for (place, step), (other_place, other) in zip_longest(expected_steps, found_steps, fillvalue=("", None)):
        if step is None or (other and other_place != place and other_place not in known):
            yield Difference(other_place, "", NOTHING, other["summary"] if other else NOTHING)
            return
        if other is None or other_place != place:
            yield Difference(place, "", step["summary"], other_place or NOTHING)
            return
        if step["ok"] != other["ok"] and step["summary"] != other["summary"]:
            yield Difference(place, "", step["summary"], other["summary"])
        one, two = _levelled(step, other)
        yield from _differ(place, "", _settle(one, old), _settle(two, new))
    if "log_after" not in unseen:
        yield from _differ("log_after", "", _settle(recorded["log_after"], old), _settle(found["log_after"], new))
    if "playback" not in unseen:
        yield from _differ("playback", "", _settle(recorded["playback"], old), _settle(found["playback"], new))


def _place(step: RecordedStep) -> str:
    return place_of(step["n"], step.get("round", 1))


def _unseen(expected: set[int], found: set[int]) -> tuple[int, ...]:
    """Return the steps that nobody could tell about in this run: their journal, or the way to it, is not there."""
    groups = (PRELUDE, BEHIND_SEES, BEHIND_EXPRESSPLAY)
    return tuple(n for group in groups if not found & set(group) for n in group if n in expected)


def _unseen_decisions(recorded: Recording, found: Recording) -> tuple[int, ...]:
    """Return the steps that were told this time, but without the decision that the recording has."""
    told = {_place(step): step for step in all_steps(found)}
    decided = [step for step in all_steps(recorded) if isinstance(step.get("decision"), Mapping)]
    untold = [
        step["n"]
        for step in decided
        if (other := told.get(_place(step))) and not isinstance(other.get("decision"), Mapping)
    ]
    return tuple(dict.fromkeys(untold))


def _levelled(step: RecordedStep, other: RecordedStep) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Level what a party notes beside the API, its decision: it may tell more than was recorded, or keep no journal."""
    known, told = step.get("decision"), other.get("decision")
    if not isinstance(known, Mapping) or not isinstance(told, Mapping):
        same = {"decision": None}
        return {**step, **same}, {**other, **same}
    return step, {**other, "decision": {name: value for name, value in told.items() if name in known}}


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
        return path_of(value)
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
    settled = re.sub(r"cookie .{1,100}?, time", "cookie <cookie>, time", settled)
    settled = re.sub(r"\d+ bytes", "<size> bytes", settled)
    return re.sub(r"token \S+…\S+", "token <token>", settled)


def _differ(place: str, path: str, expected: Any, found: Any) -> Iterator[Difference]:
    """Yield the differences of two settled values; the summary of a step comes last, as it tells the rest."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        names = dict.fromkeys([*expected, *found])
        for name in sorted(names, key=lambda name: name == "summary"):
            inner = f"{path}.{name}".lstrip(".")
            yield from _differ(place, inner, expected.get(name, MISSING), found.get(name, MISSING))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for at, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from _differ(place, f"{path}[{at}]", one, other)
    elif type(expected) is not type(found) or expected != found:
        yield Difference(place, path, _shown(expected), _shown(found))


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    text = f"{len(value)} entries" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    return shorten(text, 120)
