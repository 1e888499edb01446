"""A SEES over real HTTP, with a catalog and an ExpressPlay of the test's own making behind it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask, Response, request

from hosting.serving import running
from server.app import Config, create_app
from server.expressplay import ExpressPlayAccount

DUMMY, FILM, CLUB = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abc")
CEKS = {DUMMY: "d0" * 16, FILM: "f1" * 16, CLUB: "c2" * 16}
IVS = {DUMMY: "0d" * 16, FILM: "1f" * 16, CLUB: "2c" * 16}
AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"
DEVICE, OTHER_DEVICE = "11" * 20, "22" * 20


def _title(name: str, content_id: str, policy: str) -> str:
    return f"""
[titles.{name}]
name = "{name.title()}"
token_lifetime = 300
{policy}
[[titles.{name}.keys]]
content_id = "{content_id}"
kid = "{"0" * 32}"
cek = "{CEKS[content_id]}"
iv = "{IVS[content_id]}"
"""


CATALOG = (
    _title("dummy", DUMMY, 'dummy = true\nviewers = "all"')
    + _title("film", FILM, 'rental_duration = 7200\nviewers = "all"')
    + _title("club", CLUB, 'viewers = ["gold-", "staff"]')
)


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes | str
    headers: dict[str, str] = field(default_factory=dict)


def row(event_id: int, device_id: str | None, cookie: str = "alice", **changes: Any) -> dict[str, Any]:
    """One record as ExpressPlay writes it; a registration unless changed."""
    return {
        "event_id": event_id,
        "time": "2026-01-01T00:00:00Z",
        "cookie": cookie,
        "device_id": device_id,
        "content_id": DUMMY,
        "registration": True,
        "result": 0,
        "cause": None,
    } | changes


@dataclass
class StubExpressPlay:
    """Answers as told, and remembers what it was asked."""

    url: str = ""
    records: list[Any] = field(default_factory=list)
    token_answers: list[Answer] = field(default_factory=list)
    """Given in turn, the last one for ever; with none, a good one."""
    record_answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    @property
    def token_url(self) -> str:
        return f"{self.url}/hms/fp/rights/?ExpressPlayToken=AQAAtoken"

    def orders(self) -> list[dict[str, str]]:
        """The parameters of all token requests."""
        return [parameters for path, parameters, _ in self.asked if path == "/hms/fp/token"]

    def app(self, url: str) -> Flask:
        self.url = url
        app = Flask("stub", static_folder=None)

        def answer(scripted: list[Answer]) -> Response | None:
            self.asked.append((request.path, request.values.to_dict(), dict(request.headers)))
            if not scripted:
                return None
            told = scripted.pop(0) if len(scripted) > 1 else scripted[0]
            return Response(told.body, told.status, told.headers, content_type=told.content_type)

        @app.post("/hms/fp/token")
        def token() -> Response:
            return answer(self.token_answers) or Response(self.token_url + "\r\n", content_type="text/uri-list")

        @app.get("/cmiapi/getrecord/")
        def getrecord() -> Response | dict[str, Any]:
            return answer(self.record_answers) or {"records": self.records}

        return app


@dataclass
class StubbedSees:
    """SEES and what is behind it."""

    url: str
    expressplay: StubExpressPlay
    session: requests.Session

    def reset(self) -> "StubbedSees":
        """Let the stub be as new: one device is registered, every token is made, and nothing was asked."""
        stub = self.expressplay
        stub.records, stub.token_answers, stub.record_answers = [row(1, DEVICE)], [], []
        stub.asked.clear()
        return self

    def post(self, body: bytes | str | Iterator[bytes], **options: Any) -> requests.Response:
        return self.session.post(f"{self.url}/sees/SEESServlet", data=body, timeout=20, **options)

    def ask(self, **properties: Any) -> requests.Response:
        """Post a good request object with some properties changed (None: left out)."""
        message = {"messageID": "m-1", "version": 1, "contentID": FILM} | properties
        message = {name: value for name, value in message.items() if value is not None}
        return self.session.post(f"{self.url}/sees/SEESServlet", json=message, timeout=20)


@contextmanager
def stubbed_sees(folder: Path, **account: Any) -> Iterator[StubbedSees]:
    """Run SEES and the stub; `account` changes how SEES reaches ExpressPlay."""
    (folder / "catalog.toml").write_text(CATALOG)
    stub = StubExpressPlay()
    with running(stub.app) as expressplay, requests.Session() as session:
        session.trust_env = False
        reach = {"token_url": expressplay, "records_url": expressplay, "rights_url": expressplay} | account
        config = Config(ExpressPlayAccount(authenticator=AUTHENTICATOR, **reach), folder / "catalog.toml")
        with running(create_app(config)) as url:
            yield StubbedSees(url, stub, session)


def denial(answer: bytes) -> str:
    """Return the words of a response object of SEES, with which it says 1, malformed request."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    told: dict[str, object] = json.loads(body)
    text = told.pop("errorText")
    assert told == {"messageID": "", "version": 1, "isAllowed": False, "epTokenURL": "", "error": 1}
    return str(text)
