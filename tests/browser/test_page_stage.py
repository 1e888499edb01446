"""The first screen and the stage: what is seen without a click, the pace, who is bound, and where it leads."""

from collections.abc import Callable

import pytest
from page_actions import play, register_and_play
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_the_first_screen_says_it_in_sixty_words_and_a_picture(open_page: Open, size: tuple[int, int]) -> None:
    page = open_page(viewport={"width": size[0], "height": size[1]})
    words = page.locator(".intro h1, .intro .lead").all_inner_texts()
    assert len(" ".join(words).split()) <= 60
    assert "FairPlay" in " ".join(words)
    assert "ExpressPlay" in " ".join(words)
    for part in (".intro .do", ".picture"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] + box["height"] <= size[1]


def test_a_term_explains_itself(page: Page) -> None:
    term = page.locator(".intro .term", has_text="FairPlay")
    term.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Apple's protection of streamed media")
    page.keyboard.press("Escape")
    assert not page.locator("#tip").is_visible()
    term.focus()
    assert page.locator("#tip").is_visible()


def test_devices_sequence_and_log_are_in_one_view(open_page: Open) -> None:
    page = open_page("#step=12", viewport={"width": 1440, "height": 900})
    register_and_play(page)
    play(page, "B", "film")
    page.locator(".stage").evaluate("stage => stage.scrollIntoView({ block: 'start' })")
    for part in ("[data-device=A]", "[data-device=B] .screen", "#diagram svg", "#rows tbody tr", "#step h3"):
        box = page.locator(part).first.bounding_box()
        assert box
        assert box["y"] >= -1
        assert box["y"] + min(box["height"], 40) <= 900


def test_each_device_has_a_lifeline(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "B", "film")
    starts = {n: page.locator(f"[data-step='{n}'] .badge").get_attribute("cx") for n in (1, 4, 6, 11)}
    assert starts[1] == starts[4] != starts[6] == starts[11]
    assert page.locator(".life").count() == 5
    assert "Device A to SEES" in str(page.locator("[data-step='1']").get_attribute("aria-label"))
    assert "Device B to SEES" in str(page.locator("[data-step='6']").get_attribute("aria-label"))


def test_the_two_ids_stand_side_by_side_at_step_12(page: Page) -> None:
    register_and_play(page)
    assert page.locator(".comparison text").all_text_contents()[1] == "="
    play(page, "B", "film")
    token, sign, spc = page.locator(".comparison text").all_text_contents()
    assert sign == "≠"
    assert page.locator("[data-device=A] dl .hex").inner_text().startswith(token)
    assert page.locator("[data-device=B] dl .hex").inner_text().startswith(spc)


def test_a_is_seen_to_lose_the_binding(page: Page) -> None:
    register_and_play(page)
    assert page.locator(".life.device-a .bound").count() == 1
    play(page, "B", "dummy")
    assert page.locator("[data-device=A] .pill").inner_text() == "binding lost to Device B"
    assert (page.locator(".life.device-a .bound").count(), page.locator(".life.device-b .bound").count()) == (0, 1)
    assert "Device A has lost the binding to Device B." in page.get_by_role("log").inner_text()


def test_the_refusal_leads_on(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "B", "film")
    page.click("text=Read why it stays dark")
    expect(page.locator("#step h3")).to_have_text("Step 12")
    page.click("text=Now steal it")
    page.wait_for_selector("[data-item=cookie-stolen-after][open]")


TRAVELS = """() => { window.parcels = []; new MutationObserver((all) => {
  for (const one of all) for (const node of one.addedNodes)
    if (node.classList?.contains('parcel')) window.parcels.push(node.textContent); })
  .observe(document.getElementById('diagram'), { childList: true, subtree: true }); }"""


def test_steps_come_a_second_each_and_a_message_is_seen_with_hu_in_it(open_page: Open) -> None:
    page = open_page(reduced_motion="no-preference")
    assert page.input_value("#pace") == "second"
    page.evaluate(TRAVELS)
    page.evaluate("window.begun = performance.now()")
    play(page, "A", "dummy")
    assert page.evaluate("performance.now() - window.begun") > 5000
    parcels = page.evaluate("window.parcels")
    assert len(parcels) == 6
    assert parcels[4] == "SPC · HU 1e6d"


def test_the_pace_is_kept_and_less_motion_means_at_once(open_page: Open) -> None:
    page = open_page(reduced_motion="no-preference")
    page.select_option("#pace", "at-once")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.input_value("#pace") == "at-once"
    page.select_option("#pace", "second")
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.input_value("#pace") == "at-once"


def test_the_whole_flow_by_keyboard_alone(page: Page) -> None:
    def tab_to(expression: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            if page.evaluate(f"(() => {{ const on = document.activeElement; return Boolean({expression}); }})()"):
                return
        pytest.fail(f"no way by Tab to {expression}")

    on_device = "on.dataset.title === '{}' && on.closest('[data-device={}]')"
    for title, device, done in (
        ("dummy", "A", "registered"),
        ("film", "A", "licensed"),
        ("film", "B", "refused -9003"),
    ):
        tab_to(on_device.format(title, device))
        page.keyboard.press("Enter")
        expect(page.locator(f"[data-device={device}] .pill")).to_have_text(done)
        page.wait_for_function("() => document.querySelector('.plays button').ariaDisabled === 'false'")
    tab_to("on.textContent === 'Now steal it'")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-item=cookie-stolen-after][open]")
    tab_to("on.matches('[data-item=cookie-stolen-after] input')")
    page.keyboard.press("Space")
    tab_to("on.matches('[data-item=cookie-stolen-after] button.primary')")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-item=cookie-stolen-after] .reason")
