"""The page for everybody: axe, keyboard alone, narrow screens, and nothing that surprises."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_actions import play, register_and_play
from playwright.sync_api import Page

from walkthrough.page.page_language import BROWSER, DEVICE_SCRIPT, WEB
from walkthrough.words import LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(open_page, language: str) -> None:  # type: ignore[no-untyped-def]
    page = open_page(f"?lang={language}")
    play(page, "A", "dummy")
    play(page, "B", "film")
    play(page, "A", "film")
    page.click("[data-message='11.spc']")
    page.click(".crumbs button:text-is('HU')")
    item = page.locator("[data-item=flipped-bit]")
    item.locator("summary").click()
    item.locator(".choice").first.click()
    item.locator("button.primary").click()
    item.locator(".reason").wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page)
        found = {
            violation["id"]: [node["html"][:160] + " | " + node["failureSummary"][:200] for node in violation["nodes"]]
            for violation in results.response["violations"]
        }
        assert found == {}, scheme


def test_the_story_by_keyboard_alone(page: Page) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.title") == "dummy":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")
    page.locator(".arrow-row[data-step='4']").focus()
    page.keyboard.press("Enter")
    assert page.locator("#step h3").inner_text() == "Step 4"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#step h3").inner_text() == "Step 5"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_narrow_page_needs_no_sideways_scrolling(open_page, language: str) -> None:  # type: ignore[no-untyped-def]
    page = open_page(f"?lang={language}", viewport={"width": 320, "height": 800})
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.click(".crumbs button:text-is('HU')")
    for width in (320, 390, 800):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("(width) => document.querySelector('#diagram svg').clientWidth < width", arg=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_print_leaves_the_controls_out(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator("#start-over").is_visible()
    assert page.locator("#diagram svg").is_visible()


def test_the_javascript_is_small_and_the_pages_own() -> None:
    scripts = list(WEB.glob("*.js"))
    assert sum(script.stat().st_size for script in (*scripts, BROWSER / DEVICE_SCRIPT)) < 130_000
    text = "".join(script.read_text() for script in scripts)
    assert "innerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert "://" not in text.replace("http://www.w3.org/2000/svg", "")
