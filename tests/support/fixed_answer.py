"""A server that gives one answer to everything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request

from hosting.serving import running


@dataclass
class FixedAnswer:
    """The answer, and what was asked: method, path with query, body."""

    body: bytes | str | Callable[[], bytes | str] = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)


@contextmanager
def answering(answer: FixedAnswer) -> Iterator[str]:
    """Run the server; yields its base URL."""
    app = Flask("fixed-answer", static_folder=None)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def say(path: str) -> Response:
        answer.asked.append((request.method, request.full_path, request.get_data()))
        body = answer.body() if callable(answer.body) else answer.body
        return Response(body, answer.status, answer.headers, content_type=answer.content_type)

    with running(app) as url:
        yield url
