"""A real Chromium on the real page, with the real mock and SEES behind it; and a watch over what it must not do."""

import os
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from real_services import running_page

QUIET = (
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--process-per-site",  # with the tab that stays open, a test's page needs no process of its own
)
TIMEOUT = 60_000
"""Milliseconds that anything on the page may take."""
USUAL = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
"""What a page opens with. With motion, every click would first wait until the page has scrolled, smoothly."""

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        reason = "no Chromium: install the package chromium (apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=TIMEOUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*QUIET, *as_root])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The base URL of a page on a deployment of its own."""
    with running_page(teach=True) as url:
        yield url


@pytest.fixture(scope="session")
def usual(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """The window that most pages are tabs of. One tab stays, so that the process behind them does."""
    context = browser.new_context(**USUAL)  # type: ignore[arg-type]
    context.new_page().goto(f"{address}/web/icon.svg")
    yield context
    context.close()


@pytest.fixture
def open_page(browser: Browser, usual: BrowserContext, address: str) -> Iterator[Open]:
    """Open the page, two fresh devices on it. No console error, no foreign host, or the test fails at its end.

    Given options, the page gets a window of its own: a browser that was never here.
    """
    answer = requests.post(f"{address}/api/start-over", json={}, timeout=10)
    answer.raise_for_status()
    requests.post(f"{address}/api/pace", json={"stepping": False}, timeout=10).raise_for_status()
    problems: list[str] = []
    opened: list[BrowserContext | Page] = []

    def open_(fragment: str = "", script: str = "", **options: object) -> Page:
        context = browser.new_context(**(USUAL | options)) if options else usual  # type: ignore[arg-type]
        page = context.new_page()
        opened.append(context if options else page)
        page.set_default_timeout(TIMEOUT)
        if script:
            page.add_init_script(script)
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        own = urlsplit(address).netloc
        page.on("request", lambda asked: _note_foreign(asked.url, own, problems))
        page.goto(f"{address}/{fragment}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_
    for one in opened:
        for page in one.pages if isinstance(one, BrowserContext) else [one]:
            page.unroute_all(behavior="wait")
        one.close()
    assert problems == []


@pytest.fixture
def page(open_page: Open) -> Page:
    return open_page()


def _note_foreign(url: str, own: str, problems: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own:
        problems.append(f"asked another host: {url}")
