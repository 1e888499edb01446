"""What scripts/fuzz throws bytes at: each target takes any bytes and raises only where something is wrong.

Good messages are the samples that it damages. The HTTP targets send whole requests to a service in this process and
hold invariant 3: a numbered answer, never a 500.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from emulator.errors import EmulatorError
from emulator.inspection import inspect_bytes
from emulator.key_uri import parse_key_uri
from emulator.playlist import parse_master, parse_media
from expressplay_mock import app as mock
from expressplay_mock.credentials import new_credentials
from expressplay_mock.errors import Refusal
from expressplay_mock.tokens import open_token
from fairplay.annotate import annotate_ckc, annotate_spc, keys_of
from fairplay.certificate import load_certificate
from fairplay.ckc import ContentKey, open_ckc, seal_ckc
from fairplay.errors import CkcError, SpcError
from fairplay.session_key import device_id_of
from fairplay.spc import build_spc, open_spc
from server import app as sees
from server.expressplay import ExpressPlayAccount
from simulation.serving import running

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
    for parse in (parse_master, parse_media):
        with suppress(EmulatorError):
            parse(text, URL)
    with suppress(EmulatorError):
        parse_key_uri(text)


def inspect_anything(data: bytes) -> None:
    """`fps-emulator inspect` explains whatever file it is given."""
    with suppress(EmulatorError):
        inspect_bytes(data)


ROUTES = {
    "mock": (
        b"POST /hms/fp/rights/?ExpressPlayToken=AQAAAQ",
        b"GET /hms/fp/token?customerAuthenticator=1,2&iv=00",
        b"POST /hms/fp/token",
        b"GET /cmiapi/getrecord/?cookie=a&start=1",
        b"POST /_sim/clock",
        b"POST /_sim/reset",
        b"GET /_sim/journal?trace=a",
    ),
    "sees": (b"POST /sees/SEESServlet", b"GET /titles/film/master.m3u8", b"GET /titles", b"POST /_sim/reset"),
}
TYPES = ("application/json", "application/x-www-form-urlencoded", "application/octet-stream", "\u00e9")


def http_target(url: str, routes: tuple[bytes, ...]) -> Callable[[bytes], None]:
    """Return a target that turns bytes into one request to one of `routes`, with the bytes as path and body."""
    address = urlsplit(url)

    def send(data: bytes) -> None:
        route = routes[data[0] % len(routes)] if data else routes[0]
        method, _, path = route.decode().partition(" ")
        kind = TYPES[data[1] % len(TYPES)] if len(data) > 1 else TYPES[0]
        extra = data[2:40].hex() if data[2:3] < b"\x80" else "%" + data[2:4000].hex("%")
        connection = HTTPConnection(address.hostname or "", address.port, timeout=LONGEST)
        try:
            connection.request(method, path + extra, body=data[2:], headers={"Content-Type": kind.encode("latin-1")})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status != 500, f"{method} {path}: 500, {body[:200]!r}"
        assert b"Traceback" not in body

    return send


@contextmanager
def targets() -> Iterator[dict[str, Target]]:
    """Yield every target by name; the services behind the HTTP targets run as long as the block."""
    spc, ckc, open_any_spc, open_any_ckc = _messages()
    playlists = tuple(path.read_bytes() for path in sorted(sees.CONTENT.glob("*/*.m3u8")))
    config = mock.Config(credentials=CREDENTIALS)
    with (
        running(mock.create_app(config)) as mock_url,
        running(sees.create_app(sees.Config(ExpressPlayAccount(mock_url, mock_url, "1,2")))) as sees_url,
    ):
        yield {
            "spc": Target(open_any_spc, (spc,)),
            "ckc": Target(open_any_ckc, (ckc,)),
            "token": Target(open_any_token, (b"AQAAAQ" + b"A" * 120,)),
            "playlist": Target(read_any_playlist, (*playlists, b"skd://host?cid=a", b"skd:a")),
            "inspect": Target(inspect_anything, (spc, ckc)),
            "mock": Target(http_target(mock_url, ROUTES["mock"]), (b"\0\2" + spc, b'\0\0{"spc": "AAAA"}', b"\4\0{}")),
            "sees": Target(http_target(sees_url, ROUTES["sees"]), (b'\0\0{"messageID": "a", "version": 1}',)),
        }
