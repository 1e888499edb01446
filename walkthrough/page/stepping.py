"""All at once, or one step at a time: the client's thread waits here before it goes on."""

import threading


class StartedOver(Exception):
    """The learner started over: the run that waited ends here."""


class Pace:
    """A gate. In step mode each step waits for `next`; otherwise it is open."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stepping = False
        self._allowed = 0
        self._run = 0

    @property
    def stepping(self) -> bool:
        """Whether steps wait for `next`."""
        return self._stepping

    def begin(self) -> int:
        """Begin a run; return its number, which `wait` wants back."""
        with self._changed:
            self._allowed = 0
            return self._run

    def wait(self, run: int) -> None:
        """Wait until the next step may be shown. Raises `StartedOver` once this run is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._run != run or not self._stepping or self._allowed > 0)
            if self._run != run:
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
        """End the run that waits, if one does."""
        with self._changed:
            self._run += 1
            self._changed.notify_all()
