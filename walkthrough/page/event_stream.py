"""Server-sent events: what happens on the page, told to every browser that listens."""

import json
import threading
from collections.abc import Iterator, Mapping
from queue import Empty, Full, Queue
from typing import Any

HEARTBEAT = 5.0
"""Seconds of silence after which a comment is sent, so that a closed browser is noticed."""
BACKLOG = 1000
"""Events that wait for a slow listener; one that is slower is dropped, and comes back by itself."""
MAX_LISTENERS = 32
"""Each holds a thread and a connection as long as its window is open."""


class TooManyListeners(Exception):
    """As many windows listen as the page serves at a time."""


class EventStream:
    """One stream of events, up to `MAX_LISTENERS` listeners."""

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
        """Return an iterator over the event `first` (how things stand), then all that come, for ever.

        Raises `TooManyListeners` at once where there is no room.
        """
        queue: Queue[str] = Queue(BACKLOG)
        queue.put(_written(first))
        with self._lock:
            if len(self._listeners) >= MAX_LISTENERS:
                raise TooManyListeners
            self._listeners.append(queue)
        return _Listener(self, queue)

    def is_listening(self, queue: "Queue[str]") -> bool:
        """Tell whether a listener was not dropped."""
        return queue in self._listeners

    def leave(self, queue: "Queue[str]") -> None:
        """Make room: the listener is gone."""
        with self._lock:
            if queue in self._listeners:
                self._listeners.remove(queue)


class _Listener(Iterator[str]):
    """Events one by one. An object with `close`, so that one that was never read makes room as well."""

    def __init__(self, stream: EventStream, queue: "Queue[str]") -> None:
        self._stream, self._queue = stream, queue

    def __next__(self) -> str:
        if not self._stream.is_listening(self._queue):
            raise StopIteration
        try:
            return self._queue.get(timeout=HEARTBEAT)
        except Empty:
            return ": still here\n\n"

    def close(self) -> None:
        self._stream.leave(self._queue)


def _written(event: Mapping[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"
