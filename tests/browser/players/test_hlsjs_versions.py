"""Regressions of hls.js that only users of Safari saw: the script lets them be seen in Chromium.

1.6.7 has no listener for `encrypted` events any more, so that nobody tells it the init data; 1.6.8 has it again.
1.6.12 looks for the key id of the init data among the key ids that it made from key URIs (upstream's issue 7542, mended
by pull request 7547 in 1.6.13).
"""

import pytest
from player_pages import PlayerPages, play, wait_for_log, wait_until_it_plays

pytestmark = pytest.mark.usefixtures("players")


@pytest.mark.parametrize(
    ("version", "title"), [("1.6.6", "kid"), ("1.6.8", "kid"), ("1.6.13", "film"), ("1.6.13", "kid")]
)
def test_a_version_that_plays(pages: PlayerPages, cookie: str, version: str, title: str) -> None:
    pages.register(cookie)
    page = pages.open("hlsjs", cookie, identity=True, hls=f"hls-{version}")
    play(page, title)
    wait_until_it_plays(page, 0.5)
    assert page.evaluate("Hls.version") == version


@pytest.mark.parametrize(
    ("version", "title", "says"),
    [("1.6.7", "kid", "bufferStalledError"), ("1.6.12", "film", "not encountered in playlist")],
)
def test_a_version_that_fails(pages: PlayerPages, cookie: str, version: str, title: str, says: str) -> None:
    pages.register(cookie)
    page = pages.open("hlsjs", cookie, identity=True, hls=f"hls-{version}")
    play(page, title)
    wait_for_log(page, says)
    assert page.evaluate("document.querySelector('video').currentTime") == 0
    assert "spc" not in {event["type"] for event in page.evaluate("FairPlayEme.events")}
    assert page.evaluate("Hls.version") == version
