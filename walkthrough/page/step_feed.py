"""The one way of a step to the browser: an entry of the client's journal, what the services say of it, the page.

The client journals an exchange once it is over. By then the services have journalled what they did for it, so one
look into the journals of those who took part gives all steps of that exchange, and each is told once.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

from emulator.parties import EXPRESSPLAY, SEES, Party
from emulator.transport import Web
from simulation.journal import Journal
from simulation.steps import Step
from walkthrough.page.devices import PageDevice
from walkthrough.page.event_stream import EventStream
from walkthrough.page.pacing import Pacing, PageRun, StartedOver
from walkthrough.record.deployment import Deployment
from walkthrough.record.journals import collect
from walkthrough.record.recorded import Row
from walkthrough.record.recording import record_steps, row_decided_by, written_rows
from walkthrough.record.steps import STEPS

EXCHANGES: Mapping[int, tuple[range, tuple[Party, ...]]] = {
    Step.READ_DUMMY: (range(1), ()),
    Step.ASK_TO_REGISTER: (range(1, 4), (SEES, EXPRESSPLAY)),
    Step.SEND_SPC_TO_REGISTER: (range(4, 6), (EXPRESSPLAY,)),
    Step.ASK_TO_PLAY: (range(6, 11), (SEES, EXPRESSPLAY)),
    Step.SEND_SPC_TO_PLAY: (range(11, 14), (EXPRESSPLAY,)),
}
"""The client's step → the steps of its exchange, and whose journals tell of them (and of rows, which have no step)."""


class StepFeed:
    """The steps of the latest run and the rows of the log that runs of this page wrote; told to who listens."""

    def __init__(self, events: EventStream, pacing: Pacing) -> None:
        self._events, self._pacing = events, pacing
        self.steps: dict[int, dict[str, Any]] = {}
        self._current: dict[str, Any] | None = None
        """The run that goes on, or went on last: device, title, whether it renews, which of its keys it asks for."""
        self._rows: dict[int | None, dict[str, Any]] = {}
        """By number. `binds` has the one by which SEES decided."""
        self._changing = threading.Lock()

    def start_over(self) -> None:
        """Give up the run that goes on, and forget all steps and rows."""
        with self._changing:
            self._pacing.start_over()
            self.steps.clear()
            self._rows.clear()
            self._current = None

    def begin(self, run: PageRun, device: str, title: str, *, renews: bool, from_step: int) -> None:
        """Keep the steps before `from_step`, and tell that a run begins. Raises `StartedOver` as `show` does."""
        with self._going_on(run):
            self.steps = {n: step for n, step in self.steps.items() if n < from_step}
            self._current = {"device": device, "title": title, "renews": renews, "round": 1}
            self._events.tell("begin", **self._current, steps=self._shown_steps())

    def show(self, run: PageRun, steps: Sequence[Any], rows: Sequence[Row]) -> None:
        """Show what an exchange of `run` told: each step when its time has come, then the rows that were written.

        Raises `StartedOver` where the learner has started over.
        """
        for step in steps:
            self._pacing.wait(run)
            with self._going_on(run):
                self.steps[step["n"]] = step
                self._current = {**(self._current or {}), "round": step.get("round", 1)}
                decided = row_decided_by(step)
                binding = self._rows.get(decided)
                if binding:
                    self._bind(binding.get("cookie"), decided)
            self._events.tell("step", step=step)
            if binding:
                self._events.tell("rows", rows=self._shown_rows())
        with self._going_on(run):
            new = [row for row in rows if row["event_id"] not in self._rows]
            for row in new:
                self._rows[row["event_id"]] = {**row, "binds": False}
                if row.get("registration") and row.get("result") == 0:
                    self._bind(row.get("cookie"), None)
        if new:
            self._events.tell("rows", rows=self._shown_rows())

    @contextmanager
    def _going_on(self, run: PageRun) -> Iterator[None]:
        """Change the state inside the block, for a run that the learner has not given up."""
        with self._changing:
            if run.over:
                raise StartedOver
            yield

    def _bind(self, cookie: str | None, event_id: int | None) -> None:
        """Mark by which row of a cookie SEES decided last: none where a device has registered since."""
        for row in self._rows.values():
            if row.get("cookie") == cookie:
                row["binds"] = row["event_id"] == event_id

    def shown(self) -> dict[str, Any]:
        """Return how things stand, for a browser that comes new."""
        return {"steps": self._shown_steps(), "rows": self._shown_rows(), "current": self._current}

    def _shown_steps(self) -> list[dict[str, Any]]:
        return [self.steps[n] for n in sorted(self.steps)]

    def _shown_rows(self) -> list[dict[str, Any]]:
        return sorted(self._rows.values(), key=itemgetter("event_id"))


class StepJournal(Journal):
    """The client's journal of one run. What it notes is on the page before the client goes on, in the client's thread.

    `web` carries the trace of the run, `about` is what the page shows with each step: device, title, run.
    """

    def __init__(
        self,
        feed: StepFeed,
        run: PageRun,
        device: PageDevice,
        deployment: Deployment,
        web: Web,
        about: Mapping[str, Any],
    ) -> None:
        super().__init__("client", device.clock)
        self._feed, self._run, self._web, self._about = feed, run, web, about
        self._cookie, self._device_id = device.cookie, device.device_id
        self._services = deployment.services
        self._rounds: dict[Any, int] = {}

    def record(self, **fields: Any) -> dict[str, Any]:
        """Append an entry, and show its exchange. Raises `StartedOver` where the learner has started over."""
        entry = super().record(**fields)
        numbers, parties = EXCHANGES[entry["step"]]
        asked = [(party, base) for party, base in self._services if party in parties]
        found = collect(self._web, asked, [entry])
        entries = [one for one in found if one.get("step") is None or one["step"] in numbers]
        number = self._rounds.setdefault(entry["trace"], len(self._rounds) + 1)
        words = [step for step in STEPS if step.n in numbers]
        steps = record_steps(entries, self._cookie, self._device_id, number, words)
        self._feed.show(self._run, [{**step, **self._about} for step in steps], written_rows(entries))
        return entry
