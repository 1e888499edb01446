"""Server-sent events: what happens on the stage, told to every browser that listens."""

import json
import threading
from collections.abc import Iterator, Mapping
from queue import Empty, Full, Queue
from typing import Any

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that a closed browser is noticed."""
BACKLOG = 1000
"""Events that wait for a slow listener; one that is slower is dropped, and comes back by itself."""


class Feed:
    """One stream of events, any number of listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Queue[str]] = []

    def tell(self, kind: str, **values: Any) -> None:
        """Send an event to everybody who listens now."""
        text = _written({"type": kind, **values})
        with self._lock:
            for queue in list(self._listeners):
                try:
                    queue.put_nowait(text)
                except Full:
                    self._listeners.remove(queue)

    def listen(self, first: Mapping[str, Any]) -> Iterator[str]:
        """Yield the event `first` (how things stand), then all that come, for ever."""
        queue: Queue[str] = Queue(BACKLOG)
        with self._lock:
            self._listeners.append(queue)
        try:
            yield _written(first)
            while queue in self._listeners:
                try:
                    yield queue.get(timeout=HEARTBEAT)
                except Empty:
                    yield ": still here\n\n"
        finally:
            with self._lock:
                if queue in self._listeners:
                    self._listeners.remove(queue)


def _written(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
