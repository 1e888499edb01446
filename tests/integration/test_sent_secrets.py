"""Whoever sends an authenticator where none belongs does not find it in a log or a journal: it may be a real one."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import pytest
import requests
from processes import Processes, running_processes

from hosting.process import Service, module_command, start

DIGITS = "5ec3e70f5ec3e70f5ec3e70f5ec3e70f"
SENT = f"4711,{DIGITS}"
SPELLINGS = {"as it is": SENT, "percent-encoded": quote(SENT), "percent-encoded twice": quote(quote(SENT))}
SERVICES = ("mock", "sees", "page")
PATHS = [
    "/{}",
    "/cmiapi/getrecord/{}",
    "/cmiapi/getlog/{}",
    "/cmiapi/getrecord/customerAuthenticator={}",
    "/cmiapi/getrecord/?customerAuthenticator={}",
    "/cmiapi/getrecord/?cookie={}",
    "/cmiapi/getrecord/?event_id={}",
    "/hms/fp/token?contentKey={}",
    "/hms/fp/token?customerAuthenticator={}",
    "/hms/fp/token?{}=1",
    "/hms/fp/rights/{}",
    "/hms/fp/rights/?ExpressPlayToken={}",
    "/sees/SEESServlet/{}",
    "/titles/{}/master.m3u8",
    "/titles/film/{}.m3u8",
    "/media/{}/video.m3u8",
    "/api/titles/{}",
    "/web/{}",
    "/_sim/{}",
    "/_sim/journal?trace={}",
    f"/{'x' * 170}{{}}",
]
BODIES: dict[str, list[object]] = {
    "/sees/SEESServlet": [
        {"messageID": SENT, "version": 1, "contentID": "unknown", "customerCookie": "a"},
        {"messageID": "m", "version": 1, "contentID": SENT, "customerCookie": "a"},
        {"messageID": "m", "version": 1, "contentID": "unknown", "customerCookie": SENT},
        {"messageID": "m", "version": 1, SENT: [{"deep": [SENT]}]},
        {"messageID": f"an id with {SENT} in it", "version": SENT},
        [SENT],
    ],
    "/hms/fp/token": [{"customerAuthenticator": SENT}, {"kid": SENT, "cookie": SENT, "deviceId": SENT}, {SENT: SENT}],
    "/hms/fp/rights/": [{"spc": SENT}],
    "/_sim/faults": [{"fault": SENT, "at": SENT}],
    "/_sim/clock": [{"advance": SENT}],
    "/api/devices/A": [{"cookie": SENT}, {"seed": SENT}],
    "/api/devices/A/play": [{"title": SENT}],
}


@dataclass
class Stage:
    """All three, as processes that log everything, and what was asked of them."""

    processes: Processes
    page: Service

    def service(self, name: str) -> Service:
        return self.page if name == "page" else {"mock": self.processes.mock, "sees": self.processes.sees}[name]

    def ask(self, name: str, method: str, path: str, **more: object) -> None:
        headers = {"User-Agent": f"{'x' * 180} {SENT}", "X-Sim-Trace": SENT, "Referer": SENT}
        url = self.service(name).url + path
        requests.request(method, url, headers=headers, timeout=60, **more)  # type: ignore[arg-type]

    def written(self, name: str) -> str:
        """The log and the journal of a service."""
        journal = "" if name == "page" else requests.get(f"{self.service(name).url}/_sim/journal", timeout=60).text
        return self.service(name).log() + journal


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with running_processes(tmp_path_factory.mktemp("state")) as processes:
        where = ("--sees", processes.sees.url, "--expressplay", processes.mock.url)
        with start(module_command("emulator", "serve", *where)) as page:
            yield Stage(processes, page)


@pytest.mark.parametrize("name", SERVICES)
def test_in_an_address(stage: Stage, name: str) -> None:
    for spelling in SPELLINGS.values():
        for path in PATHS:
            stage.ask(name, "GET", path.format(spelling))
            stage.ask(name, "POST", path.format(spelling))
    written = stage.written(name)
    assert DIGITS[:8] not in written
    if name != "page":
        assert "<redacted>" in written


@pytest.mark.parametrize("name", SERVICES)
def test_in_a_body(stage: Stage, name: str) -> None:
    for path, bodies in BODIES.items():
        for body in bodies:
            stage.ask(name, "POST", path, json=body)
            if isinstance(body, dict):
                stage.ask(name, "POST", path, data=body)
    assert DIGITS[:8] not in stage.written(name)


def test_what_was_sent_is_written_down_otherwise(stage: Stage) -> None:
    """The paths and ids themselves are there: only the authenticator is not."""
    stage.ask("mock", "GET", f"/cmiapi/getlog/{SENT}")
    stage.ask("sees", "POST", "/sees/SEESServlet", json={"messageID": f"my {SENT}", "version": 1, "contentID": "none"})
    assert "GET /cmiapi/getlog/<redacted> 404" in stage.processes.mock.log()
    assert '"messageID": "my <redacted>"' in stage.written("sees")
