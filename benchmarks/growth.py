"""How much memory the services hold after many requests: `scripts/bench --growth`.

Each service gets seven kinds of requests in turn, on one connection; it refuses the last kind.
"""

import json
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.figures import Figure, Line, Say, memory
from benchmarks.services import running_services
from benchmarks.workload import Connection, Workload, workload_of
from hosting.process import Service, module_command, start

GROUP = "growth"
PIECE = 700
"""Requests between two words of progress; whole rounds of all kinds."""
Kind = Callable[[], bytes]


def measure_growth(state: Path, requests: int, say: Say) -> list[Line]:
    """Send that many requests to the mock, SEES and the page each, and look at the start, after a tenth and after all.

    Raises `RuntimeError` where a service refuses another kind than the last one, or not that.
    """
    workload = workload_of(state)
    with running_services(state=state) as (mock, sees):
        options = (f"--sees={sees.url}", f"--expressplay={mock.url}", "--port=0")
        with start(module_command("emulator", "serve", *options)) as page:
            loads = [
                _Load("mock", mock, _of_mock(workload)),
                _Load("SEES", sees, _of_sees(sees.url)),
                _Load("walkthrough page", page, _of_page()),
            ]
            for share in (0, requests // 10, requests - requests // 10):
                threads = [threading.Thread(target=load.send, args=(share, say)) for load in loads]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                for load in loads:
                    load.look()
    return [line for load in loads for line in load.lines]


class _Load:
    """One service, what it is asked, and what it held each time that somebody looked."""

    def __init__(self, name: str, service: Service, kinds: list[Kind]) -> None:
        self.lines: list[Line] = []
        self._name, self._service, self._kinds = name, service, kinds
        self._sent = 0
        self._problem = ""

    def send(self, count: int, say: Say) -> None:
        """Send `count` requests one after the other."""
        with closing(Connection(self._service.url)) as connection:
            for _ in range(count):
                number = self._sent % len(self._kinds)
                status = connection.ask(self._kinds[number]()).status
                if (status != 200) != (number == len(self._kinds) - 1):
                    self._problem = f"{self._name}: HTTP {status} for kind {number + 1} of {len(self._kinds)}"
                    return
                self._sent += 1
                if self._sent % PIECE == 0:
                    say(f"{self._name}: {self._sent} requests")

    def look(self) -> None:
        """Note what the service holds."""
        if self._problem:
            raise RuntimeError(self._problem)
        name = f"{self._name}, after {self._sent:,} requests"
        self.lines.append(Figure(GROUP, name, memory(self._service.process.pid), "MiB"))


def _of_mock(workload: Workload) -> list[Kind]:
    authenticator = workload.credentials.account.authenticator
    asked = {"customerAuthenticator": authenticator, "cookie": "growth"}
    form = {**asked, "contentKey": "0" * 32, "iv": "0" * 32, "expirationTime": "+600"}
    token = workload.token("growth")
    return [
        lambda: _post("/hms/fp/token", "application/x-www-form-urlencoded", urlencode(form)),
        lambda: workload.redemption(token, workload.spc("a")),
        lambda: _get(f"/cmiapi/getrecord/?{urlencode(asked)}"),
        lambda: _get("/_sim/health"),
        lambda: workload.redemption(token, workload.spc("b")),
        lambda: _get("/_sim/provisioning"),
        lambda: workload.redemption(token, bytes(400)),
    ]


def _of_sees(url: str) -> list[Kind]:
    with closing(Connection(url)) as connection:
        titles = json.loads(connection.ask(_get("/titles")).body)["titles"]
    dummy = next(title["keys"][0]["content_id"] for title in titles if title["dummy"])
    question = {"messageID": "1", "version": 1, "requestType": 2, "contentID": dummy, "customerCookie": "growth"}
    entitlement = _post("/sees/SEESServlet", "application/json", json.dumps(question))
    playlist, health = _get("/titles/dummy/master.m3u8"), _get("/_sim/health")
    asked = (_get("/titles"), playlist, entitlement, health, _get("/titles"), entitlement, _get("/nowhere"))
    return [lambda request=request: request for request in asked]  # type: ignore[misc]


def _of_page() -> list[Kind]:
    paths = ("/", "/api/outline", "/api/titles/dummy", "/api/lab", "/api/source/1", "/_sim/health", "/nowhere")
    return [lambda path=path: _get(path) for path in paths]  # type: ignore[misc]


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def _post(path: str, media_type: str, body: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()
