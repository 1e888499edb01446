"""What is too large is refused with a number, on every route, before it is read: bodies, heads and query strings."""

import io
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask
from stubbed_sees import AUTHENTICATOR

from expressplay_mock import app as mock
from expressplay_mock.license_body import MAX_BODY
from hosting.limits import BODY_TIMEOUT, HEAD_TIMEOUT, MAX_CONNECTIONS, MAX_HEAD, MAX_WAITING, THREADS, UNREAD_TIMEOUT
from hosting.process import Service, start
from server import app as sees
from server.expressplay import ExpressPlayAccount
from simulation.http_errors import MAX_QUERY

MOCK = mock.create_app(mock.Config(authenticator=AUTHENTICATOR, teach=True))
SEES = sees.create_app(sees.Config(ExpressPlayAccount("http://127.0.0.1:1", "http://127.0.0.1:1", AUTHENTICATOR)))
ROUTES = [
    pytest.param(app, method, rule.rule, id=f"{app.name}-{method}-{rule.rule}")
    for app in (MOCK, SEES)
    for rule in app.url_map.iter_rules()
    for method in sorted(rule.methods or ())
]


class Endless(io.RawIOBase):
    """A body that never ends; counts what was read of it."""

    taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        self.taken += len(view)
        view[:] = b" " * len(view)
        return len(view)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("app", "method", "path"), ROUTES)
def test_every_route_has_a_ceiling_for_bodies(app: Flask, method: str, path: str, chunked: bool) -> None:
    body = Endless()
    said = {"HTTP_TRANSFER_ENCODING": "chunked"} if chunked else {"CONTENT_LENGTH": "1000000000"}
    environ = said | {"wsgi.input": body, "wsgi.input_terminated": True}
    answer = app.test_client().open(path, method=method, environ_overrides=environ)
    assert body.taken <= (MAX_BODY if chunked else 0)
    if method == "POST":
        assert answer.status_code in (400, 413)
        assert f"at most {MAX_BODY} bytes" in answer.text
    else:
        assert answer.status_code < 500


COMMANDS: dict[str, tuple[str, str]] = {
    "mock": ("expressplay_mock", "--database=:memory:"),
    "sees": ("server", "--expressplay=http://127.0.0.1:1"),
}


@pytest.fixture(scope="module", params=COMMANDS)
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    module, option = COMMANDS[request.param]
    with TemporaryDirectory() as state:
        environment = {"SEES_AUTHENTICATOR": AUTHENTICATOR, "EXPRESSPLAY_MOCK_SERVE_STATE": state}
        command = [sys.executable, "-m", module, "serve", "--port=0", option]
        with start(command, env=os.environ | environment) as running:
            yield running


def say(service: Service, request: bytes) -> bytes:
    """Send the bytes and return all that comes back before the service hangs up."""
    host, port = service.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        try:
            connection.sendall(request)
            while more := connection.recv(65536):
                answer += more
        except (ConnectionResetError, BrokenPipeError):
            pass  # it need not read on; what it answered may still be here
    return answer


def get(path: str = "/_sim/health", *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (get("/_sim/health?a=" + "a" * 8192, "ExpressPlayToken: " + "a" * 8192), {200}),
        (get("/_sim/health", "X-Long: " + "a" * 200_000), {431}),
        (get("/_sim/health", *(f"X-{number}: 1" for number in range(200))), {431}),
        (get("/_sim/health?a=" + "a" * 70_000), {414, 431}),
        (get("/" + "a" * 70_000), {414, 431}),
        (b"GET / HTTP/1.1\r\n" + b"x" * 70_000 + b"\r\n\r\n", {400, 431}),
    ],
    ids=["longest token", "long header", "many headers", "long query", "long path", "no head"],
)
def test_heads_have_limits(service: Service, request_bytes: bytes, expected: set[int]) -> None:
    assert status(say(service, request_bytes)) in expected


@pytest.mark.parametrize("path", ["/_sim/health", "/hms/fp/token", "/hms/fp/rights/", "/nowhere"])
def test_a_query_string_that_is_too_long_is_told_so(service: Service, path: str) -> None:
    answer = say(service, get(f"{path}?a={'a' * (MAX_QUERY - 1)}"))
    assert status(answer) == 414
    assert b'"error":414' in answer
    assert f"expected at most {MAX_QUERY} bytes, found {MAX_QUERY + 1}".encode() in answer


@pytest.mark.parametrize(
    "body", [b"Content-Length: 1000000000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n20000\r\n{"]
)
def test_a_huge_body_is_refused_before_it_has_come(service: Service, body: bytes) -> None:
    path = b"/sees/SEESServlet" if "sees" in service.name else b"/hms/fp/token"
    padding = b" " * (MAX_BODY + 1) if b"chunked" in body else b""
    answer = say(service, b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + body + padding)
    assert status(answer) in (400, 413)
    assert f"at most {MAX_BODY} bytes".encode() in answer


def test_the_page_shows_the_limits() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "stage.md").read_text()
    table = page.partition("## Limits\n")[2].partition("|---|---|---|\n")[2].partition("\n\n")[0]
    assert [row.split(" | ")[1].partition(", ")[0] for row in table.splitlines()] == [
        f"{MAX_BODY:,} bytes",
        f"{MAX_QUERY:,} bytes",
        f"{MAX_HEAD:,} bytes",
        f"{HEAD_TIMEOUT:g} s",
        f"{BODY_TIMEOUT:g} s",
        f"{UNREAD_TIMEOUT:g} s",
        f"{MAX_CONNECTIONS:,}",
        f"{MAX_WAITING}",
        f"{THREADS}",
    ]
