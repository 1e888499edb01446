"""What the page shows, put together from its parts: devices, steps, rows of the log; and telling who listens."""

import itertools
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from emulator.step import at_step
from emulator.titles import Offer, list_titles
from fairplay.spc import SpcContents
from walkthrough.page.devices import PageDevices
from walkthrough.page.event_stream import EventStream
from walkthrough.page.log_rows import LogRows
from walkthrough.page.pacing import Pacing, Run, StartedOver
from walkthrough.record.recorded import row_decided_by
from walkthrough.record.stage import Stage

MAX_OWN_MESSAGES = 200


@dataclass(frozen=True)
class OwnMessage:
    """What a device of this page knows of an SPC that it made, or of the CKC that answered it."""

    contents: SpcContents
    seed: str


class PageState:
    """The state of one page. Reading it is always possible; runs change it one at a time."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.events = EventStream()
        self.pacing = Pacing()
        self.rows = LogRows()
        self.steps: dict[int, dict[str, Any]] = {}
        self.current: dict[str, Any] | None = None
        """The run that goes on, or went on last: device, title, whether it renews, which of its keys it asks for."""
        self._own: OrderedDict[bytes, OwnMessage] = OrderedDict()
        self._changing = threading.Lock()
        self._lives = itertools.count(1)
        self.devices = PageDevices(self._fresh_cookie())

    def _fresh_cookie(self) -> str:
        life = next(self._lives)
        return f"viewer-{self.stage.run[:4]}" + (f"-{life}" if life > 1 else "")

    def titles(self) -> tuple[Offer, ...]:
        """Return the titles that SEES offers."""
        with at_step(0):
            return list_titles(self.stage.web, self.stage.sees)

    def start_over(self) -> None:
        """Give up the run that goes on, and begin again with two fresh devices, a fresh cookie and an empty table."""
        with self._changing:
            self.pacing.start_over()
            self.steps.clear()
            self.rows.clear()
            self.current = None
            self.devices.begin(self._fresh_cookie())
        self.tell_state()

    def begin_run(self, device: str, title: str, *, renews: bool, from_step: int) -> None:
        """Keep the steps before `from_step`, and tell that a run begins."""
        self.steps = {n: step for n, step in self.steps.items() if n < from_step}
        self.current = {"device": device, "title": title, "renews": renews, "round": 1}
        self.events.tell("begin", **self.current, steps=self._shown_steps())

    def add_step(self, run: Run, step: Any) -> None:
        """Show a step of `run`. Raises `StartedOver` where the learner has started over."""
        with self._changing:
            if run.over:
                raise StartedOver
            self.steps[step["n"]] = step
            self.current = {**(self.current or {}), "round": step.get("round", 1)}
            decided = row_decided_by(step)
            if decided is not None:
                self.rows.decide(decided)
        self.events.tell("step", step=step)
        if decided is not None:
            self.events.tell("rows", rows=self.rows.shown())

    def add_rows(self, run: Run, rows: list[Any]) -> None:
        """Show the rows that `run` wrote. Raises `StartedOver` likewise."""
        with self._changing:
            if run.over:
                raise StartedOver
            fresh = self.rows.add(rows)
        if fresh:
            self.events.tell("rows", rows=self.rows.shown())

    def add_own(self, message: bytes, own: OwnMessage) -> None:
        """Remember what opens a message; the oldest makes room."""
        self._own[message] = own
        while len(self._own) > MAX_OWN_MESSAGES:
            self._own.popitem(last=False)

    def own(self, message: bytes) -> OwnMessage | None:
        """Return what opens a message, where a device of this page made it or was answered with it."""
        return self._own.get(message)

    def shown(self) -> dict[str, Any]:
        """Return how things stand, for a browser that comes new."""
        return {
            "devices": [device.shown() for device in self.devices],
            "steps": self._shown_steps(),
            "rows": self.rows.shown(),
            "stepping": self.pacing.stepping,
            "running": self.pacing.running,
            "current": self.current,
        }

    def _shown_steps(self) -> list[dict[str, Any]]:
        return [self.steps[n] for n in sorted(self.steps)]

    def tell_state(self) -> None:
        """Tell every browser how things stand."""
        self.events.tell("state", **self.shown())
