"""A party's clock: the system's time plus an offset that tests can move forward, never back."""

import math
import threading
import time
from datetime import UTC, datetime

MAX_OFFSET = 100 * 366 * 86_400
"""Seconds (a hundred years) that a clock can run ahead at most; keeps every date within four-digit years."""


class Clock:
    """The one source of time of a process: whoever issues and whoever verifies must ask the same clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = 0.0

    @property
    def offset(self) -> float:
        """Seconds by which this clock runs ahead of the system's."""
        return self._offset

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC, as this party sees it."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` (finite, 0 or more). Raises `ValueError`, which says what is wrong."""
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError(f"expected a number of seconds, found {type(seconds).__name__}")
        if not (0 <= seconds <= MAX_OFFSET):  # also catches NaN, infinity and integers too large for a float
            found = seconds if isinstance(seconds, int) or math.isfinite(seconds) else "no finite number"
            raise ValueError(f"expected 0 to {MAX_OFFSET} seconds (clocks only go forward), found {found}")
        with self._lock:
            if self._offset + seconds > MAX_OFFSET:
                raise ValueError(f"expected at most {MAX_OFFSET} seconds ahead in all; reset the clock first")
            self._offset += seconds

    def reset(self) -> None:
        """Back to the system's time."""
        with self._lock:
            self._offset = 0.0


def rfc3339(unix: float) -> str:
    """Write Unix seconds as RFC 3339 in UTC with milliseconds, `2026-11-24T03:35:32.123Z`."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
