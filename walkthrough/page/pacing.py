"""One run at a time, all at once or one step at a time: the client's thread waits here before it goes on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Busy(Exception):
    """A run is going on, and they go one at a time."""


class StartedOver(Exception):
    """The learner started over: the run that waited ends here."""


class PageRun:
    """One run on the page. `over` once the learner has started over: what it still does is nobody's concern."""

    def __init__(self, *, can_be_given_up: bool) -> None:
        self.can_be_given_up = can_be_given_up
        self.over = False


class Pacing:
    """The gate that runs pass, one at a time. In step mode each step waits for `next`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._current: PageRun | None = None
        self._stepping = False
        self._allowed = 0

    @property
    def stepping(self) -> bool:
        """Whether steps wait for `next`."""
        return self._stepping

    @property
    def running(self) -> bool:
        """Whether a run is going on."""
        return self._current is not None

    @contextmanager
    def run(self, *, can_be_given_up: bool = True) -> Iterator[PageRun]:
        """Go on alone inside the block. Raises `Busy` where another run is going on.

        One that moves ExpressPlay's clock cannot be given up: who comes next would find the clock moved.
        """
        run = PageRun(can_be_given_up=can_be_given_up)
        with self._changed:
            if self._current is not None:
                raise Busy
            self._current, self._allowed = run, 0
        try:
            yield run
        finally:
            with self._changed:
                if self._current is run:
                    self._current = None

    @contextmanager
    def between_runs(self) -> Iterator[None]:
        """Do what takes no time inside the block; a run begins after it. Raises `Busy` where one is going on."""
        with self._changed:
            if self._current is not None:
                raise Busy
            yield

    def wait(self, run: PageRun) -> None:
        """Wait until the next step of `run` may be shown. Raises `StartedOver` once it is over."""
        with self._changed:
            self._changed.wait_for(lambda: run.over or not self._stepping or self._allowed > 0)
            if run.over:
                raise StartedOver
            self._allowed = max(0, self._allowed - 1)

    def set_stepping(self, stepping: bool) -> None:
        """Switch step mode on or off; off lets a waiting run go to its end."""
        with self._changed:
            self._stepping, self._allowed = stepping, 0
            self._changed.notify_all()

    def next(self) -> None:
        """Let one step go."""
        with self._changed:
            self._allowed = 1  # also where the run is still on its way to `wait`: no press is lost
            self._changed.notify_all()

    def start_over(self) -> None:
        """Give up the run that goes on, without waiting for it: it may hang on a service that does not answer."""
        with self._changed:
            if self._current is not None and self._current.can_be_given_up:
                self._current.over = True
                self._current = None
            self._changed.notify_all()
