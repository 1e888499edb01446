"""Targets of scripts/fuzz over HTTP: whole requests to the services, and bytes that are none, to their server.

They hold invariant 3: a numbered answer, never a 500, and none that takes long.
"""

import json
import re
import socket
from collections.abc import Mapping
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from flask import Flask
from fuzz_target import PATIENCE, Target

from expressplay_mock.credentials import Credentials

TYPES = ("application/json", "application/x-www-form-urlencoded", "application/octet-stream", "\u00e9")
TOKEN = {"contentKey": "00" * 16, "iv": "11" * 16, "cookie": "a", "expirationTime": "+2592000"}
FILM = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"
MESSAGE = {"messageID": "a", "version": 1, "requestType": 2, "contentID": FILM, "customerCookie": "a"}


def routes_of(app: Flask, *more: str, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the routes of `app`, each as method and path, a letter for whatever varies; then `more`."""
    found = {
        f"{method} {re.sub('<[^>]*>', 'a', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    return (*sorted(found - without), *more)


def http_target(url: str, routes: tuple[str, ...], messages: Mapping[str, tuple[int, bytes]]) -> Target:
    """Return a target that turns bytes into one request.

    The first byte is for the route, the second for Content-Type and for what becomes of the rest: it is the body and,
    for most values, something behind the path too. `messages` are good bodies by route, each with its type's number.
    """
    address = urlsplit(url)

    def send(data: bytes) -> None:
        route, how = (*data[:2], 0, 0)[:2]
        method, _, path = routes[route % len(routes)].partition(" ")
        behind = ("", quote(data[2:4000]), "%" + data[2:4000].hex("%"), "?" + quote(data[2:4000], "=&%"))
        kind = TYPES[how % len(TYPES)].encode("latin-1")
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
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


def mock_target(url: str, app: Flask, spc: bytes, credentials: Credentials) -> Target:
    """Return the target of every route of the mock, among them a token URL of its own."""
    account = {"customerAuthenticator": credentials.account.authenticator}
    asked = "&".join(f"{name}={quote(value, ',')}" for name, value in (TOKEN | account).items())
    with urlopen(f"{url}/hms/fp/token?{asked}", timeout=PATIENCE) as answer:
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
    routes = routes_of(app, "GET /titles/film/master.m3u8", "GET /_sim/journal?trace=a")
    return http_target(url, routes, {"POST /sees/SEESServlet": (0, json.dumps(MESSAGE).encode())})


def page_target(url: str, app: Flask, spc: bytes) -> Target:
    """Return the target of every route of the walkthrough page but its stream of events, which has no end."""
    free = "POST /api/free"
    device = "POST /api/devices/A"
    with urlopen(f"{url}/api/free", timeout=PATIENCE) as answer:
        fields = json.load(answer)
    change = {"spc": fields["spc"], "layer": "request", "name": "version", "value": "1"}
    in_spc = {**change, "layer": "payload", "name": fields["fields"][-1]["name"], "value": "00"}
    messages = {
        free: (0, json.dumps(change).encode()),
        device: (0, b'{"seed": "a", "cookie": "b"}'),
        f"{device}/clock": (0, b'{"advance": 60}'),
        f"{device}/play": (0, b'{"title": "none"}'),
        "POST /api/pace": (0, b'{"next": true}'),
        "POST /api/inspect": (2, spc),
        "GET /media/film/video.m3u8": (0, b""),
    }
    routes = routes_of(app, *dict.fromkeys([device, f"{device}/clock", f"{device}/play", "GET /media/film/video.m3u8"]))
    routes = tuple(route for route in routes if route != "GET /api/events")
    target = http_target(url, routes, messages)
    more = bytes((routes.index(free), 0)) + json.dumps(in_spc).encode()
    return Target(target.run, (*target.samples, more))


def free_play_target(url: str) -> Target:
    """Return the target of free play on the page: the first byte chooses a field, the rest is its new value."""
    address = urlsplit(url)

    def ask(method: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            connection.request(method, "/api/free", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def change(data: bytes) -> None:
        offered = json.loads(ask("GET")[1])
        field = offered["fields"][(data or b"\0")[0] % len(offered["fields"])]
        size = len(field["value"]) // 2
        fits = (data[1:] + bytes(size))[:size].hex()
        value = data[1:].decode("utf-8", "replace")[:4096] if field["layer"] == "request" else fits
        wish = {"spc": offered["spc"], "layer": field["layer"], "name": field["name"], "value": value}
        status, body = ask("POST", json.dumps(wish).encode())
        assert status != 500, body[:200]

    return Target(change, (b"\x01-1", b"\x02\xc2\xb2", b"\x00a", b"\x09"))


def gallery_target(url: str, app: Flask, spc: bytes) -> Target:
    """Return the target of every route of the gallery of players, which hands most of them on."""
    message = json.dumps(MESSAGE).encode()
    routes = routes_of(app, "GET /titles/film/master.m3u8")
    return http_target(url, routes, {"POST /sees/SEESServlet": (0, message), "POST /hms/fp/rights/": (2, spc)})


def connection_target(url: str) -> Target:
    """Return the target of the server itself: a connection gets any bytes, then their end."""
    address = urlsplit(url)
    get = b"GET /_sim/health HTTP/1.1\r\nHost: a\r\n\r\n"
    chunked = b"POST /hms/fp/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n"
    offer = b"GET /_sim/health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    form = b"POST /hms/fp/token HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na=b"

    def send(data: bytes) -> None:
        answer = _exchange(address.hostname or "", address.port or 0, data)
        assert not answer or answer.startswith(b"HTTP/1.1 "), answer[:80]
        assert b"HTTP/1.1 500" not in answer, answer[:80]

    return Target(send, (get, get + get, chunked, offer, form))


def cors_target(url: str, allowed: str) -> Target:
    """Return the target of who may ask: any Origin, Host, method and path, as a browser or as a forger writes them.

    Lines of the input are, in this order, Origin, Host, method, path and Access-Control-Request-Method. No answer may
    let another origin read it, whatever it is asked with, nor let anybody send credentials along.
    """
    address = urlsplit(url)
    host = address.netloc.encode()
    own, friend = url.encode(), allowed.encode()

    def send(data: bytes) -> None:
        origin, name, method, path, wanted = [*data.replace(b"\r", b"").split(b"\n"), *[b""] * 5][:5]
        lines = (
            b"%s /%s HTTP/1.1" % (method or b"GET", path),
            b"Host: " + (name or host),
            b"Origin: " + origin,
            b"Access-Control-Request-Method: " + wanted,
            b"Connection: close",
            b"\r\n",
        )
        answer = _exchange(address.hostname or "", address.port or 0, b"\r\n".join(lines))
        assert b"HTTP/1.1 500" not in answer, answer[:80]
        head_of_answer = answer.partition(b"\r\n\r\n")[0].lower()
        assert b"access-control-allow-credentials" not in head_of_answer
        for said in re.findall(rb"\naccess-control-allow-origin: *(.*)\r?", head_of_answer):
            assert said.strip() == origin.strip().lower() == friend, said

    samples = (
        b"\n".join((friend, b"", b"OPTIONS", b"hms/fp/rights/", b"POST")),
        b"\n".join((friend, b"", b"GET", b"_sim/provisioning", b"")),
        b"\n".join((friend, b"", b"OPTIONS", b"_sim/reset", b"POST")),
        b"\n".join((own, host, b"GET", b"_sim/journal", b"")),
        b"\n".join((b"https://evil.example", b"evil.example:80", b"GET", b"_sim/fairplay.cer", b"")),
        b"\n".join((b"null", b"localhost.", b"POST", b"_sim/clock", b"")),
    )
    return Target(send, samples)


def _exchange(host: str, port: int, data: bytes) -> bytes:
    """Send bytes and their end; return what comes until the other end of the connection."""
    answer = bytearray()
    with socket.create_connection((host, port), timeout=PATIENCE) as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):  # it was told that it is not heard, and has sent on
            pass
    return bytes(answer)
