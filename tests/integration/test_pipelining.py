"""Many requests at once over one connection: a few are answered, then it is closed. A client that went is dropped."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, request

from hosting.http_server import HttpServer
from hosting.limits import MAX_WAITING

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
OFFER = b"GET /%d HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
POST = b"POST /%d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
EXPECTANT = b"POST /2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
EMPTY_EXPECTANT = b"POST /2 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MALFORMED = b"GET / HTTP/1.1\r\n\r\n"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of a socket that is reset when it is closed."""
PATIENCE = 30.0


class HeldServer:
    """A server with one thread, and an app that notes what reaches it and waits for `go`."""

    def __init__(self) -> None:
        self.reached: list[int] = []
        self.busy, self.go = threading.Event(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        app = Flask("numbers", static_folder=None)
        app.add_url_rule("/<int:number>", view_func=self._answer, methods=["GET", "POST"])
        self._server = HttpServer(app, self._listener, None, threads=1)
        self._thread = threading.Thread(target=self._server.serve)

    def _answer(self, number: int) -> str:
        self.reached.append(number)
        self.busy.set()
        self.go.wait(PATIENCE)
        return f"<{number} {request.get_data(as_text=True)}>"

    def connect(self) -> socket.socket:
        return socket.create_connection(self._listener.getsockname(), timeout=PATIENCE)

    def serve(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.go.set()
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()
        self._listener.close()


@contextmanager
def held_server() -> Iterator[HeldServer]:
    server = HeldServer()
    try:
        yield server
    finally:
        server.close()


def everything(connection: socket.socket) -> bytes:
    """Return all that comes until the server hangs up; a reset, which could lose an answer, is an error."""
    answer = b""
    while part := connection.recv(65_536):
        answer += part
    return answer


@pytest.mark.parametrize("form", [GET, OFFER, POST], ids=["plain", "h2c offers", "chunked"])
def test_of_a_thousand_requests_at_once_a_few_are_answered_in_order_then_the_connection_ends(form: bytes) -> None:
    with held_server() as server, server.connect() as connection:
        connection.sendall(b"".join(form % number for number in range(1_000)))
        server.go.set()
        server.serve()  # now only: so they come in one read, or on a busy machine in two or three
        answer = everything(connection)
        assert MAX_WAITING < len(server.reached) <= 4 * (MAX_WAITING + 1)
        assert server.reached == list(range(len(server.reached)))
        assert [answer.count(b"<%d " % number) for number in server.reached] == [1] * len(server.reached)
        assert answer.count(b"HTTP/1.1 200 OK") == len(server.reached)
        assert answer.count(b"Connection: close") == 1
        assert answer.rindex(b"Connection: close") > answer.rindex(b"HTTP/1.1 200 OK")


def test_as_many_as_may_wait_leave_the_connection_open() -> None:
    with held_server() as server, server.connect() as connection:
        server.go.set()
        server.serve()
        connection.sendall(b"".join(GET % number for number in range(MAX_WAITING)))
        answer = b""
        while answer.count(b">") < MAX_WAITING:
            answer += connection.recv(65_536)
        assert b"Connection: close" not in answer
        connection.sendall(GET % 1_000 + MALFORMED)
        assert b"<1000 >" in everything(connection)


def test_the_body_of_a_later_request_is_asked_for_after_the_earlier_answer() -> None:
    with held_server() as server, server.connect() as connection:
        read_behind(server, connection, EXPECTANT)
        answer = b""
        while not answer.endswith(CONTINUE):
            answer += connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.endswith(b"<1 >" + CONTINUE)
        connection.sendall(b"body" + MALFORMED)
        assert b"<2 body>" in everything(connection)


def test_a_body_that_has_come_is_not_asked_for() -> None:
    with held_server() as server, server.connect() as connection:
        read_behind(server, connection, EMPTY_EXPECTANT)
        connection.sendall(GET % 3 + MALFORMED)
        answer = everything(connection)
        assert server.reached == [1, 2, 3]
        assert CONTINUE not in answer


def test_nothing_behind_a_refused_request_is_read() -> None:
    with held_server() as server, server.connect() as connection:
        server.go.set()
        server.serve()
        connection.sendall(MALFORMED + GET % 1 * 1_000)
        answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert server.reached == []


def test_a_request_whose_client_has_gone_is_dropped() -> None:
    with held_server() as server, server.connect() as first, server.connect() as second:
        server.serve()
        first.sendall(GET % 1)
        assert server.busy.wait(PATIENCE)
        second.sendall(GET % 2)
        pass_by(server)  # so the server has read it
        second.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        second.close()
        pass_by(server)  # so it knows that the client has gone
        server.go.set()
        with server.connect() as third:
            third.sendall(GET % 3 + MALFORMED)
            assert b"<3 >" in everything(third)
        assert server.reached == [1, 3]


def read_behind(server: HeldServer, connection: socket.socket, later: bytes) -> None:
    """Have the server read `later` while a first request is in work, and then let that go on."""
    server.serve()
    connection.sendall(GET % 1 + later)
    assert server.busy.wait(PATIENCE)
    pass_by(server)
    server.go.set()


def pass_by(server: HeldServer) -> None:
    """Have the server's loop go round some times, by requests that it refuses by itself."""
    for _ in range(5):
        with server.connect() as connection:
            connection.sendall(MALFORMED)
            assert everything(connection).startswith(b"HTTP/1.1 400 ")
