"""Ends exchanges with a database server that take too long, from this side of the connection.

The server's own time limits run in the server, which may itself stand still. When the time of an exchange is over, its
connection is shut down: whoever waits on it gets the driver's error for a lost connection, at once.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watchdog:
    """Watches any number of exchanges with one thread, which is started when the first one is to be watched."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, float] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def bound(self, descriptor: int, deadline: float) -> Iterator[None]:
        """Shut the socket `descriptor` down if the block still runs at `deadline` (of `time.monotonic`)."""
        own = os.dup(descriptor)  # so that no other connection can get the number meanwhile
        with self._changed:
            self._watched[own] = deadline
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, name="database watchdog", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched.pop(own, None)
            os.close(own)

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for descriptor in [each for each, deadline in self._watched.items() if deadline <= now]:
                    del self._watched[descriptor]
                    _shut_down(descriptor)
                nearest = min(self._watched.values(), default=None)
                self._changed.wait(None if nearest is None else nearest - now)


def _shut_down(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
