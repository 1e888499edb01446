"""What scripts/fuzz throws bytes at: each target takes any bytes and raises only where something is wrong.

Good messages are the samples that it damages. The HTTP targets send whole requests to a service in this process and
hold invariant 3: a numbered answer, never a 500.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from flask import Flask

from emulator.errors import EmulatorError
from emulator.hls import parse_playlist
from emulator.key_uri import DEFAULT_RULE, parse_key_uri, parse_rule
from expressplay_mock import app as mock
from expressplay_mock.credentials import new_credentials
from expressplay_mock.errors import Refusal
from expressplay_mock.tokens.sealed_token import open_token
from fairplay.annotate import annotate_ckc, annotate_spc, keys_of
from fairplay.certificate import load_certificate
from fairplay.ckc import ContentKey, open_ckc, seal_ckc
from fairplay.errors import CkcError, SpcError
from fairplay.session_key import device_id_of
from fairplay.spc import build_spc, open_spc
from hosting.serving import running
from server import app as sees
from server.catalog import CONTENT
from server.expressplay import ExpressPlayAccount
from walkthrough.record.inspection import inspect_bytes

CREDENTIALS = new_credentials()
LONGEST = 2.0
"""Seconds after which an answer counts as a hang; it takes some milliseconds."""
URL = "http://127.0.0.1:1/titles/film/video.m3u8"


@dataclass(frozen=True)
class Target:
    """`run` takes any bytes; `samples` are good messages to damage."""

    run: Callable[[bytes], None]
    samples: tuple[bytes, ...]


def _messages() -> tuple[bytes, bytes, Callable[[bytes], None], Callable[[bytes], None]]:
    keys = CREDENTIALS.redemption_keys().fairplay
    spc, contents = build_spc(
        certificate=load_certificate(CREDENTIALS.certificate),
        ask=CREDENTIALS.ask,
        device_id=device_id_of("fuzz"),
        asset_id=b"a content id",
        now=1_700_000_000,
        random=os.urandom,
    )

    def open_any_spc(data: bytes) -> None:
        annotate_spc(data, keys)
        annotate_spc(data, keys_of(contents))
        with suppress(SpcError):
            # The payload has no tag of its own, but nobody may come out as another device.
            assert open_spc(data, keys).device_id == contents.device_id

    def open_any_ckc(data: bytes) -> None:
        annotate_ckc(data, keys_of(contents))
        with suppress(CkcError):
            open_ckc(data, contents)

    return spc, seal_ckc(contents, ContentKey(bytes(16), bytes(16)), random=os.urandom), open_any_spc, open_any_ckc


def open_any_token(data: bytes) -> None:
    """Nothing that was not sealed under this key opens."""
    with suppress(Refusal):
        open_token(data.decode("latin-1"), CREDENTIALS.token_keys)
        raise AssertionError("a forged token opened")


def read_any_playlist(data: bytes) -> None:
    """Playlists and key URIs are read, or refused with a typed error."""
    text = data.decode("utf-8", "replace")
    with suppress(EmulatorError):
        parse_playlist(text, URL)
    for rule in (DEFAULT_RULE, *map(parse_rule, ("host", "path", "query:id", "all"))):
        with suppress(EmulatorError):
            parse_key_uri(text, rule)


def inspect_anything(data: bytes) -> None:
    """`fps-emulator inspect` explains whatever file it is given."""
    with suppress(EmulatorError):
        inspect_bytes(data)


TYPES = ("application/json", "application/x-www-form-urlencoded", "application/octet-stream", "\u00e9")
ACCOUNT = {"customerAuthenticator": CREDENTIALS.account.authenticator}
TOKEN = {"contentKey": "00" * 16, "iv": "11" * 16, "cookie": "a", "expirationTime": "+2592000"}
FILM = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"


def routes_of(app: Flask, *more: str) -> tuple[str, ...]:
    """Return the routes of ``app``, each as method and path, a letter for whatever varies; then ``more``."""
    found = {
        f"{method} {re.sub('<[^>]*>', 'a', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    return (*sorted(found), *more)


def http_target(url: str, routes: tuple[str, ...], messages: dict[str, tuple[int, bytes]]) -> Target:
    """Return a target that turns bytes into one request.

    The first byte is for the route, the second for Content-Type and for what becomes of the rest: it is the body and,
    for most values, something behind the path too. ``messages`` are good bodies by route, each with its type's number.
    """
    address = urlsplit(url)

    def send(data: bytes) -> None:
        route, how = (*data[:2], 0, 0)[:2]
        method, _, path = routes[route % len(routes)].partition(" ")
        behind = ("", quote(data[2:4000]), "%" + data[2:4000].hex("%"), "?" + quote(data[2:4000], "=&%"))
        kind = TYPES[how % len(TYPES)].encode("latin-1")
        connection = HTTPConnection(address.hostname or "", address.port, timeout=LONGEST)
        try:
            target = path + behind[how // len(TYPES) % len(behind)]
            connection.request(method, target, body=data[2:], headers={"Content-Type": kind})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status != 500, f"{method} {path}: 500, {body[:200]!r}"
        assert b"Traceback" not in body

    return Target(send, tuple(bytes((routes.index(route), kind)) + body for route, (kind, body) in messages.items()))


def mock_target(url: str, app: Flask, spc: bytes) -> Target:
    """Return the target of every route of the mock, among them a token URL of its own."""
    asked = "&".join(f"{name}={quote(value, ',')}" for name, value in (TOKEN | ACCOUNT).items())
    with urlopen(f"{url}/hms/fp/token?{asked}", timeout=LONGEST) as answer:
        redeem = "POST /hms/" + answer.read().decode().partition("/hms/")[2]
    routes = routes_of(app, redeem, f"GET /hms/fp/token?{asked}", f"GET /cmiapi/getrecord/?{asked}&start=1")
    messages = {
        redeem: (2, spc),
        "POST /hms/fp/rights/": (0, b'{"spc": "AAAA"}'),
        "POST /hms/fp/token": (1, asked.encode()),
        "POST /_sim/clock": (0, b'{"advance": 0}'),
        "POST /_sim/reset": (0, b'{"log": true}'),
        "POST /_sim/open": (1, redeem.partition("=")[2].encode()),
    }
    return http_target(url, routes, messages)


def sees_target(url: str, app: Flask) -> Target:
    """Return the target of every route of SEES."""
    message = {"messageID": "a", "version": 1, "requestType": 2, "contentID": FILM, "customerCookie": "a"}
    routes = routes_of(app, "GET /titles/film/master.m3u8", "GET /_sim/journal?trace=a")
    return http_target(url, routes, {"POST /sees/SEESServlet": (0, json.dumps(message).encode())})


@contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """Yield every target by name; the services behind the HTTP targets run as long as the block."""
    spc, ckc, open_any_spc, open_any_ckc = _messages()
    playlists = tuple(path.read_bytes() for path in sorted(CONTENT.glob("*/*.m3u8")))
    with ExitStack() as services:
        mock_app = mock.create_app(mock.Config(credentials=CREDENTIALS, teach=True))
        mock_url = services.enter_context(running(mock_app))
        account = ExpressPlayAccount(mock_url, mock_url, ACCOUNT["customerAuthenticator"])
        sees_app = sees.create_app(sees.Config(account))
        sees_url = services.enter_context(running(sees_app))
        yield {
            "spc": Target(open_any_spc, (spc,)),
            "ckc": Target(open_any_ckc, (ckc,)),
            "token": Target(open_any_token, (b"AQAAAQ" + b"A" * 120,)),
            "playlist": Target(read_any_playlist, (*playlists, b"skd://host?cid=a", b"skd:a")),
            "inspect": Target(inspect_anything, (spc, ckc)),
            "mock": mock_target(mock_url, mock_app, spc),
            "sees": sees_target(sees_url, sees_app),
        }
