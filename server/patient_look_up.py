"""Waiting out a record retrieval that lags behind the log: a few looks within a short, bounded time, and no more.

A viewer who plays the film the moment the dummy was played may be faster than the records. Only "not registered"
is worth another look: where an older registration is in sight, SEES cannot know that a newer one is on its way.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hosting.deadline import seconds_left
from server.entitlement import Record, bound_device
from server.errors import DeniedError, ErrorNumber

MAX_LOOKS = 3
"""Looks at the records at most, the first one included."""
LAG_PATIENCE = 1.2
"""Seconds that SEES waits between its looks, in all, unless told otherwise: a lag of one second is over by then."""
MAX_PATIENCE = 10.0
"""Seconds: whoever waits keeps one of the server's threads from others. The deadline of the request is kept too."""


@dataclass
class PatientLookUp:
    """Looks up the records of one request's cookie, again where they bind no device yet. Counts its looks."""

    look_up: Callable[[str], list[Record]]
    patience: float
    """Seconds; with 0 there is one look only."""
    sleep: Callable[[float], None] = time.sleep
    looks: int = 0

    def __call__(self, cookie: str) -> list[Record]:
        """Return the first records that bind a device. Raises `DeniedError`, as `look_up` does."""
        while True:
            self.looks += 1
            records = self.look_up(cookie)
            try:
                bound_device(records)
            except DeniedError as error:
                if not self.patience:
                    raise
                # The second pause is twice the first: a short lag costs little, a longer one is still caught.
                pause = self.patience * self.looks / sum(range(MAX_LOOKS))
                left = seconds_left()
                if self.looks == MAX_LOOKS or (left is not None and pause >= left):
                    text = f"{error.text} {self.account()}".rstrip()
                    raise DeniedError(ErrorNumber.DEVICE_NOT_REGISTERED, text) from None
                self.sleep(pause)
            else:
                return records

    def account(self) -> str:
        """Say that, how often and how long SEES looked; nothing where it looked once."""
        if self.looks < 2:
            return ""
        waited = self.patience * sum(range(self.looks)) / sum(range(MAX_LOOKS))
        return f"SEES looked {self.looks} times over {waited:.3g} s, since records may lag behind the log."
