"""The members of a recording, as types. docs/recording.schema.json says the same to others."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

FORMAT, VERSION = "binding-recording", 1


class Row(TypedDict):
    """A row of the transaction log: one redemption. `result` is 0 where a license was issued."""

    event_id: int
    time: str
    cookie: str | None
    device_id: str | None
    content_id: str | None
    registration: bool
    result: int
    cause: int | None


RecordedStep = TypedDict(
    "RecordedStep",
    {
        "n": int,
        "round": NotRequired[int],
        "from": str,
        "to": str,
        "summary": str,
        "method": NotRequired[str],
        "url": NotRequired[str],
        "status": NotRequired[int],
        "party": NotRequired[str],
        "request": NotRequired[Any],
        "response": NotRequired[Any],
        "decision": NotRequired[Any],
        "time": str,
        "ok": bool,
        "knows": Mapping[str, str],
    },
)
"""A step that happened. An exchange has method, URL and status; any other step the `party` that tells of it.

`round` counts how often steps 6 to 13 were gone through, and is left out for the first time. `ok` is false for a
refusal. Requests, responses and decisions are as the parties journalled them.
"""


class RecordedDevice(TypedDict):
    """The device that registered."""

    seed: str
    device_id: str


class RecordedClient(TypedDict):
    """How the client was run, for replay. `watch_for` is in seconds, `plays_on` a seed."""

    registers: bool
    plays: bool
    title: str | None
    spc_version: int
    spc_shape: str
    plays_on: str | None
    watch_for: NotRequired[float]


class RecordedTrack(TypedDict):
    """How one track played; `period` only where a title has several. `expected` is null where nobody knows."""

    kind: str
    verdict: str
    frames: int
    expected: int | None
    period: NotRequired[int]


class RecordedPlayback(TypedDict):
    """How the title played."""

    played: bool
    outcome: str
    tracks: list[RecordedTrack]


class RecordedScenario(TypedDict):
    """What came of an experiment, in one line."""

    name: str
    expected: str
    actual: str
    ok: bool


class Recording(TypedDict):
    """One run."""

    format: str
    version: int
    made: str
    services: dict[str, str]
    device: RecordedDevice
    cookie: str
    prelude: RecordedStep | None
    steps: list[RecordedStep]
    log_before: list[Row]
    log_after: list[Row]
    playback: RecordedPlayback | None
    scenarios: list[RecordedScenario]
    client: NotRequired[RecordedClient]
    device_keys: NotRequired[dict[str, Any]]


def all_steps(recording: Recording) -> list[RecordedStep]:
    """Return step 0, if it happened, and those after it."""
    return [*([recording["prelude"]] if recording["prelude"] else []), *recording["steps"]]


def place_of(step: object, number: object) -> str:
    """Name a step of a round, as `device_keys` does."""
    return f"step {step}" if number == 1 else f"step {step}, round {number}"
