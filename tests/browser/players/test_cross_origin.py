"""Pages of another origin than the services': plain <script>, provisioning by URL, CORS off, on, and from file://."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests
from flask import Flask
from playwright.sync_api import Browser, Page

from expressplay_mock.credentials import Credentials
from hosting.serving import running
from sees_testing.expressplay import RunningExpressPlay, running_expressplay
from sees_testing.safari import SCRIPT
from sees_testing.sees import RunningSees, running_sees

EXAMPLE = Path(__file__).parents[3] / "examples" / "web-player" / "index.html"
HEAD = """<script crossorigin src="{url}/_sim/fairplay-eme.js"></script>
<script>FairPlayEme.install({{ provisioning: '{url}/_sim/provisioning', device: '{device}' }});</script>
"""
OUTCOME = """() => globalThis.FairPlayEme?.events.find(({ type }) => type === 'warning')?.text
    || document.body.dataset.refused || (document.querySelector('video').currentTime > 0.3 && 'plays')"""


class Site:
    """A web server of another port, whose page can be given a head."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.head = ""


@contextmanager
def running_site() -> Iterator[Site]:
    site = Site("")
    app = Flask("site", static_folder=None)

    @app.get("/")
    def index() -> str:
        return EXAMPLE.read_text().replace("<video", f"{site.head}<video", 1)

    with running(app) as site.url:
        yield site


def outcome(page: Page, url: str, expressplay: RunningExpressPlay, sees: RunningSees, title: str) -> str:
    certificate = f"{expressplay.url}/_sim/fairplay.cer"
    query = {"sees": sees.url, "certificate": certificate, "cookie": "alice", "title": title}
    page.goto(f"{url}/?{urlencode(query)}")
    found: str = page.wait_for_function(OUTCOME, timeout=30_000).json_value()
    return found


def test_a_named_origin_plays_and_no_other(browser: Browser, expressplay_credentials: Credentials) -> None:
    with running_site() as named, running_site() as other, browser.new_context() as context:
        origins = frozenset({named.url})
        with (
            running_expressplay(expressplay_credentials, origins) as expressplay,
            running_sees(expressplay, origins) as sees,
        ):
            page = context.new_page()
            named.head = HEAD.format(url=expressplay.url, device="device A")
            assert outcome(page, named.url, expressplay, sees, "dummy") == "plays"
            assert outcome(page, named.url, expressplay, sees, "film") == "plays"
            named.head = HEAD.format(url=expressplay.url, device="device B")
            assert "-9003" in outcome(page, named.url, expressplay, sees, "film")
            # The other origin brings the script along: nothing of the services' is for it.
            install = f"FairPlayEme.install({{ provisioning: '{expressplay.url}/_sim/provisioning' }});"
            other.head = f"<script>{SCRIPT.read_text()}\n{install}</script>"
            said = outcome(page, other.url, expressplay, sees, "film")
            assert f"start expressplay-mock with --cors-origin {other.url}" in said


def test_without_cors_nothing_is_said_to_any_page(
    browser: Browser, expressplay: RunningExpressPlay, sees: RunningSees
) -> None:
    with running_site() as site, browser.new_context() as context:
        for url in (
            f"{expressplay.url}/_sim/provisioning",
            f"{expressplay.url}/_sim/fairplay.cer",
            f"{sees.url}/titles",
        ):
            headers = requests.get(url, headers={"Origin": site.url}, timeout=10).headers
            assert not [name for name in headers if name.lower().startswith("access-control")]
        install = f"FairPlayEme.install({{ provisioning: '{expressplay.url}/_sim/provisioning' }});"
        site.head = f"<script>{SCRIPT.read_text()}\n{install}</script>"
        said = outcome(context.new_page(), site.url, expressplay, sees, "film")
        assert "provisioning: expected the answer of" in said
        assert f"--cors-origin {site.url}" in said


@pytest.mark.parametrize("cors_origins", [frozenset[str](), frozenset({"*"})], ids=["off", "any page"])
def test_a_page_from_a_file_is_told_what_it_cannot_do(
    browser: Browser, expressplay: RunningExpressPlay, tmp_path: Path
) -> None:
    install = f"FairPlayEme.install({{ provisioning: '{expressplay.url}/_sim/provisioning' }});"
    (tmp_path / "page.html").write_text(f"<script>{SCRIPT.read_text()}\n{install}</script>")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"file://{tmp_path}/page.html")
        said = page.wait_for_function("FairPlayEme.events.find(({ type }) => type === 'warning')?.text").json_value()
        assert "serve the page from localhost: from file:// its origin is null" in said


def test_a_page_without_a_secure_context_is_told_so(browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto("http://player.example/")
        page.add_script_tag(path=SCRIPT)
        said = page.evaluate("() => { try { FairPlayEme.install({}); } catch ({ message }) { return message; } }")
        assert "expected a secure context, found http://player.example. Likely fix: use https or localhost" in said
