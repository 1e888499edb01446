"""The target of scripts/fuzz that is a hostile service: who asks it ends with an error of its own, or an answer.

The emulator asks it for titles, entitlement, license and provisioning; SEES, the page and the gallery ask it as well.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response
from fuzz_http import MESSAGE
from fuzz_target import PATIENCE, Target

from emulator.device import Provisioning, provision
from emulator.errors import EmulatorError
from emulator.license_client import ask_license, ask_sees
from emulator.offered_titles import list_titles
from emulator.title import load_title
from emulator.transport import Web
from hosting.serving import running
from server.app import Config
from server.app import create_app as create_sees
from server.expressplay import ExpressPlayAccount
from walkthrough.page.app import create_app as create_page
from walkthrough.players.app import Gallery
from walkthrough.players.app import create_app as create_gallery
from walkthrough.record.deployment import Deployment

TYPES = ("application/json", "text/uri-list", "text/html; charset=utf-16", "a\u00e9/;=,")
STATUS = (200, 200, 200, 400, 302, 403, 206, 204)
ENTITLEMENT = {"messageID": "a", "version": 1, "isAllowed": True, "epTokenURL": "http://h/?ExpressPlayToken=AQAA"}
RECORD = {"event_id": 1, "result": 0, "device_id": "0" * 40, "registration": True, "cookie": "a"}
SAMPLES: tuple[tuple[int, int, object], ...] = (
    (0, 0, ENTITLEMENT),
    (0, 0, {**ENTITLEMENT, "isAllowed": False, "error": 6, "errorText": "device not registered"}),
    (0, 0, {"titles": [{"title": "film", "name": "A film", "dummy": False, "master": "/titles/film/master.m3u8"}]}),
    (0, 0, {"records": [RECORD]}),
    (0, 3, {"errorCode": -4001, "errorMessage": "refused", "hint": "none", "cause": -42585}),
    (0, 0, {"ckc": "AAAA"}),
)


class _Hostile:
    """Answers everything with the input: its first two bytes choose Content-Type and status, the rest is the body."""

    def __init__(self) -> None:
        self.data = b""
        self.app = Flask("hostile")
        self.app.before_request(self._answer)

    def _answer(self) -> Response:
        kind, status = (*self.data[:2], 0, 0)[:2]
        response = Response(self.data[2:], STATUS[status % len(STATUS)], content_type=TYPES[kind % len(TYPES)])
        if response.status_code == 302:
            response.headers["Location"] = "".join(map(chr, self.data[2:200])).replace("\n", "").replace("\r", "")
            response.autocorrect_location_header = False
        return response


@contextmanager
def answers_target(provisioning: Provisioning, modules: Path) -> Iterator[Target]:
    """Yield the target."""
    hostile, web = _Hostile(), Web()
    with ExitStack() as services:
        url = services.enter_context(running(hostile.app))
        deployment = Deployment(url, url, web, provisioning)
        page = services.enter_context(running(lambda own: create_page(deployment, own)))
        gallery = services.enter_context(running(lambda own: create_gallery(Gallery(url, url, modules, web), own)))
        account = ExpressPlayAccount(url, url, "1,0123456789abcdef0123456789abcdef")
        sees = services.enter_context(running(create_sees(Config(account))))
        services.callback(web.close)
        emulator: tuple[Callable[[], object], ...] = (
            lambda: list_titles(web, url),
            lambda: ask_sees(web, url, MESSAGE),
            lambda: ask_license(web, f"{url}/?ExpressPlayToken=AQAA", b"an SPC"),
            lambda: provision(web, url),
            lambda: load_title(web, f"{url}/master.m3u8"),
        )
        asked = (
            (page, "GET", "/api/outline"),
            (page, "GET", "/media/film/a.m3u8"),
            (gallery, "POST", "/sees/SEESServlet"),
            (gallery, "GET", "/titles/a"),
            (sees, "POST", "/sees/SEESServlet"),
        )

        def ask(data: bytes) -> None:
            hostile.data = data
            for question in emulator:
                with suppress(EmulatorError):
                    question()
            for kind in (2, 3):
                for base, method, path in asked:
                    status = _status(base, method, path, {**MESSAGE, "requestType": kind})
                    assert status != 500, f"{method} {path}: 500"

        yield Target(ask, tuple(bytes((kind, how)) + json.dumps(value).encode() for kind, how, value in SAMPLES))


def _status(base: str, method: str, path: str, message: object) -> int:
    address = urlsplit(base)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        body = json.dumps(message).encode() if method == "POST" else None
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()
