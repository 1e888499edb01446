"""A page with a player on it, SEES and the mock, all under one origin; the players are those of npm, unmodified."""

import mimetypes
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import requests
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from expressplay_mock.app import Config as MockConfig
from expressplay_mock.app import create_app as create_mock
from hosting.serving import running
from sees_testing.safari import new_safari
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from server.catalog import CONTENT, Key, load_catalog
from server.expressplay import ExpressPlayAccount
from walkthrough.players.app import WEB

AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"
PLAYERS = Path(__file__).parents[1] / "browser" / "players"
CONTENT_TYPES = {".js": "text/javascript", ".html": "text/html; charset=utf-8", ".css": "text/css"}

TIMEOUT = 60_000
"""Milliseconds that anything on a page may take."""
PLAYS = "() => { const v = document.querySelector('video'); return v.currentTime > %s && v.readyState > 2; }"

WsgiApp = Callable[..., Iterable[bytes]]


@contextmanager
def one_origin(content: Path) -> Iterator[str]:
    """Serve pages, players, SEES and the mock from one address, with the titles of a folder; yields the base URL."""

    def build(url: str) -> Flask:
        mock = create_mock(MockConfig(authenticator=AUTHENTICATOR, public_url=url))
        sees = create_sees(SeesConfig(ExpressPlayAccount(url, url, AUTHENTICATOR), content / "catalog.toml"))
        parties: dict[str, WsgiApp] = dict.fromkeys(("sees", "titles"), sees)
        parties |= dict.fromkeys(("hms", "cmiapi", "_sim"), mock)

        def route(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            party: WsgiApp = parties.get(environ["PATH_INFO"].split("/")[1], _file)
            return party(environ, start_response)

        return cast(Flask, route)  # any WSGI app will do there

    with running(build) as url:
        yield url


def _file(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    _, first, *rest = environ["PATH_INFO"].split("/")
    folder = {"pages": WEB, "node_modules": PLAYERS / "node_modules"}.get(first, PLAYERS / "none")
    file = folder.joinpath(*rest).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"no such file"]
    kind = CONTENT_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    start_response("200 OK", [("Content-Type", kind)])
    return [file.read_bytes()]


def make_content(folder: Path) -> Path:
    """Copy the committed titles, and add two that players take differently; returns `folder`.

    `kid`: the film, with its key id as key URI. `tracks`: the film's picture and the dummy's sound, a key for each.
    """
    shutil.copytree(CONTENT, folder, dirs_exist_ok=True)
    titles = load_catalog(CONTENT / "catalog.toml").titles
    (film,), (dummy,) = titles["film"].keys, titles["dummy"].keys
    _add(folder, "kid", dict.fromkeys(("video", "audio"), (film, str(UUID(film.kid)))), "film")
    ids = {kind: f"{number * 8}-7ea1-4000-8000-000000000000" for kind, number in (("video", "1"), ("audio", "2"))}
    _add(folder, "tracks", {"video": (film, ids["video"]), "audio": (dummy, ids["audio"])}, "film")
    for file in (CONTENT / "dummy").glob("audio*"):
        target = folder / "tracks" / file.name
        target.write_bytes(file.read_bytes().replace(dummy.content_id.encode(), ids["audio"].encode()))
    return folder


def _add(folder: Path, title: str, tracks: dict[str, tuple[Key, str]], like: str) -> None:
    shutil.copytree(CONTENT / like, folder / title)
    for kind, (key, content_id) in tracks.items():
        playlist = folder / title / f"{kind}.m3u8"
        playlist.write_text(playlist.read_text().replace(key.content_id, content_id))
    lines = [f'\n[titles.{title}]\nname = "{title}"\ntoken_lifetime = 300\nviewers = "all"\n']
    for content_id, key in {content_id: key for key, content_id in tracks.values()}.items():
        lines += [f"\n[[titles.{title}.keys]]\n", f'content_id = "{content_id}"\n']
        lines += [f'{name} = "{value}"\n' for name, value in (("kid", key.kid), ("cek", key.cek), ("iv", key.iv))]
    with (folder / "catalog.toml").open("a") as catalog:
        catalog.writelines(lines)


@dataclass
class PlayerPages:
    """Pages, SEES and the mock at one base URL, and windows that have FairPlay."""

    url: str
    browser: Browser
    opened: list[BrowserContext] = field(default_factory=list)

    def open(
        self, page: str, cookie: str, *, kind: int = 3, seed: str = "device A", identity: bool = False, **query: str
    ) -> Page:
        """Open a page of pages/ on a device; `kind` is the request type that it sends to SEES."""
        context = new_safari(self.browser, self.provisioning(), seed, identity=identity)
        self.opened.append(context)
        opened = context.new_page()
        opened.set_default_timeout(TIMEOUT)
        opened.goto(f"{self.url}/pages/{page}.html?{urlencode({'cookie': cookie, 'type': kind, **query})}")
        return opened

    def provisioning(self) -> dict[str, str]:
        """What the factory gives devices."""
        answer: dict[str, str] = requests.get(f"{self.url}/_sim/provisioning", timeout=10).json()
        return answer

    def register(self, cookie: str, page: str = "raw", seed: str = "device A", **options: object) -> None:
        """Play the dummy until it runs: from now on the cookie is this device's."""
        opened = self.open(page, cookie, kind=2, seed=seed, **options)  # type: ignore[arg-type]
        play(opened, "dummy")
        wait_until_it_plays(opened)
        self.close()

    def close(self) -> None:
        while self.opened:
            context = self.opened.pop()
            for page in context.pages:
                page.unroute_all(behavior="wait")  # a player may still be asking again through a test's route
            context.close()


def play(page: Page, title: str) -> None:
    """Have the page play a title, without waiting for it."""
    page.evaluate("master => start(master)", f"/titles/{title}/master.m3u8")


def wait_until_it_plays(page: Page, seconds: float = 0.3) -> None:
    """Wait until the picture moves, and its time has come to `seconds`."""
    page.wait_for_function(PLAYS % seconds)
    assert page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") > 5


def wait_for_log(page: Page, words: str) -> None:
    """Wait until the page's own log, or the script's events, say these words."""
    page.wait_for_function(
        """words => [...document.querySelectorAll('body > p')].map((line) => line.textContent).join().includes(words)
            || FairPlayEme.events.some(({ text }) => text?.includes(words))""",
        arg=words,
    )
