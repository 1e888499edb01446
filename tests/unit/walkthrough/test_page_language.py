"""Which language the page comes in: what the link asks for, else what the browser prefers, else English."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from walkthrough.page.page_language import serve_words


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = Flask(__name__)
    serve_words(app)
    return app.test_client()


@pytest.mark.parametrize(
    ("link", "accepted", "language"),
    [
        ("/", None, "en"),
        ("/", "fr-CA,fr;q=0.8,en;q=0.5", "fr"),
        ("/", "de-AT,de;q=0.9", "en"),
        ("/", "de,en;q=0.8,fr;q=0.7", "en"),
        ("/?lang=en", "fr", "en"),
        ("/?lang=fr", "en", "fr"),
        ("/?lang=tlh", "fr", "fr"),
        ("/?lang=FR", "en", "en"),
    ],
)
def test_the_link_decides_then_the_browser(client: FlaskClient, link: str, accepted: str | None, language: str) -> None:
    answer = client.get(link, headers={"Accept-Language": accepted} if accepted else {})
    assert f'<html lang="{language}">' in answer.text
    assert ('<h2 id="stage-title">La scène</h2>' in answer.text) == (language == "fr")
    current = answer.text.partition('aria-current="true">')[2]
    assert current.startswith(language.upper())
