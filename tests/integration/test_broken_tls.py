"""A client that breaks its TLS is hung up on at once, also while answers are unread and a request is in work."""

import socket
import ssl
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
from certificates import Certificates
from flask import Flask

from hosting.http_server import HttpServer

GET = "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n"
NO_RECORD = b"\x17\x03\x03\x00\x20" + b"x" * 32
"""In the form of a TLS record, and not sealed with the connection's key."""
UNREAD = 30_000
"""Bytes of an answer: more than the small buffers of these sockets take, less than makes a server wait."""
PATIENCE = 60.0


def shake_hands(tls: ssl.SSLObject, received: ssl.MemoryBIO, sealed: ssl.MemoryBIO, wire: socket.socket) -> None:
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            wire.sendall(sealed.read())
            received.write(wire.recv(65_536))
    wire.sendall(sealed.read())


def holds(client: tuple[str, int]) -> bool:
    """Tell whether this process has the server's end of that client's connection open."""
    return any(each.raddr == client for each in psutil.Process().net_connections())


def test_a_broken_record_ends_a_connection_whose_answers_are_not_read(tmp_path: Path) -> None:
    busy, go = threading.Event(), threading.Event()

    def work() -> str:
        busy.set()
        return str(go.wait(PATIENCE))

    app = Flask("two", static_folder=None)
    app.add_url_rule("/unread", view_func=lambda: "x" * UNREAD, endpoint="unread")
    app.add_url_rule("/work", view_func=work)
    certificates = Certificates(tmp_path / "authority")
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # of the connections too
    server = HttpServer(app, listener, certificates.server(), threads=1)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        received, sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=certificates.ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # where no tickets follow the handshake
        tls = context.wrap_bio(received, sealed, server_hostname="localhost")
        with closing(socket.socket()) as wire:
            wire.settimeout(PATIENCE)
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            wire.connect(listener.getsockname())
            shake_hands(tls, received, sealed, wire)
            tls.write(GET.format("unread").encode())
            wire.sendall(sealed.read())
            assert wire.recv(1, socket.MSG_PEEK)  # the answer comes
            tls.write(GET.format("work").encode())
            wire.sendall(sealed.read())
            assert busy.wait(PATIENCE)
            assert holds(wire.getsockname())
            wire.sendall(NO_RECORD)
            end = time.monotonic() + PATIENCE
            while holds(wire.getsockname()) and time.monotonic() < end:
                go.wait(0.01)
            assert not holds(wire.getsockname())
    finally:
        go.set()
        server.stop()
        thread.join()
        listener.close()
