"""What the page shows, put together from its parts: devices, the feed of steps; and what opens their messages."""

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, TypeVar

from emulator.offered_titles import Offer, list_titles
from emulator.step import at_step
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.page.devices import MAX_TEXT, PageDevices
from walkthrough.page.event_stream import EventStream
from walkthrough.page.pacing import Pacing
from walkthrough.page.page_requests import Unusable
from walkthrough.page.step_feed import StepFeed
from walkthrough.record.deployment import Deployment

MAX_MESSAGES = 200
"""Messages that the page remembers in one place; the oldest make room."""

K = TypeVar("K")
V = TypeVar("V")


class Newest(OrderedDict[K, V]):
    """The newest of what was put in, `MAX_MESSAGES` at most."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > MAX_MESSAGES:
            self.popitem(last=False)


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
        self.feed = StepFeed(self.events, self.pacing)
        self.own: Newest[bytes, OwnMessage] = Newest()
        """What opens a message, where a device of this page made it or was answered with it."""
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
        self.devices.begin(self._fresh_cookie())  # first: a run that begins before the next line is given up there
        self.feed.start_over()
        self.tell_state()

    def shown(self) -> dict[str, Any]:
        """Return how things stand, for a browser that comes new."""
        return {
            "devices": [device.shown() for device in self.devices],
            "stepping": self.pacing.stepping,
            "running": self.pacing.running,
            **self.feed.shown(),
        }

    def tell_state(self) -> None:
        """Tell every browser how things stand."""
        self.events.tell("state", **self.shown())
