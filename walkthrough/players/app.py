"""The gallery as a Flask app: its pages with the device's script in them, the players, and a way to both services.

What the pages ask SEES and ExpressPlay goes through this app, so that neither needs CORS: the license URL that SEES
answers is rewritten to lead here.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, request, send_from_directory

from emulator.errors import EmulatorError
from emulator.parties import EXPRESSPLAY, SEES, Party
from emulator.transport import MAX_ANSWER, MAX_MEDIA, Answer, Web
from emulator.urls import is_http_url
from simulation.foreign_pages import check_visitor
from simulation.http_errors import register_http_errors
from simulation.origins import Visitors
from walkthrough.page.page_language import BROWSER, DEVICE_SCRIPT
from walkthrough.serving import SERVICE, failed, health_route

WEB = Path(__file__).parent / "web"
MAX_BODY = 128 * 1024
"""Bytes of a request: an SPC is the largest."""
DEVICE = """<script src="/fairplay-eme.js"></script>
<script>
FairPlayEme.install({ provisioning: '/_sim/provisioning', device: new URLSearchParams(location.search).get('device') });
addEventListener('fairplay-eme', ({ detail }) => parent.postMessage(detail, location.origin));
</script>
<style>video { background: black; width: 320px; height: 180px; } body > p { display: none; }</style>
"""


@dataclass(frozen=True)
class Gallery:
    """What it stands on: base URLs of SEES and ExpressPlay, and the node_modules with the players."""

    sees: str
    expressplay: str
    modules: Path
    web: Web = field(repr=False)


def create_app(gallery: Gallery, url: str) -> Flask:
    """Build the app that is served at `url`."""
    app = Flask(SERVICE, static_folder=None)
    app.url_map.merge_slashes = False  # it would redirect, to an address made of the Host header
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    register_http_errors(app)
    app.register_error_handler(EmulatorError, failed)
    visitors = Visitors(url)
    app.before_request(lambda: check_visitor(visitors))
    app.register_blueprint(health_route())
    _serve_files(app, gallery)
    _forward(app, gallery, url)
    return app


def _serve_files(app: Flask, gallery: Gallery) -> None:
    @app.get("/")
    def index() -> Response:
        return send_from_directory(WEB, "index.html")

    @app.get("/pages/<file>")
    def page(file: str) -> Response:
        if not file.endswith(".html"):
            return send_from_directory(WEB, file)
        if not (WEB / file).is_file():
            abort(404)
        head, title, body = (WEB / file).read_text(encoding="utf-8").partition("</title>\n")
        return Response(head + title + DEVICE + body, content_type="text/html; charset=utf-8")

    @app.get(f"/{DEVICE_SCRIPT}")
    def script() -> Response:
        return send_from_directory(BROWSER, DEVICE_SCRIPT, mimetype="text/javascript")

    @app.get("/node_modules/<path:file>")
    def module(file: str) -> Response:
        return send_from_directory(gallery.modules, file)


def _forward(app: Flask, gallery: Gallery, url: str) -> None:
    def ask(party: Party, base: str, most: int = MAX_ANSWER) -> Answer:
        target = base + request.full_path.removesuffix("?")
        content_type = request.content_type or "application/octet-stream"
        body = request.get_data() if request.method == "POST" else None
        return gallery.web.ask(party, request.method, target, body=body, content_type=content_type, most=most)

    @app.post("/sees/SEESServlet")
    def entitle() -> tuple[Response, int]:
        answer = ask(SEES, gallery.sees)
        response = answer.json_object("a response object of SEES")
        if token_url := response.get("epTokenURL"):
            if not is_http_url(str(token_url)):
                raise answer.unexpected("an epTokenURL that is a URL", "another text")
            parts = urlsplit(str(token_url))
            response["epTokenURL"] = f"{url}{parts.path}?{parts.query}"
        return jsonify(response), answer.status

    @app.get("/titles")
    @app.get("/titles/<path:below>")
    def titles(below: str = "") -> Response:
        if {".", ".."} & {*below.split("/")}:
            abort(404)  # it would lead to the other routes of SEES, its journal among them
        answer = ask(SEES, gallery.sees, MAX_MEDIA if below else MAX_ANSWER)
        return Response(answer.body, answer.status, content_type=answer.content_type)

    @app.post("/hms/fp/rights/")
    @app.get("/_sim/provisioning")
    @app.get("/_sim/fairplay.cer")
    def expressplay() -> Response:
        answer = ask(EXPRESSPLAY, gallery.expressplay)
        return Response(answer.body, answer.status, content_type=answer.content_type)
