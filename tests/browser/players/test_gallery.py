"""The gallery: three real players side by side, on the device that registered and on another."""

from pathlib import Path

import pytest
from player_pages import PLAYERS
from playwright.sync_api import Browser, FrameLocator, Page, expect
from real_services import services

from emulator.transport import Web
from hosting.serving import running
from walkthrough.players.app import Gallery, create_app

pytestmark = pytest.mark.usefixtures("players")
TIMEOUT = 60_000


def cell(page: Page, device: str, player: str) -> FrameLocator:
    return page.frame_locator(f"section[aria-label='{device}'] article[data-page={player}] iframe")


def test_three_players_on_two_devices(browser: Browser) -> None:
    with services() as (sees, expressplay):
        gallery = Gallery(sees, expressplay, PLAYERS / "node_modules", Web())
        with running(lambda url: create_app(gallery, url)) as url, browser.new_context() as context:
            page = context.new_page()
            page.set_default_timeout(TIMEOUT)
            page.goto(url)
            page.get_by_role("button", name="Register").first.click()
            for player in ("hlsjs", "shaka", "videojs"):
                video = cell(page, "device A", player).locator("video")
                expect(video).to_have_js_property("readyState", 4, timeout=TIMEOUT)
            for nth in (0, 1):
                page.get_by_role("button", name="Play the film").nth(nth).click()
            for player in ("hlsjs", "shaka", "videojs"):
                playing = cell(page, "device A", player).locator("video")
                expect(playing).to_have_js_property("readyState", 4, timeout=TIMEOUT)
                for device, words in (("device A", "key: session"), ("device B", "-9003")):
                    events = page.locator(f"section[aria-label='{device}'] article[data-page={player}] ol")
                    expect(events).to_contain_text(words, timeout=TIMEOUT)
        gallery.web.close()


def test_it_names_what_is_missing(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from walkthrough.players.command import players

    (tmp_path / "hls.js").mkdir()
    arguments = ["--sees", "http://127.0.0.1:1", "--expressplay", "http://127.0.0.1:2", "--modules", str(tmp_path)]
    result = CliRunner().invoke(players, arguments)
    assert result.exit_code == 1
    assert "found no shaka-player. Fix: npm install shaka-player video.js videojs-contrib-eme" in result.output
