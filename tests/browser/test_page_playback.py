"""Real playback: the browser's own decoder shows the film on the bound device, and nothing on any other."""

import io

import av
import pytest
from page_actions import more_of, play, register_and_play, screen, video, wait_for_frames
from playwright.sync_api import Page, Route

from walkthrough.record.deployment import OTHER_SEED


def test_a_newcomer_registers_watches_and_is_refused(page: Page) -> None:
    page.evaluate("window.waited = 0")
    page.evaluate("document.querySelector('[data-device=B] video').addEventListener('waitingforkey', () => waited++)")
    play(page, "A", "dummy")
    assert page.locator("[data-device=A] .pill").inner_text() == "registered"
    play(page, "A", "film")
    wait_for_frames(page, "A")
    assert page.locator("[data-device=A] .pill").inner_text() == "licensed"

    play(page, "B", "film")
    assert page.locator("[data-device=B] .pill").inner_text() == "refused -9003"
    words = screen(page, "B")
    assert "-9003" in words
    assert "step 12" in words
    assert "another device" in words
    page.wait_for_function("() => window.waited > 0")
    assert video(page, "B", "video.currentTime") == 0
    assert video(page, "B", "video.getVideoPlaybackQuality().totalVideoFrames") == 0


def test_the_picture_is_the_films(page: Page) -> None:
    register_and_play(page)
    wait_for_frames(page, "A", 1)
    for _ in range(5):
        if len(_brightness(page.locator("[data-device=A] video").screenshot())) > 60:
            return
    pytest.fail("the screen shows no picture")


def _brightness(png: bytes) -> set[int]:
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="gray")
    return set(bytes(frame.planes[0]))


def test_a_wrong_key_decodes_to_an_error(page: Page) -> None:
    def spoil(route: Route) -> None:
        answer = route.fetch()
        value = answer.json()
        value["licenses"][0]["device_keys"]["sk"] = "00" * 16
        route.fulfill(response=answer, json=value)

    play(page, "A", "dummy")
    page.route("**/api/devices/A/play", spoil)
    play(page, "A", "film")
    page.wait_for_function("() => document.querySelector('[data-device=A] video').error?.code === 3")


def test_both_keys_of_a_rotation_play_in_one_session(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "A", "rotation")
    video(page, "A", "video.playbackRate = 4")
    wait_for_frames(page, "A", 3.0)  # the second key begins at 2.67 s
    assert "key 2" in page.locator("#caption").inner_text()


def test_unbinding_while_watching_takes_the_picture_away(page: Page) -> None:
    register_and_play(page)
    wait_for_frames(page, "A")
    page.evaluate("window.waited = 0")
    page.evaluate("document.querySelector('[data-device=A] video').addEventListener('waitingforkey', () => waited++)")
    more_of(page, "A")
    page.get_by_role("button", name="Take the license away").click()
    page.wait_for_function("() => window.waited > 0")
    assert "Unbound" in screen(page, "A")


def test_a_rental_ends_by_the_devices_clock(page: Page) -> None:
    register_and_play(page)
    wait_for_frames(page, "A")
    more_of(page, "A")
    page.get_by_role("button", name="Move the clock of Device A +1 day").click()
    page.wait_for_function(
        "() => new Date(document.querySelector('[data-device=A] time').textContent + 'Z') - Date.now() > 8e7"
    )
    assert screen(page, "A") == ""
    page.get_by_role("button", name="Move the clock of Device A +3 days").click()
    page.wait_for_function("() => document.querySelector('[data-device=A] .overlay').textContent.includes('-9108')")


def test_a_lease_is_renewed_and_ends_when_it_is_not(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "A", "rotation")
    wait_for_frames(page, "A")
    end = page.locator("[data-device=A] dl div", has_text="plays until").locator("time")
    before = end.get_attribute("datetime")
    page.get_by_role("button", name="Move the clock of Device A +1 min").click()
    page.get_by_role("button", name="Renew the lease").click()
    page.wait_for_function("([time, before]) => time.dateTime !== before", arg=[end.element_handle(), before])
    assert "renews the leases" in page.locator("#caption").inner_text()
    assert screen(page, "A") == ""
    page.get_by_role("button", name="Move the clock of Device A +1 h").click()
    page.wait_for_function("() => document.querySelector('[data-device=A] .overlay').textContent.includes('lease')")


def test_a_browser_without_the_decoder_shows_a_still_and_says_so(open_page) -> None:  # type: ignore[no-untyped-def]
    page = open_page(script="delete Navigator.prototype.requestMediaKeySystemAccess")
    register_and_play(page)
    page.wait_for_function("() => document.querySelector('[data-device=A] .still').naturalWidth === 320")
    assert "ClearKey" in screen(page, "A")


def test_the_page_says_that_clearkey_stands_in(page: Page) -> None:
    assert "ClearKey module stands in for the FairPlay CDM" in page.locator("#cdm-note").inner_text().replace("\n", " ")


def test_another_seed_is_another_device(page: Page) -> None:
    register_and_play(page)
    more_of(page, "A")
    page.fill("#device-A-seed", OTHER_SEED)
    page.press("#device-A-seed", "Enter")
    page.wait_for_function("() => document.querySelector('[data-device=A] .pill').textContent === 'not registered'")
    play(page, "A", "film")
    assert "-9003" in screen(page, "A")


def test_more_devices_can_be_added(page: Page) -> None:
    page.click("#add-device")
    page.wait_for_selector("[data-device=C]")
    play(page, "C", "film")
    assert "not registered" in screen(page, "C")
    assert page.locator(".life").count() == 6
