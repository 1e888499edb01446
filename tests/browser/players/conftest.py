"""The script fairplay-eme.js in a real Chromium, and real players on it: SEES, mock and pages under one origin."""

import fcntl
import os
import shutil
import subprocess
import zlib
from collections.abc import Iterator

import pytest
from player_pages import PLAYERS, PlayerPages, make_content, one_origin
from playwright.sync_api import Browser, Page

from sees_testing.safari import SCRIPT


@pytest.fixture(scope="module")
def device(browser: Browser) -> Iterator[Page]:
    """An empty page in a secure context, with the script in it."""
    with browser.new_context() as context:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto("http://127.0.0.1/")
        page.add_script_tag(path=SCRIPT)
        yield page


@pytest.fixture(scope="session")
def players() -> None:
    """The players of package-lock.json, from npm; skips where there is no npm, and in CI fails instead."""
    installed = PLAYERS / "node_modules" / ".package-lock.json"
    lock = PLAYERS / "package-lock.json"
    with (PLAYERS / ".npm.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # of several test workers, one installs
        if installed.exists() and installed.stat().st_mtime > lock.stat().st_mtime:
            return
        problem = "no npm: install the packages nodejs and npm"
        if npm := shutil.which("npm"):
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            result = subprocess.run(command, cwd=PLAYERS, capture_output=True, text=True, check=False)
            if result.returncode == 0:
                return
            problem = f"npm ci: {result.stderr[-500:]}"
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


@pytest.fixture(scope="module")
def _pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayerPages]:
    with one_origin(make_content(tmp_path_factory.mktemp("content"))) as url:
        yield PlayerPages(url, browser)


@pytest.fixture
def pages(_pages: PlayerPages) -> Iterator[PlayerPages]:
    """The module's pages; windows that a test opens are closed at its end."""
    yield _pages
    _pages.close()


@pytest.fixture
def cookie(request: pytest.FixtureRequest) -> str:
    """A customer cookie of this test's own, at most 32 characters."""
    return f"viewer-{zlib.crc32(request.node.nodeid.encode()):08x}"
