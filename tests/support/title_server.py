"""A web server for titles in tests: the committed ones, laid out anew as packagers and CDNs do it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request

from hosting.serving import running
from server.catalog import CONTENT

Answer = bytes | str | Response | Callable[[], "bytes | str | Response"]


@dataclass
class TitleServer:
    """What is served: `files` by path, before the committed ones. `asked` holds path and headers of each request."""

    files: dict[str, Answer] = field(default_factory=dict)
    ranges: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        """The paths that were asked for."""
        return [path for path, _ in self.asked]


def committed(path: str) -> bytes:
    """A file of a committed title, as `film/video.m3u8`."""
    return (CONTENT / path).read_bytes()


def text(path: str) -> str:
    """A committed playlist."""
    return committed(path).decode()


@contextmanager
def serving(server: TitleServer) -> Iterator[TitleServer]:
    """Run the server; its `url` is then known."""
    app = Flask("titles", static_folder=None)

    @app.get("/<path:path>")
    def serve(path: str) -> Response:
        server.asked.append((path, dict(request.headers)))
        found = server.files.get(path)
        answer = found() if callable(found) and not isinstance(found, Response) else found
        if isinstance(answer, Response):
            return answer
        if answer is None and not (CONTENT / path).is_file():
            return Response(status=404)
        body = committed(path) if answer is None else answer.encode() if isinstance(answer, str) else answer
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", "")) if server.ranges else None
        if wanted:
            return Response(body[int(wanted[1]) : int(wanted[2]) + 1], 206)
        return Response(body)

    with running(app) as url:
        server.url = url
        yield server
