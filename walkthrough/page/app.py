"""The page as a Flask app: its files, its state, what the learner may do, and the stream of what happens."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, send_from_directory

from emulator.errors import EmulatorError
from simulation.http_errors import register_http_errors
from simulation.origins import Visitors
from walkthrough.page.bytes_routes import serve_bytes
from walkthrough.page.device_runs import license_of, play_title, renew_leases, still_of
from walkthrough.page.event_stream import MAX_LISTENERS, TooManyListeners
from walkthrough.page.free_play import serve_free_play
from walkthrough.page.lab_routes import serve_lab
from walkthrough.page.media import SANDBOXED, TYPES, describe_tracks, fetch_file, track_as_json
from walkthrough.page.outline import outline
from walkthrough.page.pacing import Busy
from walkthrough.page.page_language import BROWSER, DEVICE_SCRIPT, WEB, serve_words
from walkthrough.page.page_requests import Unusable, read_object
from walkthrough.page.page_state import PageState
from walkthrough.page.security import protect
from walkthrough.record.deployment import Deployment
from walkthrough.serving import SERVICE, failed, health_route

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request: a recording dropped on the inspector is the largest."""

DONE: dict[str, Any] = {"ok": True}


def create_app(deployment: Deployment, url: str, allowed_hosts: frozenset[str] = frozenset()) -> Flask:
    """Build the app that is served at `url`."""
    page = PageState(deployment)
    app = Flask(SERVICE, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    register_http_errors(app)
    app.register_error_handler(404, _refuse(404, "there is nothing at this address"))
    protect(app, Visitors(url, allowed_hosts))
    app.register_error_handler(Busy, _refuse(409, "a run is going on: let it end, or start over"))
    app.register_error_handler(Unusable, _refuse(400))
    full = f"{MAX_LISTENERS} windows are open on this page: close one"
    app.register_error_handler(TooManyListeners, _refuse(503, full))
    app.register_error_handler(EmulatorError, failed)
    app.register_blueprint(health_route())
    serve_words(app)
    _serve_files(app, page)
    _serve_actions(app, page)
    serve_bytes(app, page, url)
    serve_lab(app, page)
    serve_free_play(app, page)
    return app


def _serve_files(app: Flask, page: PageState) -> None:
    @app.get("/web/<file>")
    def web(file: str) -> Response:
        return send_from_directory(BROWSER if file == DEVICE_SCRIPT else WEB, file)

    @app.get("/media/<title>/<file>")
    def media(title: str, file: str) -> Response:
        kind = TYPES.get(Path(file).suffix)
        if kind is None:
            abort(404)
        response = Response(fetch_file(page.deployment.web, page.deployment.sees, title, file), content_type=kind)
        response.headers["Content-Security-Policy"] = SANDBOXED
        return response


def _serve_actions(app: Flask, page: PageState) -> None:
    @app.get("/api/outline")
    def show_outline() -> Response:
        return jsonify(outline(page.titles()))

    @app.get("/api/events")
    def events() -> Response:
        first = {"type": "state", **page.shown()}
        return Response(page.events.listen(first), content_type="text/event-stream")

    @app.get("/api/titles/<title>")
    def tracks(title: str) -> Response:
        found = describe_tracks(page.deployment.web, page.offer(title))
        return jsonify([track_as_json(track) for track in found])

    @app.post("/api/devices")
    def add_device() -> Response:
        page.devices.add()
        page.tell_state()
        return jsonify(DONE)

    @app.post("/api/devices/<name>")
    def change_device(name: str) -> Response:
        wanted = read_object()
        with page.pacing.between_runs():
            page.devices.change(name, wanted)
        page.tell_state()
        return jsonify(DONE)

    @app.post("/api/devices/<name>/clock")
    def advance(name: str) -> Response:
        seconds = read_object().get("advance")
        with page.pacing.between_runs() if seconds else nullcontext():  # 0 only asks how things stand
            page.devices.advance(name, seconds)
        page.tell_state()
        return jsonify(DONE)

    @app.post("/api/devices/<name>/play")
    def play(name: str) -> Response:
        return jsonify(play_title(page, name, str(read_object().get("title"))))

    @app.post("/api/devices/<name>/renew")
    def renew(name: str) -> Response:
        return jsonify(renew_leases(page, name))

    @app.get("/api/devices/<name>/license")
    def license_(name: str) -> Response:
        device = page.devices.get(name)
        if not device.grants or device.over():
            abort(404)
        return jsonify(license_of(device))

    @app.get("/api/devices/<name>/still")
    def still(name: str) -> Response:
        picture = still_of(page, name)
        if picture is None:
            abort(404)
        return Response(picture, content_type="image/png")

    @app.post("/api/pace")
    def pace() -> Response:
        match read_object():
            case {"stepping": bool(stepping)}:
                page.pacing.set_stepping(stepping)
            case {"next": True}:
                page.pacing.next()
            case _:
                raise Unusable('expected {"stepping": true or false} or {"next": true}')
        return jsonify(DONE)

    @app.post("/api/start-over")
    def start_over() -> Response:
        page.start_over()
        return jsonify(DONE)


def _refuse(status: int, text: str = "") -> Callable[[Exception], tuple[Response, int]]:
    """Return a handler that answers an error with a status and a text (empty: the error's own)."""
    return lambda error: (jsonify(error=status, errorText=text or str(error)), status)
