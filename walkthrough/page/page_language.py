"""The page in the reader's language: the one that the link asks for, else the one that the browser prefers."""

from dataclasses import asdict
from pathlib import Path

from flask import Flask, Response, abort, jsonify, render_template, request

from walkthrough.words import LANGUAGES, words


def serve_words(app: Flask, web: Path) -> None:
    """Add the page itself, whose texts are translated here, and the table that its scripts take their words from.

    `web` is the folder of the page's files.
    """
    scripts = sorted(path.name for path in web.glob("*.js"))
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True

    @app.get("/")
    def page() -> str:
        language = request.args.get("lang", "")
        if language not in LANGUAGES:
            language = request.accept_languages.best_match(LANGUAGES) or "en"
        return render_template(
            "index.html", scripts=scripts, language=language, languages=LANGUAGES, gettext=words(language)
        )

    @app.get("/api/words/<language>")
    def table_of(language: str) -> Response:
        if language not in LANGUAGES:
            abort(404)
        return jsonify(asdict(words(language)))
