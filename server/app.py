"""SEES as a Flask app: the edge between HTTP and the decision, and the titles as files."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, request, send_from_directory
from werkzeug.exceptions import RequestEntityTooLarge

from hosting.deadline import within
from server import SERVICE, __version__, api
from server.catalog import CONTENT, load_catalog
from server.entitlement import REGISTRATION_LIFETIME, RequestType, decide
from server.errors import DeniedError
from server.expressplay import ExpressPlay, ExpressPlayAccount
from server.patient_look_up import LAG_PATIENCE, PatientLookUp
from simulation.clock import Clock
from simulation.foreign_pages import refuse_strangers
from simulation.http_errors import read_body, register_http_errors
from simulation.journal import TRACE_HEADER, Journal, read_trace
from simulation.origins import Visitors
from simulation.routes import sim_routes
from simulation.steps import Step

SERVLET = "/sees/SEESServlet"

_MEDIA_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mpd": "application/dash+xml",
    **dict.fromkeys((".mp4", ".m4s", ".m4v", ".cmfv"), "video/mp4"),
    **dict.fromkeys((".m4a", ".cmfa"), "audio/mp4"),
    **dict.fromkeys((".cmft", ".cmfm"), "application/mp4"),
    ".ts": "video/mp2t",
    ".aac": "audio/aac",
    ".ac3": "audio/ac3",
    ".ec3": "audio/eac3",
    ".mp3": "audio/mpeg",
    ".vtt": "text/vtt",
    ".ttml": "application/ttml+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}
"""What is served, by the ending: all that packagers write for HLS and DASH, and the pictures' fingerprints."""

_ONE_RANGE = re.compile(r"bytes=(?:(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})?|-[0-9]{1,18})", re.IGNORECASE)

_STEPS: dict[int, Step] = {
    RequestType.REGISTRATION: Step.ASK_TO_REGISTER,
    RequestType.TIME_BASED: Step.ASK_TO_PLAY,
    RequestType.DEVICE_BOUND: Step.ASK_TO_PLAY,
}


@dataclass(frozen=True)
class Config:
    """What SEES needs to know; its repr shows no secret."""

    expressplay: ExpressPlayAccount
    catalog: Path = CONTENT / "catalog.toml"
    """The titles' files lie beside it, in a folder for each title."""
    lag_patience: float = LAG_PATIENCE
    """Seconds to wait for records that may lag behind the log, in all."""
    registration_lifetime: int = REGISTRATION_LIFETIME
    """Seconds that a registration token lives at most; the dummy's `token_lifetime` may be shorter."""
    sim: bool = True
    visitors: Visitors = field(default_factory=Visitors)
    """Whose pages may ask."""
    workers: int = 1
    """With more than one, this is the app of one of them, which has no journal to offer."""


def create_app(config: Config) -> Flask:
    """Build the app. Raises `server.catalog.CatalogError`. ExpressPlay need not be up yet."""
    catalog = load_catalog(config.catalog)
    clock = Clock()
    journal = Journal("sees", clock)
    expressplay = ExpressPlay(config.expressplay, journal)

    app = Flask("server", static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect, to an address made of the Host header
    app.config["MAX_CONTENT_LENGTH"] = api.MAX_BODY
    app.config["REFUSALS"] = {SERVLET: _refuse_broken}
    register_http_errors(app)
    refuse_strangers(app, config.visitors)
    app.register_blueprint(
        sim_routes(
            service=SERVICE,
            version=__version__,
            journal=journal,
            health=lambda: None,  # a catalog that cannot be used has ended the start already
            clock=None,
            on_reset=None,
            enabled=config.sim,
            workers=config.workers,
        )
    )

    @app.post(SERVLET)
    def entitle() -> tuple[Response, int]:
        trace = read_trace(request.headers.get(TRACE_HEADER))
        echo, message, step, why, event_id = api.Echo(), None, None, None, None
        look_up = PatientLookUp(lambda cookie: expressplay.look_up(cookie, trace), config.lag_patience)
        try:
            body = _body()
            echo = api.read_echo(body)
            message = api.parse_message(body)
            asked = api.read_request(message)
            step = _STEPS.get(asked.request_type)
            with within(config.expressplay.deadline):
                order = decide(asked, catalog, look_up, config.registration_lifetime)
                event_id = order.event_id
                answer, status = api.allowed(echo, expressplay.order_token(order, trace)), 200
            why = f"{order.why}. {look_up.account()}".rstrip(" .")
        except DeniedError as error:
            answer, status = api.denied(echo, error), error.number.http_status
            why = error.text
        journal.record(
            step=step,
            summary=_summary(answer),
            trace=trace,
            method="POST",
            url=request.base_url,
            status=status,
            request=message,
            response=answer,
            decision={"isAllowed": answer["isAllowed"], "why": why, "event_id": event_id},
        )
        response = jsonify(answer)
        response.headers["Cache-Control"] = "no-store"
        return response, status

    @app.get("/titles")
    def list_titles() -> Response:
        return jsonify(
            titles=[
                {
                    "title": title.id,
                    "name": title.name,
                    "dummy": title.dummy,
                    "master": f"/titles/{title.id}/master.m3u8",
                    "keys": [{"content_id": key.content_id, "kid": key.kid} for key in title.keys],
                }
                for title in catalog.titles.values()
            ]
        )

    @app.get("/titles/<title>/<path:file>")
    def show_file(title: str, file: str) -> Response:
        media_type = _MEDIA_TYPES.get(Path(file).suffix.lower())
        if title not in catalog.titles or media_type is None:
            abort(404)
        _ignore_odd_range()
        answer = send_from_directory(config.catalog.parent.resolve() / title, file, mimetype=media_type)
        answer.headers |= {"Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff"}
        return answer

    return app


def _refuse_broken(_status: int, text: str) -> tuple[int, object]:
    """Answer a request that broke off or stalled, of which the app gets to see nothing."""
    error = api.malformed(text.removeprefix("malformed request: "))
    return error.number.http_status, api.denied(api.Echo(), error)


def _body() -> bytes:
    try:
        return read_body()
    except RequestEntityTooLarge:
        raise api.too_large() from None


def _ignore_odd_range() -> None:
    """Ignore a Range that is malformed or names several parts, as RFC 9110 (14.2) allows: the whole file, no 416."""
    found = _ONE_RANGE.fullmatch(request.headers.get("Range", "bytes=0-"))
    if not found or (found["last"] and int(found["last"]) < int(found["first"])):
        request.environ.pop("HTTP_RANGE", None)


def _summary(answer: dict[str, Any]) -> str:
    return "entitled" if answer["isAllowed"] else f"denied: error {answer['error']}"
