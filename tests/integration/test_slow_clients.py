"""Clients that stall, drip, break off or say nothing, on the real server: nobody else is held up."""

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import pytest
import requests
from stubbed_sees import AUTHENTICATOR, denial

from hosting.process import Service, start

HASTE = (
    "from hosting import http_server, limits; http_server.CHECK_INTERVAL = 0.05; "
    "limits.HEAD_TIMEOUT = limits.BODY_TIMEOUT = 0.5; limits.UNREAD_TIMEOUT = 1.0; "
)
FEW = "from hosting import limits; limits.MAX_CONNECTIONS = 50; "
SEES = ("from server.cli import main; main()", "--expressplay=http://127.0.0.1:1")
MOCK = ("from expressplay_mock.cli import main; main()", "--database=:memory:", f"--authenticator={AUTHENTICATOR}")

HEALTH = b"GET /_sim/health HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n"
STALLS = {
    "nothing": b"",
    "half a request line": b"GET /_sim/hea",
    "half a head": HEALTH[:-4],
    "half a body": b"POST /sees/SEESServlet HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 100\r\n\r\n{",
    "half a chunk": b"POST /sees/SEESServlet HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n9999\r\n{",
}
PATIENCE = 30.0
"""Seconds until a socket of these tests gives up."""


@contextmanager
def serving(program: tuple[str, ...], *preparation: str) -> Iterator[Service]:
    main, *options = program
    command = [sys.executable, "-c", "".join([*preparation, main]), "serve", "--port=0", "--log-level=info", *options]
    with TemporaryDirectory() as state:
        environment = {"SEES_AUTHENTICATOR": AUTHENTICATOR, "EXPRESSPLAY_MOCK_SERVE_STATE": state}
        with start(command, env=os.environ | environment) as service:
            yield service


@pytest.fixture(scope="module")
def mock() -> Iterator[Service]:
    with serving(MOCK) as service:
        yield service


@pytest.fixture(scope="module")
def sees() -> Iterator[Service]:
    with serving(SEES) as service:
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


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def post(path: str, content_type: str, body: bytes, framing: str = "Transfer-Encoding: chunked") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {content_type}", framing, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("program", [SEES, MOCK], ids=["sees", "mock"])
def test_many_clients_that_stall_do_not_stop_another(program: tuple[str, ...]) -> None:
    with serving((*program, "--threads=1") if program == MOCK else program) as service, ExitStack() as stalled:
        for said in STALLS.values():
            for _ in range(60):
                stalled.enter_context(connect(service)).sendall(said)
        assert [is_served(service) for _ in range(5)] == [True] * 5


def test_one_connection_too_many_closes_the_one_that_was_silent_for_longest() -> None:
    with serving(SEES, FEW) as service, ExitStack() as stalled:
        held = [stalled.enter_context(connect(service)) for _ in range(50)]
        held[0].sendall(HEALTH.replace(b"Connection: close\r\n", b""))
        assert held[0].recv(65536).startswith(b"HTTP/1.1 200")  # so all are known by now, and this one is the last
        held += [stalled.enter_context(connect(service)) for _ in range(10)]
        assert is_served(service)
        assert [everything(each) for each in held[1:11]] == [b""] * 10
        held[0].sendall(HEALTH)
        assert everything(held[0]).startswith(b"HTTP/1.1 200")


def test_a_client_that_stalls_is_hung_up_on() -> None:
    with serving(SEES, HASTE) as service, ExitStack() as stalled:
        connections = {place: stalled.enter_context(connect(service)) for place in STALLS}
        for place, connection in connections.items():
            connection.sendall(STALLS[place])
        answers = {place: everything(connection) for place, connection in connections.items()}
        assert answers["nothing"] == answers["half a request line"] == answers["half a head"] == b""
        for place in ("half a body", "half a chunk"):
            assert "body too slow: expected all of it within 0.5 s" in denial(answers[place])
        assert service.log().count("POST /sees/SEESServlet 400") == 2


def test_where_an_app_says_nothing_of_its_own_it_is_408() -> None:
    with serving(MOCK, HASTE) as service, connect(service) as connection:
        connection.sendall(STALLS["half a body"].replace(b"/sees/SEESServlet", b"/hms/fp/token"))
        answer = everything(connection)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'{"error": 408, "errorText": "body too slow' in answer


@pytest.mark.parametrize("place", ["half a head", "half a body", "half a chunk"])
def test_one_that_drips_is_late_all_the_same(place: str) -> None:
    with serving(SEES, HASTE) as service, connect(service) as connection:
        connection.sendall(STALLS[place] + b"\r\nX-Word: " * (place == "half a head"))
        connection.settimeout(0.02)
        answer = None
        while answer is None and takes(connection, b" "):
            try:
                answer = connection.recv(65536)
            except ConnectionResetError:
                answer = b""
            except TimeoutError:
                pass
        assert (answer or b"")[:13] == (b"" if place == "half a head" else b"HTTP/1.1 400 ")


def test_a_service_ends_while_clients_stall() -> None:
    with serving(SEES) as service, ExitStack() as stalled:
        for said in STALLS.values():
            stalled.enter_context(connect(service)).sendall(said)
        assert is_served(service)
        assert service.stop() == 0


TOKEN = urlencode(
    {"customerAuthenticator": AUTHENTICATOR, "contentKey": "11" * 16, "iv": "22" * 16, "cookie": "alice"}
).encode()
ENTITLEMENT = json.dumps(
    {"messageID": "m", "version": 1, "contentID": "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4", "customerCookie": "alice"}
).encode()
POSTS = {
    "sees": ("sees", "/sees/SEESServlet", "application/json", ENTITLEMENT),
    "token": ("mock", "/hms/fp/token", "application/x-www-form-urlencoded", TOKEN),
    "rights": ("mock", "/hms/fp/rights/", "application/octet-stream", b"\0" * 100),
    "reset": ("mock", "/_sim/reset", "application/json", b"{}"),
    "clock": ("mock", "/_sim/clock", "application/json", b'{"advance": 60}'),
    "faults": ("mock", "/_sim/faults", "application/json", b'{"fault": "delay", "at": "token", "seconds": 0.1}'),
}
"""Every route that takes a body: service, path, type, and a body that is good so far."""
BREAKS = {"a chunk size of zz": b"zz\r\n", "one of -1": b"-1\r\n", "the end": None, "no end of the chunk": b"x"}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS.keys())
@pytest.mark.parametrize("route", POSTS)
def test_a_chunked_body_that_breaks_off_does_nothing(
    route: str, broken: bytes | None, request: pytest.FixtureRequest
) -> None:
    name, path, kind, body = POSTS[route]
    service: Service = request.getfixturevalue(name)
    before = journal(service)
    with connect(service) as connection:
        connection.sendall(post(path, kind, chunk(body) if broken != b"x" else chunk(body)[:-2]))
        if broken is None:
            connection.shutdown(socket.SHUT_WR)
        else:
            connection.sendall(broken)
        answer = everything(connection)
    if path == "/sees/SEESServlet":
        assert denial(answer).startswith("malformed request: ")
    else:
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.partition(b"\r\n\r\n")[2].startswith(b'{"error": 400, "errorText": "')
    assert b"ExpressPlayToken" not in answer
    assert journal(service) == before
    assert f"POST {path} 400" in service.log()


@pytest.mark.parametrize("route", POSTS)
def test_the_same_body_with_its_final_chunk_is_taken(route: str, request: pytest.FixtureRequest) -> None:
    name, path, kind, body = POSTS[route]
    service: Service = request.getfixturevalue(name)
    with connect(service) as connection:
        connection.sendall(post(path, kind, chunk(body[:1]) + chunk(body[1:]) + b"0\r\n\r\n"))
        connection.shutdown(socket.SHUT_WR)
        by_chunks = everything(connection)
    with connect(service) as connection:
        connection.sendall(post(path, kind, body, f"Content-Length: {len(body)}"))
        connection.shutdown(socket.SHUT_WR)
        by_length = everything(connection)
    assert by_chunks.split()[1] == by_length.split()[1]
    assert (b"body cut off" in by_chunks, b"malformed request: in" in by_chunks) == (False, False)


def journal(service: Service) -> int:
    """Return how many exchanges the service has noted so far."""
    with requests.Session() as session:
        session.trust_env = False
        return len(session.get(f"{service.url}/_sim/journal", timeout=PATIENCE).json()["entries"])


@pytest.mark.parametrize("target", [b"/sees/SEESServlet", b"http://me:secret@x/sees/SEESServle%74"])
def test_a_body_that_is_cut_off_is_refused(sees: Service, target: bytes) -> None:
    with connect(sees) as connection:
        connection.sendall(STALLS["half a body"].replace(b"/sees/SEESServlet", target))
        connection.shutdown(socket.SHUT_WR)
        answer = everything(connection)
    assert "body cut off: expected 100 bytes, found 1" in denial(answer)
    assert "POST /sees/SEESServlet 400" in sees.log()
    assert "secret" not in sees.log()


@pytest.mark.parametrize("route", ["sees", "token"])
def test_65536_bytes_in_chunks_equal_65536_by_length(route: str, request: pytest.FixtureRequest) -> None:
    name, path, kind, body = POSTS[route]
    service: Service = request.getfixturevalue(name)
    answers = []
    for size in (65_536, 65_537):
        whole = body + b" " * (size - len(body)) if name == "sees" else body + b"&x=" + b"a" * (size - len(body) - 3)
        pieces = b"".join(chunk(whole[start : start + 4000]) for start in range(0, size, 4000)) + b"0\r\n\r\n"
        for said in (post(path, kind, pieces), post(path, kind, whole, f"Content-Length: {size}")):
            with connect(service) as connection:
                connection.sendall(said)
                connection.shutdown(socket.SHUT_WR)
                answers.append(everything(connection))
    whole_by_chunks, whole_by_length, long_by_chunks, long_by_length = answers
    assert whole_by_chunks.split()[1] == whole_by_length.split()[1]
    for answer in (whole_by_chunks, whole_by_length):
        assert b"at most 65536 bytes" not in answer
    for answer in (long_by_chunks, long_by_length):
        assert b"at most 65536 bytes" in answer


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (
            b"POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (b"POST / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [::1]\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: [::1]\r\nX : y\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: [::1]\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (
            b"POST / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"1;" + b"a" * 100 + b"\r\nx\r\n") * 20_000,
            413,
        ),
        (b"POST / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 2_000_000, 413),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(sees: Service, said: bytes, status: int) -> None:
    with connect(sees) as connection:
        takes(connection, said)
        answer = everything(connection)
    assert int(answer.split()[1]) == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer


def test_requests_that_come_together_are_answered_in_order(sees: Service) -> None:
    said = b"".join(b"GET /nowhere-%d HTTP/1.1\r\nHost: [::1]\r\n\r\n" % number for number in range(15))
    with connect(sees) as connection:
        connection.sendall(said + HEALTH)
        answer = everything(connection)
    assert answer.count(b"HTTP/1.1 404") == 15
    positions = [answer.index(b"/nowhere-%d" % number) for number in range(15)]
    assert positions == sorted(positions)
    assert answer.count(b"HTTP/1.1 200") == 1


def test_head_answers_have_no_body(sees: Service) -> None:
    with connect(sees) as connection:
        connection.sendall(HEALTH.replace(b"GET", b"HEAD"))
        head, _, body = everything(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nDate: ")
    assert b"Content-Length: " in head
    assert body == b""


def test_who_asks_first_whether_to_send_is_told_to_go_on(sees: Service) -> None:
    with connect(sees) as connection:
        head = f"Content-Length: {len(ENTITLEMENT)}\r\nExpect: 100-continue\r\nConnection: close"
        connection.sendall(post("/sees/SEESServlet", "application/json", b"", head))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(ENTITLEMENT)
        assert b'"messageID":"m"' in everything(connection)


def test_many_clients_at_once_are_all_answered(sees: Service) -> None:
    failed: list[str] = []

    def ask() -> None:
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(20):
                answer = session.get(f"{sees.url}/titles/film/video-1.m4s", timeout=PATIENCE)
                if answer.status_code != 200 or len(answer.content) != int(answer.headers["Content-Length"]):
                    failed.append(f"{answer.status_code}")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
