"""The page as a Flask app: its files, its state, what the learner may do, and the stream of what happens."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, jsonify, send_from_directory

from emulator import __version__
from emulator.errors import EmulatorError
from simulation.clock import Clock
from simulation.http_errors import register_http_errors
from simulation.journal import Journal
from simulation.routes import sim_routes
from walkthrough.page.bytes_routes import serve_reading
from walkthrough.page.freeplay import serve_free_play
from walkthrough.page.lab_routes import serve_lab
from walkthrough.page.media import FILE, describe_tracks, fetch_file
from walkthrough.page.page_language import serve_words
from walkthrough.page.page_requests import Unusable, read_object
from walkthrough.page.security import protect
from walkthrough.page.world import Busy, World, outline
from walkthrough.record.stage import Stage
from walkthrough.record.steps import LIFELINES

SERVICE = "fps-emulator"
WEB = Path(__file__).parent / "web"
MAX_BODY = 4 * 1024 * 1024
"""Bytes of a request: a recording dropped on the inspector is the largest."""

DONE: dict[str, Any] = {"ok": True}


def create_app(stage: Stage, url: str) -> Flask:
    """Build the app that is served at `url`."""
    world = World(stage)
    app = Flask(SERVICE, static_folder=None, template_folder=WEB)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    register_http_errors(app)
    protect(app, url)
    app.register_error_handler(Busy, _busy)
    app.register_error_handler(Unusable, _unusable)
    app.register_error_handler(EmulatorError, _failed)
    app.register_blueprint(
        sim_routes(
            service=SERVICE,
            version=__version__,
            journal=Journal("page", Clock()),
            health=lambda: None,
            clock=None,
            on_reset=None,
            enabled=False,
        )
    )
    serve_words(app, WEB)
    _serve_files(app, world)
    _serve_stage(app, world)
    serve_reading(app, world, url)
    serve_lab(app, world)
    serve_free_play(app, world)
    return app


def _serve_files(app: Flask, world: World) -> None:
    @app.get("/web/<file>")
    def web(file: str) -> Response:
        return send_from_directory(WEB, file)

    @app.get("/media/<path:path>")
    def media(path: str) -> Response:
        if not FILE.fullmatch(path):
            abort(404)
        answer = fetch_file(world.stage.web, world.stage.sees, path)
        return Response(answer.body, answer.status, content_type=answer.content_type)


def _serve_stage(app: Flask, world: World) -> None:
    @app.get("/api/story")
    def story() -> Response:
        titles = [{"title": offer.title, "name": offer.name, "dummy": offer.dummy} for offer in world.titles()]
        services = {"sees": world.stage.sees, "expressplay": world.stage.expressplay}
        return jsonify(lifelines=LIFELINES, steps=outline(), titles=titles, services=services)

    @app.get("/api/events")
    def events() -> Response:
        return Response(world.feed.listen(world.state()), content_type="text/event-stream")

    @app.get("/api/titles/<title>")
    def tracks(title: str) -> Response:
        if title not in [offer.title for offer in world.titles()]:
            abort(404)
        found = describe_tracks(world.stage.web, world.stage.sees, title)
        return jsonify([{"mime": track.mime, "parts": [_part(part) for part in track.parts]} for track in found])

    @app.post("/api/devices")
    def add_device() -> Response:
        world.add_device()
        return jsonify(DONE)

    @app.post("/api/devices/<name>")
    def change_device(name: str) -> Response:
        world.change(name, read_object())
        return jsonify(DONE)

    @app.post("/api/devices/<name>/clock")
    def advance(name: str) -> Response:
        world.advance(name, read_object().get("advance"))
        return jsonify(DONE)

    @app.post("/api/devices/<name>/play")
    def play(name: str) -> Response:
        return jsonify(world.play(name, str(read_object().get("title"))))

    @app.post("/api/devices/<name>/renew")
    def renew(name: str) -> Response:
        return jsonify(world.renew(name))

    @app.get("/api/devices/<name>/still")
    def still(name: str) -> Response:
        picture = world.still(name)
        if picture is None:
            abort(404)
        return Response(picture, content_type="image/png")

    @app.post("/api/pace")
    def pace() -> Response:
        match read_object():
            case {"stepping": bool(stepping)}:
                world.pace.set_stepping(stepping)
            case {"next": True}:
                world.pace.next()
            case _:
                raise Unusable('expected {"stepping": true or false} or {"next": true}')
        return jsonify(DONE)

    @app.post("/api/start-over")
    def start_over() -> Response:
        world.start_over()
        return jsonify(DONE)


def _part(part: Any) -> dict[str, Any]:
    return {key: value for key, value in asdict(part).items() if key != "key"}


def _busy(_: Busy) -> tuple[Response, int]:
    return jsonify(error=409, errorText="a run is going on: let it end, or start over"), 409


def _unusable(error: Unusable) -> tuple[Response, int]:
    return jsonify(error=400, errorText=str(error)), 400


def _failed(error: EmulatorError) -> tuple[Response, int]:
    return jsonify(error=error.number, errorText=str(error)), 502
