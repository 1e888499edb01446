"""A TLS connection that does not come about, and what the emulator and SEES then say: who is wrong, and what to do."""

import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

import pytest
from certificates import Certificates
from flask import Flask
from real_services import AUTHENTICATOR

from emulator.errors import NoAnswer, TlsFailed
from emulator.parties import SEES
from emulator.step import at_step
from emulator.transport import Web
from hosting.health import problem_of
from hosting.serving import running
from hosting.tls import tls_diagnosis
from hosting.tls.tls import ClientTls, ServerTls
from hosting.tls.tls_diagnosis import Problem, diagnose
from server.app import Config, create_app
from server.expressplay import ExpressPlayAccount

CONTENT = "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4"
Trouble = Callable[["Scene"], AbstractContextManager[tuple[str, ClientTls]]]


class NoCommonCipher(ServerTls):
    """A server whose one cipher is for RSA, which its certificate is not."""

    def context(self) -> ssl.SSLContext:
        context = super().context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
        return context


class Scene:
    """Ours and another authority, and a server that answers everything with nothing."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.others = Certificates(folder / "ours"), Certificates(folder / "others")

    @contextmanager
    def serving(
        self, tls: ServerTls | None, client: ClientTls, scheme: str = "", host: str = "127.0.0.1"
    ) -> Iterator[tuple[str, ClientTls]]:
        """Serve with these files; yields the URL, with another scheme and host if told, and the client's files."""
        with running(Flask("nothing"), tls) as url:
            found, _, rest = url.partition("://")
            yield f"{scheme or found}://{rest.replace('127.0.0.1', host)}", client


@contextmanager
def serving_with(handler: type[socketserver.BaseRequestHandler]) -> Iterator[str]:
    """Serve each connection with a handler; yields the https URL."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def hanging_up(tls: ServerTls, client: ClientTls) -> Iterator[tuple[str, ClientTls]]:
    """Serve as Java does to clients without a certificate: the handshake, and then the end without a word."""
    context = tls.context()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True):
                pass

    with serving_with(Handler) as url:
        yield url, client


TROUBLES: dict[Problem, Trouble] = {
    Problem.NO_TLS: lambda scene: scene.serving(None, ClientTls(), scheme="https"),
    Problem.TLS_ONLY: lambda scene: scene.serving(scene.ours.server(), ClientTls(), scheme="http"),
    Problem.UNKNOWN_AUTHORITY: lambda scene: scene.serving(scene.others.server(), scene.ours.client()),
    Problem.WRONG_NAME: lambda scene: scene.serving(scene.ours.server("sees.example"), scene.ours.client()),
    Problem.EXPIRED: lambda scene: scene.serving(scene.ours.server(expired=True), scene.ours.client()),
    Problem.CERTIFICATE_REQUIRED: lambda scene: scene.serving(
        scene.ours.server(clients=scene.ours), scene.ours.client().without_certificate()
    ),
    Problem.CERTIFICATE_REFUSED: lambda scene: scene.serving(
        scene.ours.server(clients=scene.others), scene.ours.client()
    ),
    Problem.HUNG_UP: lambda scene: hanging_up(scene.ours.server(), scene.ours.client().without_certificate()),
    Problem.HANDSHAKE: lambda scene: scene.serving(NoCommonCipher(*astuple(scene.ours.server())), scene.ours.client()),
}
EMULATOR_FIXES = {
    Problem.NO_TLS: "write http://",
    Problem.TLS_ONLY: "write https://",
    Problem.UNKNOWN_AUTHORITY: "--ca",
    Problem.WRONG_NAME: "--public-url",
    Problem.EXPIRED: "start sees-server anew",
    Problem.CERTIFICATE_REQUIRED: "--client-certificate and --client-key",
    Problem.CERTIFICATE_REFUSED: "--client-certificate and --client-key",
    Problem.HUNG_UP: "--client-certificate and --client-key",
    Problem.HANDSHAKE: "TLS 1.2 or 1.3",
}
SEES_FIXES = EMULATOR_FIXES | {
    Problem.UNKNOWN_AUTHORITY: "--expressplay-ca",
    Problem.EXPIRED: "start ExpressPlay anew",
    Problem.CERTIFICATE_REQUIRED: "SEES shows none",
    Problem.CERTIFICATE_REFUSED: "SEES shows none",
    Problem.HUNG_UP: "SEES shows none",
}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize("problem", TROUBLES, ids=lambda problem: problem.name)
def test_the_emulator_says_what_is_wrong(scene: Scene, problem: Problem) -> None:
    with TROUBLES[problem](scene) as (url, tls), pytest.raises(TlsFailed) as caught, at_step(0):
        Web(tls=tls).get(SEES, f"{url}/titles?ExpressPlayToken=5ec7e7", expected="titles")
    text = str(caught.value)
    assert text.startswith(f"step 0: -9117 TLS failed: expected SEES at {url}, found {problem.value}. Fix: ")
    assert EMULATOR_FIXES[problem] in text
    assert "5ec7e7" not in text


@pytest.mark.parametrize("problem", TROUBLES, ids=lambda problem: problem.name)
def test_sees_says_what_is_wrong(scene: Scene, problem: Problem) -> None:
    with TROUBLES[problem](scene) as (url, tls):
        account = ExpressPlayAccount(url, url, AUTHENTICATOR, tls=tls)
        message = {"messageID": "m", "version": 1, "requestType": 2, "contentID": CONTENT, "customerCookie": "c"}
        answer = create_app(Config(account)).test_client().post("/sees/SEESServlet", json=message)
    assert answer.json
    assert (answer.status_code, answer.json["error"]) == (503, 9)
    text = answer.json["errorText"]
    assert f"{problem.value} at {url}" in text
    assert SEES_FIXES[problem] in text
    assert AUTHENTICATOR not in text


@pytest.mark.parametrize("problem", TROUBLES, ids=lambda problem: problem.name)
def test_a_diagnosis_is_that_of_the_server(scene: Scene, problem: Problem) -> None:
    with TROUBLES[problem](scene) as (url, tls):
        assert diagnose(f"{url}/path?query", tls) is problem


LAST_WORDS = {
    "nothing": b"",
    "half a record": b"\x16\x03\x03\x00\x50\x02\x00",
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "an alert and more": b"\x15\x03\x03\x00\x02\x02\x28" + b"z" * 100,
    "no record": b"\xff" * 100,
}
"""What a server says to the first bytes of a client, before it hangs up."""


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("words", LAST_WORDS.values(), ids=LAST_WORDS.keys())
def test_a_server_that_hangs_up_in_the_handshake_has_a_name(scene: Scene, words: bytes, reset: bool) -> None:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(words)
            if reset:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    client = scene.ours.client()
    with serving_with(Handler) as url:
        found = diagnose(url, client)
        assert found in {Problem.NO_TLS, Problem.HUNG_UP, Problem.HANDSHAKE, Problem.CERTIFICATE_REFUSED}
        assert found.value in str(problem_of("sees", url, client))
        with pytest.raises(TlsFailed):
            Web(tls=client).ask(SEES, "GET", url)


def test_every_problem_is_met_here() -> None:
    assert set(TROUBLES) == set(Problem)


def test_tls_that_works_has_no_problem(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_diagnosis, "STEP_TIMEOUT", 0.3)
    with scene.serving(scene.ours.server(clients=scene.ours), scene.ours.client()) as (url, tls):
        assert diagnose(url, tls) is None
        assert Web(tls=tls).ask(SEES, "GET", url).status == 404
    with scene.serving(None, ClientTls()) as (url, tls):
        assert diagnose(url, tls) is None


def test_a_server_that_says_nothing_is_no_problem_of_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_diagnosis, "STEP_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for scheme in ("http", "https"):
            assert diagnose(f"{scheme}://127.0.0.1:{port}", ClientTls()) is None
    assert diagnose(f"https://127.0.0.1:{port}", ClientTls()) is None


def test_nothing_there_is_no_problem_of_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(NoAnswer, match="nothing answers"):
        Web().ask(SEES, "GET", url)
