"""Clients that stall at every place: they hold up nobody else, and not even their own thread for ever."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

import pytest
from sees_stage import AUTHENTICATOR

from hosting.process import Service, start

HASTE = (
    "from simulation import slow_clients as limits; "
    "limits.HEAD_TIMEOUT = limits.BODY_TIMEOUT = 0.5; limits.LOOK = 0.05; limits.UNREAD_TIMEOUT = 1.0; "
)
WERKZEUG = "import sys; sys.modules['granian'] = None; "
SEES = ("from server.cli import main; main()", "--expressplay=http://127.0.0.1:1")
MOCK = ("from expressplay_mock.cli import main; main()", "--database=:memory:")

HEALTH = b"GET /_sim/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
STALLS = {
    "nothing": b"",
    "half a request line": b"GET /_sim/hea",
    "half a head": HEALTH[:-4],
    "half a body": b"POST /sees/SEESServlet HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "half a chunk": b"POST /sees/SEESServlet HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
}
PATIENCE = 10.0
"""Seconds until a socket of these tests gives up."""


@contextmanager
def serving(program: tuple[str, ...], *preparation: str) -> Iterator[Service]:
    main, *options = program
    command = [sys.executable, "-c", "".join([*preparation, main]), "serve", "--port=0", "--log-level=info", *options]
    with TemporaryDirectory() as state:
        environment = {"SEES_AUTHENTICATOR": AUTHENTICATOR, "EXPRESSPLAY_MOCK_SERVE_STATE": state}
        with start(command, env=os.environ | environment) as service:
            yield service


def connect(service: Service) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def everything(connection: socket.socket) -> bytes:
    """Return all that comes until the server hangs up."""
    got = b""
    try:
        while more := connection.recv(65536):
            got += more
    except ConnectionResetError:
        pass
    return got


def takes(connection: socket.socket, said: bytes) -> bool:
    """Tell whether the server took it all; False where it hung up."""
    try:
        connection.sendall(said)
    except (ConnectionResetError, BrokenPipeError):
        return False
    return True


def is_served(service: Service) -> bool:
    with connect(service) as connection:
        connection.sendall(HEALTH)
        return everything(connection).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("program", [SEES, MOCK], ids=["sees", "mock"])
@pytest.mark.parametrize("server", ["", WERKZEUG], ids=["granian", "werkzeug"])
def test_many_clients_that_stall_do_not_stop_another(program: tuple[str, ...], server: str) -> None:
    with serving(program, server) as service, ExitStack() as stalled:
        for said in STALLS.values():
            for _ in range(32):
                stalled.enter_context(connect(service)).sendall(said)
        assert [is_served(service) for _ in range(5)] == [True] * 5


@pytest.mark.parametrize("server", ["", WERKZEUG], ids=["granian", "werkzeug"])
def test_a_client_that_stalls_is_hung_up_on(server: str) -> None:
    with serving(SEES, server, HASTE) as service, ExitStack() as stalled:
        connections = {place: stalled.enter_context(connect(service)) for place in STALLS}
        for place, connection in connections.items():
            connection.sendall(STALLS[place])
        answers = {place: everything(connection) for place, connection in connections.items()}
    assert answers["nothing"] == answers["half a request line"] == answers["half a head"] == b""
    for place in ("half a body", "half a chunk"):
        status, _, rest = answers[place].partition(b"\r\n")
        assert status.split()[1] in (b"400", b"408")
        assert b'"error"' in rest


def test_a_late_body_gets_a_clear_answer_and_a_line_in_the_log() -> None:
    with serving(SEES, HASTE) as service, connect(service) as connection:
        connection.sendall(STALLS["half a body"])
        answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"body too slow: expected all of it within 0.5 s" in answer
    assert "POST /sees/SEESServlet 408" in service.log()


def test_a_body_that_drips_is_late_all_the_same() -> None:
    with serving(SEES, HASTE) as service, connect(service) as connection:
        connection.sendall(STALLS["half a body"])
        connection.settimeout(0.02)
        for _ in range(90):
            try:
                answer = connection.recv(65536)
                break
            except TimeoutError:
                connection.sendall(b" ")
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_with_one_thread_those_who_stall_hold_it_for_a_while_and_no_longer() -> None:
    with serving((*MOCK, "--threads=1"), HASTE) as service, ExitStack() as stalled:
        for _ in range(3):
            stalled.enter_context(connect(service)).sendall(STALLS["half a body"])
        assert is_served(service)


def test_a_body_that_is_cut_off_is_refused() -> None:
    with serving(SEES) as service, connect(service) as connection:
        connection.sendall(STALLS["half a body"])
        connection.shutdown(socket.SHUT_WR)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"body cut off: expected 100 bytes, found 1" in answer
    assert "POST /sees/SEESServlet 400" in service.log()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux looks after answers that nobody reads")
def test_a_client_that_reads_nothing_is_hung_up_on() -> None:
    film = b"GET /titles/film/video-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(SEES, HASTE) as service, connect(service) as connection:
        assert not takes(connection, film * 1_000_000)
        assert is_served(service)


def test_a_service_ends_while_clients_stall() -> None:
    with serving(SEES) as service, ExitStack() as stalled:
        for said in STALLS.values():
            stalled.enter_context(connect(service)).sendall(said)
        assert is_served(service)
        assert service.stop() == 0
