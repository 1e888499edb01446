"""What the page lets a learner read: the source of a step, and the bytes of a message."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, abort, jsonify

from emulator.errors import BadRecording
from emulator.parties import EXPRESSPLAY
from simulation.http_errors import read_body
from walkthrough.page.inspector import Context, inspect_ckc, inspect_dropped, inspect_spc, inspect_token, message_id
from walkthrough.page.message_bytes import find_message, message_bytes
from walkthrough.page.page_requests import Unusable
from walkthrough.page.page_state import Newest, PageState
from walkthrough.page.source_code import sources_of
from walkthrough.record.inspection import TooLong
from walkthrough.record.recording_file import MAX_STEPS


def serve_bytes(app: Flask, page: PageState, url: str) -> None:
    """Add the routes."""
    messages: Newest[str, bytes] = Newest()
    """By id, so that a command printed yesterday still finds its bytes."""

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
        found = find_message(page.feed.steps.get(step, {}), kind)
        if found is None:
            abort(404)
        data = message_bytes(found, kind)
        name = message_id(data)
        messages[name] = data
        own = page.own.get(data)
        context = Context(
            f"{url}/api/messages/{name}",
            page.deployment.expressplay,
            own.contents if own else None,
            page.deployment.provisioning.ask,
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
        try:
            return jsonify(inspect_dropped(data))
        except TooLong as error:
            raise Unusable(str(error)) from None
        except BadRecording:
            raise Unusable(
                f"a recording has at most {MAX_STEPS} steps: this one has more, or too much in them"
            ) from None


def _open_token(page: PageState, token: str) -> dict[str, Any] | None:
    """Have ExpressPlay open a token, if it teaches; None otherwise."""
    url = f"{page.deployment.expressplay}/_sim/open"
    answer = page.deployment.web.ask(EXPRESSPLAY, "POST", url, body=token.encode(), content_type="text/plain")
    return answer.json_object("the restrictions of a token") if answer.status == 200 else None
