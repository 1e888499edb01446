"""The one way of a step to the browser: an entry of the client's journal, what the services say of it, the feed.

The client journals an exchange once it is over. By then the services have journalled what they did for it, so one
look into the journals of those who took part gives all steps of that exchange, and each is told once.
"""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.transport import EXPRESSPLAY, SEES, Web
from simulation.clock import Clock
from simulation.journal import Journal
from walkthrough.record.journals import fetch_journal
from walkthrough.record.recorded import RecordedStep, Row
from walkthrough.record.recording import record_steps, written_row
from walkthrough.record.stage import Stage
from walkthrough.record.steps import STEPS

Entry = Mapping[str, Any]

EXCHANGES: Mapping[int, tuple[range, tuple[str, ...]]] = {
    0: (range(1), ()),
    1: (range(1, 4), ("sees", "expressplay")),
    4: (range(4, 6), ("expressplay",)),
    6: (range(6, 11), ("sees", "expressplay")),
    11: (range(11, 14), ("expressplay",)),
}
"""The client's step → the steps of its exchange, and whose journals tell of them (and of rows, which have no step)."""


class ToldJournal(Journal):
    """The client's journal of one run; `told` is called with each entry, in the client's own thread."""

    def __init__(self, clock: Clock, told: Callable[[Entry], None]) -> None:
        super().__init__("client", clock)
        self._told = told

    def record(self, **fields: Any) -> None:
        """Append an entry, then tell it."""
        super().record(**fields)
        self._told(self.entries()[-1])


def steps_of(entry: Entry, stage: Stage, web: Web, *, cookie: str, seed: str) -> tuple[list[RecordedStep], list[Row]]:
    """Return the steps of the exchange that `entry` ended, and the rows that the log wrote in it."""
    if entry["step"] not in EXCHANGES:
        return [], []
    numbers, parties = EXCHANGES[entry["step"]]
    journals = {"sees": (SEES, stage.sees), "expressplay": (EXPRESSPLAY, stage.expressplay)}
    traced = web.traced(str(entry["trace"]))
    theirs = [other for party in parties for other in fetch_journal(traced, *journals[party])]
    entries = [entry, *(other for other in theirs if other.get("step") is None or other["step"] in numbers)]
    steps = [step for step in STEPS if step.n in numbers]
    return record_steps(entries, cookie, seed, steps), [row for row in map(written_row, entries) if row]
