"""Tells the steps of a run while it goes on: after each exchange of the client, what all parties journalled so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.transport import Web
from simulation.clock import Clock, rfc3339
from simulation.journal import Journal
from walkthrough.record.recording import collect, make_recording
from walkthrough.record.stage import Stage

Step = Mapping[str, Any]


class TellingJournal(Journal):
    """The client's journal; calls `told` after each entry, in the client's own thread."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("client", clock)
        self.told: Callable[[], None] = lambda: None

    def record(self, **fields: Any) -> None:
        """Append an entry, then tell."""
        super().record(**fields)
        self.told()


@dataclass(frozen=True)
class Heard:
    """A run as far as it came: its recorded steps in order, and the rows of the log that the run wrote."""

    recording: dict[str, Any]
    rows: list[dict[str, Any]]

    @property
    def steps(self) -> list[Step]:
        """Step 0, if it happened, and those after it."""
        prelude = self.recording["prelude"]
        return [*([prelude] if prelude else []), *self.recording["steps"]]


def hear(stage: Stage, web: Web, journal: Journal, *, seed: str, cookie: str) -> Heard:
    """Ask all parties for their journals of this run, and put the steps together."""
    entries = collect(web, stage.sees, stage.expressplay, journal.entries())
    recording = make_recording(
        entries,
        made=rfc3339(Clock().now()),
        seed=seed,
        cookie=cookie,
        services={"sees": stage.sees, "expressplay": stage.expressplay},
    )
    decisions = [entry.get("decision") for entry in entries if entry.get("party") == "log"]
    rows = [dict(row) for row in decisions if isinstance(row, dict) and isinstance(row.get("event_id"), int)]
    return Heard(recording, rows)
