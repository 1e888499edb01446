"""One connection of a client: bytes in, whole requests out, in order and each within its time.

httptools (the parser of Node) reads the bytes; what a request may be beyond that is checked here. A request goes to
work when its last byte has come, the final chunk included: nobody who is slow holds a thread, and half a body is none.
"""

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Protocol

import httptools

from hosting import limits
from hosting.http_request import HEAD_TOO_LARGE, RefusedRequest, Request
from hosting.tls.tls_layer import TlsLayer


class Server(Protocol):
    """What a connection needs of its server."""

    loop: asyncio.AbstractEventLoop
    tls: ssl.SSLContext | None
    ceiling: int
    """Bytes of a body."""

    def admit(self, connection: "Connection") -> None:
        """Note a new connection, or close one."""

    def rest(self, connection: "Connection") -> None:
        """Note that it waits for its client."""

    def forget(self, connection: "Connection") -> None:
        """Note that it has ended."""

    def stall(self, connection: "Connection", stalls: bool) -> None:
        """Note whether a request in work waits for its client to take the answer."""

    def work(self, connection: "Connection", item: Request | RefusedRequest) -> None:
        """Have a request answered, by `send` and `finish`."""


class Connection(asyncio.Protocol):
    """The server's side of one connection. All runs in the loop's thread but `send` and `finish`."""

    due: float = inf
    """When the client's time is over, by the loop's clock."""
    endless: bool = False
    """True where the answer in work is a stream, whose end nobody waits for."""
    gone: bool = False
    """True once the client has closed, or was hung up on."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tls = TlsLayer(server.tls) if server.tls else None
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request()
        self._in_body = self._deaf = self._ended = self._full = self._broken = self._expectant = False
        self._size = 0  # bytes of the head that is coming, or of the body as it is framed
        self._waiting: deque[Request | RefusedRequest] = deque()
        self._working: Request | None = None
        self._taken = threading.Event()
        self._transport: asyncio.Transport
        self.peer = ""

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what create_server makes
        self._transport = transport
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._await(limits.HEAD_TIMEOUT)
        self._server.admit(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client."""
        if not self._tls:
            self._take(data)
            return
        try:
            said = self._tls.open(data)
        except ssl.SSLError:
            self._transport.write(self._tls.to_send())  # the alert that says why
            self.shed()  # at once: nothing can be sealed any more, and what is unread would wait for its reader
            return
        self._transport.write(self._tls.to_send())
        self._take(said)
        if self._tls.ended and not self._ended and not self.eof_received():
            self._transport.close()

    def _take(self, data: bytes) -> None:
        if self._deaf or not data:
            return
        self._size += len(data)
        try:
            while data:
                data = self._feed(data)
        except httptools.HttpParserError as error:
            self._refuse(400, f"malformed request: {'in its body' if self._in_body else 'in its head'}, {error}")
        if self._in_body and self._size > limits.MAX_HEAD + 8 * self._server.ceiling:
            self._refuse(413, "body too large: more of chunk sizes, extensions and trailers than of a body")
        elif not self._in_body and self._size > limits.MAX_HEAD:
            self._refuse(*HEAD_TOO_LARGE)

    def eof_received(self) -> bool:
        """Note that the client sends nothing more. Returns True where an answer still has to leave."""
        self._ended = True
        if self._in_body and not self._deaf:
            length = self._request.header(b"content-length")
            expected = f"{int(length)} bytes" if length else "a final chunk"
            self._refuse(400, f"body cut off: expected {expected}, found {len(self._request.body)} bytes.")
        return bool(self._working or self._waiting)

    def connection_lost(self, _: Exception | None) -> None:
        """Forget the connection, and wake the thread that waits to send on it."""
        if not self.gone:
            self.gone = True
            self._transport.abort()
            self._taken.set()
            self._server.forget(self)

    def pause_writing(self) -> None:
        """Wait: the client does not read its answer."""
        self._full = True
        self._server.stall(self, self._working is not None)

    def resume_writing(self) -> None:
        """Send on: the client reads again."""
        self._full = False
        self._server.stall(self, False)
        self._taken.set()
        self._go_on()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Begin a request; where no further one is answered, stop the parser: it may have thousands left."""
        if self._deaf:
            raise ConnectionAbortedError("no further request is read")
        self._request = Request()
        if not self._working:
            self._await(limits.HEAD_TIMEOUT)

    def on_url(self, part: bytes) -> None:
        """Take a part of the request target."""
        self._request.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are ignored."""
        if not self._in_body and len(self._request.headers) <= limits.MAX_HEADERS:
            self._request.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Check the head, and wait for the body."""
        request = self._request
        if self._deaf:
            return
        request.method, request.version = self._parser.get_method().decode(), self._parser.get_http_version()
        if problem := request.problem():
            self._refuse(*problem)
            return
        if self._offers():
            return
        request.length = int(request.header(b"content-length") or 0)
        if request.length > self._server.ceiling:
            self._stop_at(request)
        elif request.length or request.header(b"transfer-encoding"):
            self._in_body, self._size = True, 0
            if not self._working:
                self._await(limits.BODY_TIMEOUT)
            self._expectant = (request.header(b"expect") or b"").lower() == b"100-continue" and request.version != "1.0"
            self._invite()

    def _invite(self) -> None:
        """Ask for the body of a client that waits to be asked, once no earlier answer has to leave."""
        if self._expectant and self._in_body and not self._working and not self._waiting:
            self._expectant = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        if self._deaf:
            return
        self._expectant = False
        self._request.body += part
        if len(self._request.body) > self._server.ceiling:
            self._request.length = len(self._request.body)
            self._request.body.clear()
            self._stop_at(self._request)

    def on_message_complete(self) -> None:
        """Have the request answered."""
        if self._deaf or self._offers():
            return
        self._in_body, self._size = False, 0
        self._request.length = len(self._request.body)
        self._broken = len(self._waiting) + 1 == limits.MAX_WAITING
        if self._broken or not self._parser.should_keep_alive():
            self._request.last = self._deaf = True
        self._enqueue(self._request)

    def _offers(self) -> bool:
        """Tell whether the head offers another protocol, as a Java client's does (h2c): it comes again without."""
        return bool(self._parser.should_upgrade()) and self._request.method != "CONNECT"

    def _feed(self, data: bytes) -> bytes:
        """Have the parser take it. At an offer it stops: return the head without that and what follows, to be fed."""
        try:
            self._parser.feed_data(data)
            return b""
        except httptools.HttpParserUpgrade as offer:
            if self._deaf or not self._offers():  # CONNECT: answered as if it had asked for nothing, then hung up on
                self._deaf = True
                return b""
            rest = data[offer.args[0] :]
        self._parser = httptools.HttpRequestParser(self)
        head = self._request.head_without_upgrade()
        self._size = len(head) + len(rest)
        return head + rest

    # Time.

    def _await(self, seconds: float) -> None:
        self.due = self._server.loop.time() + seconds

    def expire(self) -> None:
        """End what takes too long: a slow body with an answer (408), anything else without."""
        if self._in_body and not self._deaf:
            text = f"body too slow: expected all of it within {limits.BODY_TIMEOUT:g} s. Send it at once."
            self._refuse(408, text)
        else:
            self.shed()

    def shed(self) -> None:
        """Hang up."""
        self.connection_lost(None)

    def end(self) -> None:
        """Hang up unless an answer is on its way."""
        self._deaf = True
        if self._working and not self.endless:
            self._working.last = True
        elif self.endless or not self._transport.get_write_buffer_size():
            self.shed()

    # Requests, in order.

    def _refuse(self, status: int, text: str) -> None:
        if not self._deaf:
            self._deaf = self._broken = True
            self._enqueue(RefusedRequest(status, text, self._request))

    def _stop_at(self, request: Request) -> None:
        """Read no further: let the app refuse what is too long."""
        self._deaf = self._broken = request.last = True
        self._enqueue(request)

    def _enqueue(self, item: Request | RefusedRequest) -> None:
        self._waiting.append(item)
        self._go_on()
        if self._waiting:
            self._transport.pause_reading()

    def _go_on(self) -> None:
        if self._working or self._full or self.gone:
            return
        if self._waiting:
            item = self._waiting.popleft()
            self._working, self.due = item if isinstance(item, Request) else item.request, inf
            self._working.last |= isinstance(item, RefusedRequest)
            self._server.work(self, item)
        else:
            self._server.rest(self)
            if not self._deaf:
                self._invite()
                self._transport.resume_reading()

    # Answers.

    def send(self, data: bytes) -> None:
        """Send a part of an answer; returns when the client has room for more. From another thread.

        Raises `ConnectionAbortedError` where it has gone, or takes nothing.
        """
        self._taken.clear()
        if not self.gone:
            self._call(self._send, data)
            self._taken.wait(limits.UNREAD_TIMEOUT)
        if self.gone or not self._taken.is_set():
            self._call(self.shed)
            raise ConnectionAbortedError("the client has gone, or takes nothing")

    def finish(self, data: bytes, *, close: bool = False) -> None:
        """Send the last part of an answer, and hang up if told. From another thread."""
        self._call(self._finish, data, close)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._server.loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed
            raise ConnectionAbortedError("the service has ended") from None

    def _send(self, data: bytes) -> None:
        self._write(data)
        if not self._full:
            self._taken.set()

    def _write(self, data: bytes) -> None:
        if not self.gone and data:
            self._transport.write(self._tls.seal(data) if self._tls else data)

    def _finish(self, data: bytes, close: bool) -> None:
        self._write(data)
        request, self._working = self._working, None
        unread = self._transport.get_write_buffer_size()
        self._await(limits.UNREAD_TIMEOUT if unread else limits.HEAD_TIMEOUT)
        if self.gone:
            return
        if close or (request and request.last) or (self._ended and not self._waiting):
            self._waiting.clear()
            self._hang_up()
        else:
            self._go_on()

    def _hang_up(self) -> None:
        """Hang up when all has left; where the client may still be sending, after it has noticed."""
        if self._tls:
            self._transport.write(self._tls.close_notify())
        if self._broken and not self._ended:
            self._deaf = True
            self._tls = None  # what still comes is not read
            self._transport.write_eof()
            self._transport.resume_reading()
            if not self._transport.get_write_buffer_size():
                self._await(limits.LINGER_TIMEOUT)
            self._server.rest(self)
        else:
            self._transport.close()
