"""What the page lets a learner read: the source of a step, and the bytes of a message."""

import base64
from collections import OrderedDict
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, Response, abort, jsonify

from emulator.key_uri import TOKEN_PARAMETER
from emulator.transport import EXPRESSPLAY
from simulation.http_errors import read_body
from walkthrough.page.inspector import Context, inspect_ckc, inspect_dropped, inspect_spc, inspect_token, message_id
from walkthrough.page.page_requests import Unusable
from walkthrough.page.page_state import PageState
from walkthrough.page.source_code import sources_of

MAX_MESSAGES = 200
"""Messages kept for the commands that fetch them; the oldest make room."""


class Messages:
    """Messages that were inspected, by id, so that a command printed yesterday still finds its bytes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, data: bytes) -> str:
        """Keep a message; return its id."""
        name = message_id(data)
        self._kept[name] = data
        while len(self._kept) > MAX_MESSAGES:
            self._kept.popitem(last=False)
        return name

    def get(self, name: str) -> bytes | None:
        """Return a message, if it is still there."""
        return self._kept.get(name)


def serve_bytes(app: Flask, page: PageState, url: str) -> None:
    """Add the routes."""
    messages = Messages()

    @app.get("/api/source/<int:step>")
    def source(step: int) -> Response:
        return jsonify([asdict(found) for found in sources_of(step)])

    @app.get("/api/messages/<name>")
    def message(name: str) -> Response:
        data = messages.get(name)
        if data is None:
            abort(404)
        return Response(data, content_type="application/octet-stream")

    @app.get("/api/inspect/<int:step>/<kind>")
    def inspect_step(step: int, kind: str) -> Response:
        found = find_message(page.steps.get(step, {}), kind)
        if found is None:
            abort(404)
        data = base64.urlsafe_b64decode(found + "=" * (-len(found) % 4)) if kind == "token" else base64.b64decode(found)
        address = f"{url}/api/messages/{messages.keep(data)}"
        own = page.own(data)
        context = Context(
            address,
            page.stage.expressplay,
            own.contents if own else None,
            page.stage.provisioning.ask,
            own.seed if own else None,
        )
        if kind == "token":
            return jsonify(inspect_token(found, context, _open_token(page, found)))
        return jsonify((inspect_spc if kind == "spc" else inspect_ckc)(data, context))

    @app.post("/api/inspect")
    def inspect_file() -> Response:
        data = read_body()
        if not data:
            raise Unusable("expected an SPC, a CKC or a recording, found an empty file")
        return jsonify(inspect_dropped(data))


def _open_token(page: PageState, token: str) -> dict[str, Any] | None:
    """Have ExpressPlay open a token, if it teaches; None otherwise."""
    url = f"{page.stage.expressplay}/_sim/open"
    answer = page.stage.web.ask(EXPRESSPLAY, "POST", url, step=None, body=token.encode(), content_type="text/plain")
    return answer.json_object("the restrictions of a token") if answer.status == 200 else None


def find_message(step: Any, kind: str) -> str | None:
    """Return the message of a recorded step: an SPC or CKC in Base64, a token as it stands in its URL."""
    for half in (step.get("request"), step.get("response")):
        if not isinstance(half, dict):
            continue
        if kind in ("spc", "ckc") and isinstance(text := half.get(kind), str):
            return text
        url = half.get("epTokenURL") or half.get("tokenUrl")
        if kind == "token" and isinstance(url, str) and (tokens := parse_qs(urlsplit(url).query).get(TOKEN_PARAMETER)):
            return tokens[0]
    return None
