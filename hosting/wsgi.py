"""A request as a WSGI app wants it (PEP 3333), and its answer as HTTP/1.1."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from email.utils import formatdate
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from hosting.http_connection import Connection
from hosting.http_request import RefusedRequest, Request
from hosting.logs import log_request

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

PIECE = 64 * 1024
"""Bytes of an answer that are sent at once."""
BODILESS = {"204", "304"}

Refuse = Callable[[int, str], tuple[int, object]]
"""Makes status and JSON of an answer from the server's own status and text."""

log = logging.getLogger(__name__)


def environ_of(request: Request, address: tuple[str, int], scheme: str, peer: str) -> dict[str, Any]:
    """Build the environ of a request to a server at `address`."""
    path, query = _path_and_query(request.target)
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": address[0],
        "SERVER_PORT": str(address[1]),
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "REMOTE_ADDR": peer,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers:
        if b"_" not in name and name not in (b"content-length", b"transfer-encoding"):  # x_y would pass for x-y
            key, text = name.decode("latin-1").upper().replace("-", "_"), value.decode("latin-1")
            key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
            between = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{between}{text}" if key in environ else text
    if request.length:
        environ["CONTENT_LENGTH"] = str(request.length)
    return environ


def _path_and_query(target: bytes) -> tuple[str, str]:
    """Return the path, decoded, and the query of a target; without scheme and host, where a client asks as of a proxy.

    Both hold bytes as WSGI has them, one a character.
    """
    if not target.startswith(b"/"):
        _, _, rest = target.partition(b"://")
        target = b"/" + rest.partition(b"/")[2]
    path, _, query = target.partition(b"?")
    return unquote_to_bytes(path).decode("latin-1"), query.decode("latin-1")


def refuse(connection: Connection, refusal: RefusedRequest, by_path: Mapping[str, Refuse]) -> None:
    """Answer for the server itself, or as the app has it for this path."""
    request = refusal.request
    path, _ = _path_and_query(request.target)
    status, answer = by_path.get(path, _refuse)(refusal.status, refusal.text)
    log_request(request.method or "?", path, status)
    body = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    connection.finish(_head(f"{status} Refused", headers, request) + body, close=True)


def _refuse(status: int, text: str) -> tuple[int, object]:
    return status, {"error": status, "errorText": text}


def respond(app: "WSGIApplication", environ: dict[str, Any], request: Request, connection: Connection) -> None:
    """Have `app` answer a request."""
    answer = _Answer(request, connection)
    try:
        pieces = app(environ, answer.start)
        try:
            answer.send(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
    except ConnectionError:
        answer.break_off()
    except Exception:
        log.exception("unforeseen")
        answer.break_off()


class _Answer:
    """An answer on its way."""

    def __init__(self, request: Request, connection: Connection) -> None:
        self._request, self._connection = request, connection
        self._status, self._headers = "", list[tuple[str, str]]()
        self._unsent = bytearray()

    def start(self, status: str, headers: list[tuple[str, str]], _failure: Any = None, /) -> Callable[[bytes], object]:
        """Take status and headers: WSGI's `start_response`."""
        self._status, self._headers = status, headers
        return _write

    def send(self, pieces: Iterable[bytes]) -> None:
        """Send all pieces; those of an answer that does not tell its length one by one, as they come."""
        request, pieces = self._request, iter(pieces)
        pieces = chain([next(pieces, b"")], pieces)  # many an app says its status no sooner
        told = next((int(value) for name, value in self._headers if name.lower() == "content-length"), None)
        bodiless = request.method == "HEAD" or self._status[:3] in BODILESS
        chunked = told is None and not bodiless and request.version != "1.0"
        if told is None and not bodiless and not chunked:
            request.last = True
        self._connection.endless = told is None and not bodiless
        self._unsent += _head(self._status, self._headers, request, chunked=chunked)
        sent = 0
        if not bodiless:
            for piece in pieces:
                sent += len(piece)
                self._unsent += b"%x\r\n%b\r\n" % (len(piece), piece) if chunked and piece else piece
                if len(self._unsent) >= PIECE or told is None:
                    self._flush()
        if chunked:
            self._unsent += b"0\r\n\r\n"
        short = told is not None and not bodiless and sent != told
        self._connection.finish(bytes(self._unsent), close=short)

    def break_off(self) -> None:
        """End in the middle of an answer, so that nobody takes it for a whole one."""
        self._connection.finish(bytes(self._unsent), close=True)

    def _flush(self) -> None:
        self._connection.send(bytes(self._unsent))
        self._unsent.clear()


def _write(_: bytes) -> object:
    """Stand for the callable that PEP 3333 wants from `start_response`; Flask and Werkzeug never call it."""
    raise NotImplementedError("an app returns its body: this is for those older than WSGI")


def _head(status: str, headers: list[tuple[str, str]], request: Request, *, chunked: bool = False) -> bytes:
    lines = [f"HTTP/1.1 {status}\r\nDate: {_date(int(time.time()))}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers]
    if chunked:
        lines.append("Transfer-Encoding: chunked\r\n")
    if request.last:
        lines.append("Connection: close\r\n")
    elif request.version == "1.0":
        lines.append("Connection: keep-alive\r\n")
    return "".join([*lines, "\r\n"]).encode("latin-1")


_last_date = 0, ""


def _date(now: int) -> str:
    global _last_date
    if _last_date[0] != now:
        _last_date = now, formatdate(now, usegmt=True)
    return _last_date[1]
