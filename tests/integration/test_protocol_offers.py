"""A client that offers another protocol (Java's HttpClient does, h2c, by default) gets HTTP/1.1, its body not lost."""

import socket
from collections.abc import Iterator

import pytest
from flask import Flask, request

from hosting.serving import running

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\nUpgrade: h2c\r\nHost: x\r\n"
LENGTH = b"POST /echo HTTP/1.1\r\n" + OFFER + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = b"POST /echo HTTP/1.1\r\n" + OFFER + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
WEBSOCKET = LENGTH.replace(b"h2c", b"websocket")
PLAIN = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
LAST = b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    app = Flask("echo", static_folder=None)
    app.add_url_rule("/echo", view_func=lambda: f"<{request.get_data(as_text=True)}>", methods=["GET", "POST"])
    with running(app) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


def exchange(address: tuple[str, int], *pieces: bytes) -> bytes:
    with socket.create_connection(address, timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
        return answer


@pytest.mark.parametrize("offer", [LENGTH, CHUNKED, WEBSOCKET])
@pytest.mark.parametrize("in_pieces", [False, True])
def test_an_offer_is_declined_and_the_connection_goes_on(
    address: tuple[str, int], offer: bytes, in_pieces: bool
) -> None:
    sent = offer + PLAIN + offer + LAST
    answer = exchange(address, *([sent[at : at + 1] for at in range(len(sent))] if in_pieces else [sent]))
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.count(b"<hello>") == 3
    assert answer.endswith(b"<>")


def test_an_offer_smuggles_no_header(address: tuple[str, int]) -> None:
    broken = LENGTH.replace(b"h2c", b"h2c\x00")
    assert exchange(address, broken).startswith(b"HTTP/1.1 400")
    two = b"POST /echo HTTP/1.1\r\n" + OFFER + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
    assert exchange(address, two).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("hidden", [b"Content-Length: %d", b"Transfer-Encoding: chunked"])
def test_an_offer_with_too_many_headers_hides_none_that_says_where_its_body_ends(
    address: tuple[str, int], hidden: bytes
) -> None:
    many = b"".join(b"X-%d: y\r\n" % number for number in range(150))
    framing = hidden % len(PLAIN) if b"%" in hidden else hidden
    offer = b"POST /echo HTTP/1.1\r\n" + OFFER + many + framing + b"\r\n\r\n"
    answer = exchange(address, offer + PLAIN)
    assert answer.startswith(b"HTTP/1.1 431")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_an_offer_hides_no_transfer_encoding_without_a_value(address: tuple[str, int]) -> None:
    offer = b"POST /echo HTTP/1.1\r\n" + OFFER + b"Transfer-Encoding:\r\n\r\n"
    answer = exchange(address, offer + PLAIN)
    assert int(answer.split()[1]) in (400, 501)
    assert answer.count(b"HTTP/1.1 ") == 1
