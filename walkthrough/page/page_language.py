"""The page in the reader's language: the one that the link asks for, else the one that the browser prefers."""

from dataclasses import asdict
from pathlib import Path

from flask import Flask, Response, abort, jsonify, request
from jinja2 import Environment, FileSystemLoader

import emulator
from walkthrough.words import LANGUAGES, words

BROWSER = Path(emulator.__file__).parent / "browser"
WEB = Path(__file__).parent / "web"
TEMPLATE = "index.html"
SHEETS = ("page.css", "parts.css", "bytes.css", "lab.css", "print.css")
DEVICE_SCRIPT = "fairplay-eme.js"
"""The virtual device in the browser, which opens CKCs: `emulator/browser/` has it."""


def render_page(language: str, addresses: dict[str, str], **files: object) -> str:
    """Return the page in a language.

    `addresses` has the link to the page in each language, `files` the names of what it loads: `folder` before each
    of `sheets`, `modules` and `scripts`, and `policy`, the content security policy where no header carries it.
    """
    # In the template, not in Python, so that the texts and their places stand in one file.
    environment = Environment(loader=FileSystemLoader(WEB), autoescape=True, extensions=["jinja2.ext.i18n"])
    environment.policies["ext.i18n.trimmed"] = True
    languages = [(code, name, addresses[code]) for code, name in LANGUAGES.items()]
    page = environment.get_template(TEMPLATE)
    return page.render(language=language, languages=languages, gettext=words(language), **files)


def serve_words(app: Flask) -> None:
    """Add the page itself, whose texts are translated here, and the table that its scripts take their words from."""
    modules = sorted(path.name for path in WEB.glob("*.js"))
    addresses = {code: f"?lang={code}" for code in LANGUAGES}

    @app.get("/")
    def page() -> str:
        language = request.args.get("lang", "")
        if language not in LANGUAGES:
            language = request.accept_languages.best_match(LANGUAGES) or "en"
        return render_page(language, addresses, folder="/web/", sheets=SHEETS, modules=modules, scripts=[DEVICE_SCRIPT])

    @app.get("/api/words/<language>")
    def table_of(language: str) -> Response:
        if language not in LANGUAGES:
            abort(404)
        return jsonify(asdict(words(language)))
