"""Real players, unmodified, through the whole binding: refused, registered, played; another device refused."""

import io
from typing import Any

import av
import pytest
from player_pages import PlayerPages, play, wait_for_log, wait_until_it_plays
from playwright.sync_api import Page

pytestmark = pytest.mark.usefixtures("players")

ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "raw EME": ("raw", {}),
    "hls.js, as Safari": ("hlsjs", {"identity": True}),
    "shaka, native modern": ("shaka", {"identity": True, "route": "native"}),
    "shaka, native legacy": ("shaka", {"identity": True, "route": "legacy"}),
    "shaka, MSE": ("shaka", {"route": "mse"}),
    "video.js, modern": ("videojs", {}),
    "video.js, modern, as Safari": ("videojs", {"identity": True}),
    "video.js, legacy": ("videojs", {"route": "legacy"}),
    "video.js, legacy, as Safari": ("videojs", {"identity": True, "route": "legacy"}),
}
"""Each page with its query, and whether the browser says that it is Safari."""
INIT_DATA = {
    "raw EME": "skd",
    "hls.js, as Safari": "sinf",
    "shaka, native modern": "skd",
    "shaka, native legacy": "skd",
    "shaka, MSE": "sinf",
    "video.js, modern": "sinf",
    "video.js, modern, as Safari": "skd",
    "video.js, legacy": "skd",
    "video.js, legacy, as Safari": "skd",
}


def is_lit(page: Page) -> bool:
    """Tell whether the screen shows a picture: many grey values, where black has one."""
    with av.open(io.BytesIO(page.locator("video").screenshot()), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="gray")
    return len(set(bytes(frame.planes[0]))) > 60


@pytest.mark.parametrize("route", ROUTES)
def test_the_binding(pages: PlayerPages, cookie: str, route: str) -> None:
    name, options = ROUTES[route]
    before = pages.open(name, cookie, **options)
    play(before, "film")
    wait_for_log(before, "SEES: 6")  # not registered
    pages.close()

    registering = pages.open(name, cookie, kind=2, **options)
    play(registering, "dummy")
    wait_until_it_plays(registering)
    pages.close()

    playing = pages.open(name, cookie, **options)
    play(playing, "film")
    wait_until_it_plays(playing, 1)
    assert is_lit(playing) or is_lit(playing)
    announced = [event for event in playing.evaluate("FairPlayEme.events") if event["type"] == "encrypted"]
    assert {event["initDataType"] for event in announced} == {INIT_DATA[route]}
    pages.close()

    other = pages.open(name, cookie, seed="device B", **options)
    play(other, "film")
    wait_for_log(other, "-9003")
    assert other.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") == 0


@pytest.mark.parametrize("route", ["raw EME", "hls.js, as Safari", "shaka, MSE", "video.js, modern"])
def test_both_keys_of_the_rotation_play_to_the_end(pages: PlayerPages, cookie: str, route: str) -> None:
    pages.register(cookie)
    name, options = ROUTES[route]
    page = pages.open(name, cookie, **options)
    play(page, "rotation")
    wait_until_it_plays(page)
    page.evaluate("document.querySelector('video').playbackRate = 4")
    page.wait_for_function("document.querySelector('video').ended")
    assert page.evaluate("document.querySelector('video').currentTime") > 5.2
    assert page.evaluate("document.querySelector('video').getVideoPlaybackQuality().corruptedVideoFrames") == 0


@pytest.mark.parametrize("route", ["raw EME", "hls.js, as Safari", "shaka, MSE", "video.js, legacy"])
def test_a_key_for_each_track(pages: PlayerPages, cookie: str, route: str) -> None:
    pages.register(cookie)
    name, options = ROUTES[route]
    page = pages.open(name, cookie, **options)
    play(page, "tracks")
    wait_until_it_plays(page, 1)
    assert len([event for event in page.evaluate("FairPlayEme.events") if event["type"] == "key"]) >= 2
