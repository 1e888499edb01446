"""One deadline for an exchange: servers that never fall silent, and never come to an end, hold nobody beyond it."""

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from itertools import count

import pytest
import requests
import urllib3
from certificates import Certificates
from requests.adapters import Retry

from emulator.errors import NoAnswer
from emulator.parties import SEES
from emulator.transport import Web
from hosting.deadline import EndingConnection, EndingTlsConnection, ending, seconds_left, within
from hosting.health import problem_of
from hosting.http_client import new_session
from hosting.tls.tls import ClientTls, ServerTls
from server.app import Config, create_app
from server.exchange import MAX_TRIES
from server.expressplay import ExpressPlayAccount

DEADLINE = 0.6
PATIENCE = 20.0
"""Seconds that a machine under load may take for what is over in DEADLINE: far less than the servers below go on."""
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LONG_HANDSHAKE = b"\x16\x03\x03\x40\x00\x02"
"""The first bytes of a TLS record of 16 KiB with a ServerHello."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of a socket that is reset when it is closed."""
CONTENT = "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4"
"""A title of the catalog that comes with SEES."""
EMPTY_BLOCK = b"5\r\n\x00\x00\x00\xff\xff\r\n"
"""A chunk with a stored deflate block of no bytes."""

Said = tuple[bytes, bytes]
"""What a server says at once, and then again and again."""
SERVERS: dict[str, Said] = {
    "a head that drips": (b"HTTP/1.1 200 OK\r\nX-Word: ", b"a"),
    "a body that drips": (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"a"),
    "chunks that drip": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "100 without end": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "empty gzip blocks": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\na\r\n"
        + gzip.compress(b"", mtime=0)[:10]
        + b"\r\n",
        EMPTY_BLOCK,
    ),
    "503 that drip": (b"HTTP/1.1 503 No\r\nContent-Length: 100000\r\n\r\n", b"a"),
    "silence": (b"", b""),
}


@contextmanager
def saying(said: Said, tls: ServerTls | None = None, pause: float = 0.02) -> Iterator[str]:
    """Serve every connection so; with a pause of 0 as fast as it goes. Yields the base URL."""
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            secured = tls.context().wrap_socket(connection, server_side=True) if tls else connection
            with secured:
                secured.recv(65536)
                secured.sendall(said[0])
                while not over.wait(pause):
                    secured.sendall(said[1])

    with serving_raw(talk, over) as address:
        yield f"{'https' if tls else 'http'}://{address}"


@contextmanager
def serving_raw(talk: Callable[[socket.socket], None], over: threading.Event) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def ask(session: requests.Session, url: str) -> float:
    """Return the seconds after which the exchange failed."""
    start = time.monotonic()
    with pytest.raises((requests.RequestException, urllib3.exceptions.HTTPError)), within(DEADLINE):
        session.get(url, timeout=10, stream=True).content  # noqa: B018  it is what waits
    return time.monotonic() - start


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "ours")


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("said", SERVERS.values(), ids=SERVERS.keys())
def test_no_server_holds_a_client_beyond_the_deadline(said: Said, secure: bool, certificates: Certificates) -> None:
    tls = certificates.server() if secure else None
    with saying(said, tls) as url, new_session(ClientTls(certificates.ca)) as session:
        assert DEADLINE * 0.9 < ask(session, url) < PATIENCE / 2


@pytest.mark.parametrize("said", [SERVERS["100 without end"], SERVERS["empty gzip blocks"]], ids=["100", "gzip"])
def test_nor_does_one_that_is_in_a_hurry(said: Said) -> None:
    with saying((said[0], said[1] * 500), pause=0) as url, new_session(ClientTls()) as session:
        assert ask(session, url) < PATIENCE / 2


def test_a_handshake_that_does_not_come_about() -> None:
    over = threading.Event()
    held: list[socket.socket] = []
    with serving_raw(held.append, over) as address, new_session(ClientTls()) as session:
        assert ask(session, f"https://{address}") < PATIENCE / 2
    for connection in held:
        connection.close()


def test_all_tries_together_have_one_deadline() -> None:
    tries = Retry(total=5, allowed_methods=["GET"], backoff_factor=0)
    with saying(SERVERS["silence"]) as url, new_session(ClientTls(), max_retries=tries) as session:
        assert ask(session, url) < PATIENCE / 2


def test_a_body_read_after_the_block_keeps_the_deadline() -> None:
    with saying(SERVERS["a body that drips"]) as url, new_session(ClientTls()) as session:
        start = time.monotonic()
        with within(DEADLINE):
            answer = session.get(url, timeout=10, stream=True)
        with pytest.raises(requests.ConnectionError):
            answer.content  # noqa: B018  it is what waits
        assert time.monotonic() - start < PATIENCE / 2


def test_the_next_request_over_the_same_connection_has_its_own_time() -> None:
    with saying((GOOD, b""), pause=60) as url, new_session(ClientTls()) as session:
        with within(DEADLINE):
            assert session.get(url, timeout=10).text == "ok"
        with within(PATIENCE):
            assert (seconds_left() or 0) > DEADLINE
            with within(DEADLINE):
                assert (seconds_left() or 9) <= DEADLINE
                with within(PATIENCE):  # the earlier end counts
                    assert (seconds_left() or 9) <= DEADLINE
        assert seconds_left() is None


def test_a_server_that_is_good_is_not_disturbed(certificates: Certificates) -> None:
    for tls in (None, certificates.server()):
        with saying((GOOD, b""), tls) as url, new_session(ClientTls(certificates.ca)) as session, within(PATIENCE):
            assert session.get(url, timeout=10).text == "ok"


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_connections_of_the_standard_library(secure: bool, certificates: Certificates) -> None:
    tls = certificates.server() if secure else None
    with saying(SERVERS["a head that drips"], tls) as url, within(DEADLINE):
        host = url.partition("://")[2]
        context = ending(ClientTls(certificates.ca).context())
        connection = EndingTlsConnection(host, context=context) if secure else EndingConnection(host)
        start = time.monotonic()
        connection.request("GET", "/")
        with pytest.raises((OSError, HTTPException)):
            connection.getresponse()
        connection.close()
        assert time.monotonic() - start < PATIENCE / 2


@pytest.mark.parametrize("said", SERVERS.values(), ids=SERVERS.keys())
def test_health_has_a_deadline_too(said: Said) -> None:
    start = time.monotonic()
    with saying(said) as url:
        assert problem_of("expressplay-mock", url, timeout=DEADLINE) == f"no whole answer within {DEADLINE:g} s"
    assert time.monotonic() - start < PATIENCE / 2


@contextmanager
def breaking_then_dripping(tries: int = 1) -> Iterator[str]:
    """Reset a client's connections until it looks for what is wrong with TLS; then say a handshake byte by byte."""
    over, numbers = threading.Event(), count()

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65536)
            if next(numbers) < tries:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
            connection.sendall(LONG_HANDSHAKE)
            for _ in range(int(2 * PATIENCE / 0.02)):
                connection.sendall(b"\x00")
                if over.wait(0.02):
                    break

    with serving_raw(talk, over) as address:
        yield f"https://{address}"


def test_the_look_for_what_is_wrong_with_tls_is_part_of_it(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificates.client()
    start = time.monotonic()
    with breaking_then_dripping() as url:
        problem_of("expressplay-mock", url, tls, timeout=DEADLINE)
    monkeypatch.setattr("emulator.transport.TOTAL_SECONDS", DEADLINE)
    with breaking_then_dripping() as url, pytest.raises(NoAnswer):
        Web(tls=tls).ask(SEES, "GET", url)
    with breaking_then_dripping(MAX_TRIES) as url:
        account = ExpressPlayAccount(url, url, "a" * 32, tls=tls, deadline=DEADLINE)
        message = {"messageID": "m", "version": 1, "requestType": 2, "contentID": CONTENT, "customerCookie": "c"}
        answer = create_app(Config(account)).test_client().post("/sees/SEESServlet", json=message)
        assert (answer.status_code, answer.json and answer.json["error"]) == (503, 9)
    assert time.monotonic() - start < PATIENCE
