"""One deadline for all that a client waits for: from connecting to the last byte of the answer.

The time-out of a socket is per silence: whoever sends a byte a second, in the head or in the body, `100 Continue`
without end, or compressed blocks with nothing in them, never runs into it. Here each wait of a socket gets what is left
of the whole. With `requests`, use the sessions of hosting.http_client.

    with within(10.0):
        answer = session.get(url, stream=True)
    body = answer.content  # a request that was begun inside keeps its deadline

Two waits are not covered: the look-up of a name, and a name with several addresses, each of which may swallow the
attempt to connect for what was left.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPConnection, HTTPSConnection
from typing import Any

_end: ContextVar[float | None] = ContextVar("end of what this thread waits for", default=None)
"""In seconds of time.monotonic()."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let the requests that begin in this block be over `seconds` from now, all together. Raises `TimeoutError` if not.

    Inside another block the earlier end counts.
    """
    end, outer = time.monotonic() + seconds, _end.get()
    token = _end.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left() -> float | None:
    """Return the seconds until the end of the block, 0 or more; None outside of any."""
    end = _end.get()
    return None if end is None else max(0.0, end - time.monotonic())


class _EndingSocket(socket.socket):
    """A socket that never waits beyond `end`, whatever its time-out."""

    end: float | None = None
    _own_timeout: float | None = None

    def settimeout(self, value: float | None, /) -> None:
        self._own_timeout = value
        super().settimeout(value)

    def _apply_deadline(self) -> None:
        if self.end is None:
            return super().settimeout(self._own_timeout)
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the exchange has passed")
        return super().settimeout(left if self._own_timeout is None else min(left, self._own_timeout))

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        self._apply_deadline()
        return super().recv_into(*arguments, **options)

    def sendall(self, *arguments: Any, **options: Any) -> None:
        self._apply_deadline()
        super().sendall(*arguments, **options)


class EndingTlsSocket(_EndingSocket, ssl.SSLSocket):
    """The same over TLS; the `sslsocket_class` of a context."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands within the deadline."""
        self.end = _end.get()
        self._own_timeout = self.gettimeout()
        self._apply_deadline()
        super().do_handshake(block)


class EndingConnection(HTTPConnection):
    """A connection of http.client, or one derived from it, whose requests end with the block they begin in."""

    def connect(self) -> None:
        """Connect, and shake hands where it is TLS."""
        left = seconds_left()
        if left is not None:
            if not left:
                raise TimeoutError("no time left to connect")
            own_timeout = self.timeout  # None, or a mark for "the default": both are no bound
            self.timeout = min(left, own_timeout) if isinstance(own_timeout, int | float) else left
        super().connect()
        if not isinstance(self.sock, _EndingSocket):
            plain, own_timeout = self.sock, self.sock.gettimeout()
            self.sock = _EndingSocket(plain.family, plain.type, plain.proto, plain.detach())
            self.sock.settimeout(own_timeout)
        self._bind_to_end()

    def putrequest(self, *arguments: Any, **options: Any) -> None:
        """Begin a request."""
        self._bind_to_end()
        super().putrequest(*arguments, **options)

    def _bind_to_end(self) -> None:
        if isinstance(self.sock, _EndingSocket):
            self.sock.end = _end.get()


class EndingTlsConnection(EndingConnection, HTTPSConnection):
    """The same over TLS. Its context must make EndingTlsSocket, as `ending` sees to."""


def ending(context: ssl.SSLContext) -> ssl.SSLContext:
    """Have all sockets of `context` keep the deadline; returns it."""
    context.sslsocket_class = EndingTlsSocket
    return context
