"""Werkzeug's threaded server on a socket that is bound already: for tests, and where Granian is not installed."""

import socket
from contextlib import suppress

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from hosting.slow_clients import HEAD_TIMEOUT
from hosting.tls.tls import ServerTls


class _Handler(WSGIRequestHandler):
    timeout = HEAD_TIMEOUT
    """Seconds between two packets of a client; one that stalls has a thread of its own until then."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Log nothing: Werkzeug's lines hold query strings. hosting.logs has the line per request."""


def make_threaded_server(app: Flask, listener: socket.socket, tls: ServerTls | None) -> BaseWSGIServer:
    """Make a server of ``app`` on a copy of ``listener``."""
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, fd=listener.fileno(), request_handler=_Handler)
    if tls:
        # Werkzeug's own way shakes hands in the one thread that accepts: a client that says nothing would hold it.
        server.ssl_context = tls.context()
        server.socket = server.ssl_context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    return server


def serve_werkzeug(app: Flask, listener: socket.socket, tls: ServerTls | None) -> None:
    """Serve ``app`` on ``listener`` until a signal handler raises SystemExit."""
    with listener, suppress(SystemExit):
        make_threaded_server(app, listener, tls).serve_forever()
