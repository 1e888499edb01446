"""Granian as the server, in this very process and on a socket that is bound already.

Granian as it comes binds the port itself, in a child process, and logs port 0 where 0 was asked for. Its server
for free-threaded Python instead runs the worker in a thread, which serves an ordinary Python as well (the
worker's Rust side releases the interpreter lock while it waits). So there is one process: no child can outlive
it, and the port is taken by nobody else (Granian's own sockets would share it silently).
"""

import os
import socket
import threading
from typing import Any

from flask import Flask
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.server.mt import MTServer

from simulation.tls import ServerTls

END_TIMEOUT = 3
"""Seconds that requests in work may take to end after a signal."""


class _InProcessServer(MTServer):  # type: ignore[misc, unused-ignore]
    def __init__(self, listener: socket.socket, tls: ServerTls | None, threads: int) -> None:
        super().__init__(
            target="",
            interface=Interfaces.WSGI,
            http=HTTPModes.http1,
            blocking_threads=threads,
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
    """Serve ``app`` on ``listener`` until a signal ends it: ``threads`` requests at the same time, the others wait."""
    _InProcessServer(listener, tls, threads).serve(target_loader=lambda: app, wrap_loader=False)
