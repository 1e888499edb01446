"""The HTTP/1.1 server of all services, for WSGI apps: one loop for the connections, threads for the requests.

Clients that are slow, silent or many cost a connection and no thread: see hosting.limits. It serves on a socket that is
bound already, in the main thread or in another one.
"""

import asyncio
import logging
import resource
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from hosting import limits
from hosting.http_connection import Connection
from hosting.http_request import RefusedRequest, Request
from hosting.tls.tls import ServerTls
from hosting.workers import ENDINGS
from hosting.wsgi import Refuse, environ_of, refuse, respond

if TYPE_CHECKING:
    import ssl
    from wsgiref.types import WSGIApplication

CHECK_INTERVAL = 0.25
"""Seconds between two checks for connections whose time is over."""
FILES = 256
"""Open files that a process needs beside its connections."""
BACKLOG = 1024
STACK = 1024 * 1024
"""Bytes of a thread's stack: an eighth of what Linux reserves by itself, which `ulimit -v` counts."""

log = logging.getLogger(__name__)


class HttpServer:
    """Serves one app.

    Of an app of Flask, no body is longer than its MAX_CONTENT_LENGTH, and its REFUSALS (by path) say what is answered
    there to a request that breaks off or stalls, in place of the server's own words.
    """

    def __init__(self, app: "WSGIApplication", listener: socket.socket, tls: ServerTls | None, threads: int) -> None:
        self.tls: ssl.SSLContext | None = tls.context() if tls else None
        config = getattr(app, "config", {})
        self.ceiling: int = config.get("MAX_CONTENT_LENGTH") or sys.maxsize
        self._refusals: Mapping[str, Refuse] = config.get("REFUSALS") or {}
        self.loop = asyncio.new_event_loop()
        self._app = app
        self._listener = listener
        self._address = listener.getsockname()[:2]
        self._threads = _Threads(threads)
        self._connections: set[Connection] = set()
        self._resting: dict[Connection, None] = {}  # in the order in which they fell silent
        self._stalled: dict[Connection, None] = {}  # in the order in which they stopped taking their answer
        self._room = _room()
        self._ending = asyncio.Event()

    def serve(self) -> None:
        """Serve until `stop`; in the main thread the signals of ENDINGS do that too."""
        signals = ENDINGS if threading.current_thread() is threading.main_thread() else ()
        for ending in signals:
            self.loop.add_signal_handler(ending, self._ending.set)
        try:
            self.loop.run_until_complete(self._serve())
        finally:
            self.loop.close()
            for ending in signals:
                signal.signal(ending, signal.SIG_IGN)  # it is ending

    def stop(self) -> None:
        """End; requests in work are answered first, within limits.END_TIMEOUT. From any thread."""
        with suppress(RuntimeError):  # it has ended by itself
            self.loop.call_soon_threadsafe(self._ending.set)

    async def _serve(self) -> None:
        self._listener.setblocking(False)
        server = await self.loop.create_server(lambda: Connection(self), sock=self._listener, backlog=BACKLOG)
        self._end_late_ones()
        await self._ending.wait()
        server.close()
        last = self.loop.time() + limits.END_TIMEOUT
        while self._connections and self.loop.time() < last:
            for connection in list(self._connections):
                connection.end()
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.shed()
        await asyncio.sleep(0.01)  # what was aborted closes in a later turn of the loop

    def _end_late_ones(self) -> None:
        now = self.loop.time()
        for connection in [each for each in self._connections if each.due < now]:
            connection.expire()
        self.loop.call_later(CHECK_INTERVAL, self._end_late_ones)

    # What a connection needs.

    def admit(self, connection: Connection) -> None:
        """Take a new connection; where there is no room, the one that has been silent for longest goes."""
        self._connections.add(connection)
        self._resting[connection] = None
        if len(self._connections) > self._room:
            next(iter(self._resting)).shed()

    def rest(self, connection: Connection) -> None:
        """Note that it waits for its client."""
        if connection in self._connections:
            self._resting[connection] = None

    def forget(self, connection: Connection) -> None:
        """Note that it has ended."""
        self._connections.discard(connection)
        self._resting.pop(connection, None)
        self._stalled.pop(connection, None)

    def stall(self, connection: Connection, stalls: bool) -> None:
        """Note whether a request in work waits for its client to take the answer."""
        self._stalled.pop(connection, None)
        if stalls:
            self._stalled[connection] = None
            self._make_way()

    def _make_way(self) -> None:
        """Where a request waits for a thread, free one that waits for its client: the client is hung up on."""
        if self._stalled and self._threads.are_short():
            next(iter(self._stalled)).shed()

    def work(self, connection: Connection, item: Request | RefusedRequest) -> None:
        """Have a request answered in another thread; a refusal needs none."""
        self._resting.pop(connection, None)
        if isinstance(item, RefusedRequest):
            refuse(connection, item, self._refusals)
        else:
            self._threads.submit(self, connection, item)
            self._make_way()

    def answer(self, connection: Connection, request: Request) -> None:
        """Answer a request, in the thread that calls; not one whose client has gone while it waited for the thread."""
        if connection.gone:
            return
        environ = environ_of(request, self._address, "https" if self.tls else "http", connection.peer)
        respond(self._app, environ, request, connection)


class _Threads:
    """At most `number` threads, started when they are needed; they end with the process."""

    def __init__(self, number: int) -> None:
        threading.stack_size(STACK)  # of those that start from now on
        self._number = number
        self._started = 0
        self._idle = threading.Semaphore(0)
        self._jobs: SimpleQueue[tuple[HttpServer, Connection, Request]] = SimpleQueue()

    def submit(self, server: HttpServer, connection: Connection, request: Request) -> None:
        self._jobs.put((server, connection, request))
        if not self._idle.acquire(blocking=False) and self._started < self._number:
            thread = threading.Thread(target=self._work, name=f"request {self._started + 1}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no room for its stack
                if not self._started:
                    raise
                log.warning("out of memory for more than %d threads: the next request waits", self._started)
                self._number = self._started
            else:
                self._started += 1

    def are_short(self) -> bool:
        """Tell whether a request waits."""
        return self._started == self._number and not self._jobs.empty()

    def _work(self) -> None:
        while True:
            server, connection, request = self._jobs.get()
            with suppress(ConnectionError):
                server.answer(connection, request)
            del server, connection, request
            self._idle.release()


def _room() -> int:
    """Return how many connections there may be: as many open files as the system gives, up to MAX_CONNECTIONS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.MAX_CONNECTIONS + FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return limits.MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(wanted, soft) - FILES)


def serve_http(app: "WSGIApplication", listener: socket.socket, tls: ServerTls | None, threads: int) -> None:
    """Serve `app` on `listener` until a signal ends it."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a client that misbehaves is no news of this service
    HttpServer(app, listener, tls, threads).serve()
