"""Granian as the server, in this very process and on a socket that is bound already.

Granian as it comes binds the port itself, in a child process, and logs port 0 where 0 was asked for. Its server
for free-threaded Python instead runs the worker in a thread, which serves an ordinary Python as well (the
worker's Rust side releases the interpreter lock while it waits). So there is one process: no child can outlive
it, and the port is taken by nobody else (Granian's own sockets would share it silently).
"""

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server import mt
from granian.wsgi import _callback_wrapper

from hosting.slow_clients import BODY_TIMEOUT, HEAD_TIMEOUT, LateBodies
from hosting.tls.tls import ServerTls

MAX_HEAD = 64 * 1024
"""Bytes of request line and headers together; a head of which more than that has come, and not the end, gets 431. The
longest thing in one is a token, of at most 8 KiB."""
END_TIMEOUT = 3
"""Seconds that requests in work may take to end after a signal."""


class _InProcessServer(mt.MTServer):  # type: ignore[misc, unused-ignore]
    def __init__(self, listener: socket.socket, tls: ServerTls | None, threads: int) -> None:
        super().__init__(
            target="",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            blocking_threads=threads,
            http1_settings=HTTP1Settings(header_read_timeout=int(HEAD_TIMEOUT * 1000), max_buffer_size=MAX_HEAD),
            log_enabled=False,
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
            ssl_ca=tls.clients_ca if tls else None,
            ssl_client_verify=bool(tls and tls.clients_ca),
            ssl_protocol_min=SSLProtocols.tls12,
        )
        self._listener = listener

    def _check_gil(self) -> None:
        """Granian refuses an interpreter with a lock here; the module's docstring says why that is no need."""

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder  # its stub lacks the arguments: descriptor, Unix socket or not, backlog
        self._shd = holder(self._listener.detach(), False, self.backlog)

    def signal_handler_interrupt(self, *_: object) -> None:
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]
        limit = threading.Timer(END_TIMEOUT, os._exit, args=(0,))
        limit.daemon = True
        limit.start()

    # A closing terminal sends SIGHUP: the end, not a wish to reload.
    signal_handler_reload = signal_handler_interrupt


def serve_granian(app: Flask, listener: socket.socket, tls: ServerTls | None, threads: int) -> None:
    """Serve ``app`` on ``listener`` until a signal ends it: ``threads`` requests at the same time, the others wait.

    The app has a MAX_CONTENT_LENGTH.
    """
    # Granian has no time limit for a body, and hands the one handle on a client, the answer, to its own wrapper only.
    its_module: Any = mt
    its_module._wsgi_call_wrap = _with_whole_bodies
    _InProcessServer(listener, tls, threads).serve(target_loader=lambda: app, wrap_loader=False)


def _with_whole_bodies(app: Flask, *options: Any) -> Callable[[Any, dict[str, Any]], None]:
    """Return what Granian calls for a request: its own wrapper of ``app``, once the whole body is there."""
    late_bodies = LateBodies(BODY_TIMEOUT)
    ceiling = app.config["MAX_CONTENT_LENGTH"]
    call = _callback_wrapper(app, *options)

    def call_with_body(protocol: Any, request: dict[str, Any]) -> None:
        body = late_bodies.read(request, ceiling, protocol.response_iter)
        if body is not None:
            request["wsgi.input"] = body
            call(protocol, request)

    return call_with_body
