"""What the page shows, put together from its parts: devices, steps, rows of the log; and telling who listens."""

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from emulator.offered_titles import Offer, list_titles
from emulator.step import at_step
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.page.devices import MAX_TEXT, PageDevices
from walkthrough.page.event_stream import EventStream
from walkthrough.page.pacing import Pacing, PageRun, StartedOver
from walkthrough.page.page_requests import Unusable
from walkthrough.record.deployment import Deployment
from walkthrough.record.recorded import Row
from walkthrough.record.recording import row_decided_by

MAX_OWN_MESSAGES = 200


@dataclass(frozen=True)
class OwnMessage:
    """What a device of this page knows of an SPC that it made, or of the CKC that answered it."""

    contents: SpcContents
    seed: str


class PageState:
    """The state of one page. Reading it is always possible; runs change it one at a time."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.events = EventStream()
        self.pacing = Pacing()
        self.steps: dict[int, dict[str, Any]] = {}
        self.current: dict[str, Any] | None = None
        """The run that goes on, or went on last: device, title, whether it renews, which of its keys it asks for."""
        self._rows: dict[int | None, dict[str, Any]] = {}
        """The rows of the log that runs on this page wrote, by number. `binds` has the one by which SEES decided."""
        self._own: OrderedDict[bytes, OwnMessage] = OrderedDict()
        self._changing = threading.Lock()
        self._lives = itertools.count(1)
        self.devices = PageDevices(self._fresh_cookie())

    def _fresh_cookie(self) -> str:
        life = next(self._lives)
        return f"viewer-{self.deployment.run[:4]}" + (f"-{life}" if life > 1 else "")

    def titles(self) -> tuple[Offer, ...]:
        """Return the titles that SEES offers."""
        with at_step(Step.READ_DUMMY):
            return list_titles(self.deployment.web, self.deployment.sees)

    def offer(self, title: str | None) -> Offer:
        """Return what SEES offers now by this name: it may have dropped what plays. Raises `Unusable` for nothing."""
        offer = next((offer for offer in self.titles() if offer.title == title), None)
        if offer is None:
            raise Unusable(f"SEES has no title {str(title)[:MAX_TEXT]!r}")
        return offer

    def start_over(self) -> None:
        """Give up the run that goes on, and begin again with two fresh devices, a fresh cookie and an empty table."""
        with self._changing:
            self.pacing.start_over()
            self.steps.clear()
            self._rows.clear()
            self.current = None
            self.devices.begin(self._fresh_cookie())
        self.tell_state()

    def begin_run(self, device: str, title: str, *, renews: bool, from_step: int) -> None:
        """Keep the steps before `from_step`, and tell that a run begins."""
        self.steps = {n: step for n, step in self.steps.items() if n < from_step}
        self.current = {"device": device, "title": title, "renews": renews, "round": 1}
        self.events.tell("begin", **self.current, steps=self._shown_steps())

    def show(self, run: PageRun, steps: Sequence[Any], rows: Sequence[Row]) -> None:
        """Show what an exchange of `run` told: each step when its time has come, then the rows that were written.

        Raises `StartedOver` where the learner has started over.
        """
        for step in steps:
            self.pacing.wait(run)
            with self._going_on(run):
                self.steps[step["n"]] = step
                self.current = {**(self.current or {}), "round": step.get("round", 1)}
                decided = row_decided_by(step)
                binding = self._rows.get(decided)
                if binding:
                    self._bind(binding.get("cookie"), decided)
            self.events.tell("step", step=step)
            if binding:
                self.events.tell("rows", rows=self._shown_rows())
        with self._going_on(run):
            new = [row for row in rows if row["event_id"] not in self._rows]
            for row in new:
                self._rows[row["event_id"]] = {**row, "binds": False}
                if row.get("registration") and row.get("result") == 0:
                    self._bind(row.get("cookie"), None)
        if new:
            self.events.tell("rows", rows=self._shown_rows())

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
            "rows": self._shown_rows(),
            "stepping": self.pacing.stepping,
            "running": self.pacing.running,
            "current": self.current,
        }

    def _shown_steps(self) -> list[dict[str, Any]]:
        return [self.steps[n] for n in sorted(self.steps)]

    def _shown_rows(self) -> list[dict[str, Any]]:
        return sorted(self._rows.values(), key=itemgetter("event_id"))

    def tell_state(self) -> None:
        """Tell every browser how things stand."""
        self.events.tell("state", **self.shown())
