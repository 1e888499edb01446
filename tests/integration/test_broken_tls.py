"""TLS that ends in odd ways: broken while answers are unread and a request is in work, or sent on after a refusal."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest
from certificates import Certificates
from flask import Flask

from hosting import limits
from hosting.http_server import HttpServer

GET = "GET /{} HTTP/1.1\r\nHost: x\r\n\r\n"
NO_RECORD = b"\x17\x03\x03\x00\x20" + b"x" * 32
"""In the form of a TLS record, and not sealed with the connection's key."""
UNREAD = 30_000
"""Bytes of an answer: more than the small buffers of these sockets take, less than makes a server wait."""
PATIENCE = 60.0


class SecuredServer:
    """A server with one thread, whose /work waits for `go`, and a TLS client of it without a socket of its own."""

    def __init__(self, folder: Path) -> None:
        self.busy, self.go = threading.Event(), threading.Event()
        app = Flask("two", static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = 100
        app.add_url_rule("/unread", view_func=lambda: "x" * UNREAD, endpoint="unread")
        app.add_url_rule("/work", view_func=self._work, endpoint="work")
        certificates = Certificates(folder / "authority")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # of the connections too
        self._server = HttpServer(app, self.listener, certificates.server(), threads=1)
        self._thread = threading.Thread(target=self._server.serve)
        self._thread.start()
        self._received, self._sealed = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = ssl.create_default_context(cafile=certificates.ca)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # where no tickets follow the handshake
        self._tls = context.wrap_bio(self._received, self._sealed, server_hostname="localhost")

    def _work(self) -> str:
        self.busy.set()
        return str(self.go.wait(PATIENCE))

    def shake_hands(self, wire: socket.socket) -> None:
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                wire.sendall(self._sealed.read())
                self._received.write(wire.recv(65_536))
        wire.sendall(self._sealed.read())

    def say(self, wire: socket.socket, text: str) -> None:
        self._tls.write(text.encode())
        wire.sendall(self._sealed.read())

    def hear(self, wire: socket.socket) -> str:
        """Return what comes until the server says that it was all."""
        said = b""
        while part := wire.recv(65_536):
            self._received.write(part)
        with suppress(ssl.SSLWantReadError):
            while part := self._tls.read(65_536):
                said += part
        return said.decode()

    def close(self) -> None:
        self.go.set()
        self._server.stop()
        self._thread.join()
        self.listener.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SecuredServer]:
    with closing(SecuredServer(tmp_path)) as made:
        yield made


@pytest.fixture
def wire(server: SecuredServer) -> Iterator[socket.socket]:
    """A connection that holds little, over which hands have been shaken."""
    with closing(socket.socket()) as made:
        made.settimeout(PATIENCE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        made.connect(server.listener.getsockname())
        server.shake_hands(made)
        yield made


def holds(client: tuple[str, int]) -> bool:
    """Tell whether this process has the server's end of that client's connection open."""
    return any(each.raddr == client for each in psutil.Process().net_connections())


def test_a_broken_record_ends_a_connection_whose_answers_are_not_read(
    server: SecuredServer, wire: socket.socket
) -> None:
    server.say(wire, GET.format("unread"))
    assert wire.recv(1, socket.MSG_PEEK)  # the answer comes
    server.say(wire, GET.format("work"))
    assert server.busy.wait(PATIENCE)
    assert holds(wire.getsockname())
    wire.sendall(NO_RECORD)
    end = time.monotonic() + PATIENCE
    while holds(wire.getsockname()) and time.monotonic() < end:
        server.go.wait(0.01)
    assert not holds(wire.getsockname())


def test_who_still_sends_after_a_refusal_is_heard_out(
    server: SecuredServer, wire: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINGER_TIMEOUT", PATIENCE)
    server.say(wire, "POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
    assert server.hear(wire).startswith("HTTP/1.1 405 ")
    server.say(wire, "x" * 1000)
    for _ in range(3):  # the server's loop goes round some times: it has read that
        with socket.create_connection(server.listener.getsockname(), timeout=PATIENCE) as other:
            other.sendall(NO_RECORD)
            while other.recv(65_536):
                pass
    assert holds(wire.getsockname())
