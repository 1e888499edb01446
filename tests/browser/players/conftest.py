"""The script fairplay-eme.js in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

SCRIPT = Path(__file__).parents[3] / "emulator" / "browser" / "fairplay-eme.js"


@pytest.fixture(scope="module")
def device(browser: Browser) -> Iterator[Page]:
    """An empty page in a secure context, with the script in it."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto("http://127.0.0.1/")
        page.add_script_tag(path=SCRIPT)
        yield page
