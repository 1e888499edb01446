"""Faults that were seen on the page once, each by what a learner did when it showed."""

import re
from collections.abc import Callable

import pytest
import requests
from page_actions import play, register_and_play, screen, wait_for_frames
from playwright.sync_api import Locator, Page, expect

Open = Callable[..., Page]


def alert(page: Page) -> str:
    return page.locator("#alert").inner_text()


def in_view(found: Locator) -> bool:
    """Whether an element is on the screen, whole or its beginning, below the bar and above what covers the foot."""
    box, size = found.bounding_box(), found.page.viewport_size
    return bool(box and size and 40 <= box["y"] <= size["height"] - 20)


def test_bytes_in_the_navigation_opens_a_message(page: Page) -> None:
    page.click("nav a[href='#bytes']")
    assert alert(page) == ""
    register_and_play(page)
    page.click("nav a[href='#stage']")
    page.click("nav a[href='#bytes']")
    page.wait_for_selector(".field.chosen:has-text('HU')")
    assert alert(page) == ""


def test_an_unknown_address_lists_no_routes(address: str) -> None:
    answer = requests.get(f"{address}/api/inspect//undefined", timeout=10)
    assert answer.status_code == 404
    assert "/api/" not in answer.text.replace("/api/inspect//undefined", "")


def test_a_reload_while_stepping_leaves_the_run_to_go_on(page: Page) -> None:
    page.select_option("#pace", "stepping")
    page.locator("[data-device=A] [data-title=dummy]").click()
    page.wait_for_function("() => document.getElementById('next').ariaDisabled === 'false'")
    page.click("#next")
    page.wait_for_selector(".arrow-row.happened[data-step='0']")
    page.reload()
    page.wait_for_function("() => document.getElementById('next').ariaDisabled === 'false'")
    page.click("#next")
    page.wait_for_selector(".arrow-row.happened[data-step='1']")
    page.click("#to-end")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")
    expect(page.locator("[data-device=A] .pill")).to_have_text("registered")


def test_after_a_reload_the_page_says_what_happened_and_shows_the_film(page: Page) -> None:
    register_and_play(page)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    expect(page.locator("#caption")).to_have_text("Device A plays The Film.")
    assert "another window" not in screen(page, "A")
    page.get_by_role("button", name="Show it here").click()
    wait_for_frames(page, "A")


def test_start_over_empties_the_table_and_lab_rows_are_not_in_it(page: Page) -> None:
    register_and_play(page)
    page.locator("[data-item=other-device] summary").click()
    page.locator("[data-item=other-device] .choice").first.click()
    page.locator("[data-item=other-device] button.primary").click()
    page.locator("[data-item=other-device] .verdict").wait_for()
    assert page.locator("#rows tbody tr").count() == 2
    page.click("#start-over")
    page.wait_for_selector("#rows .empty")
    play(page, "A", "dummy")
    assert page.locator("#rows tbody tr").count() == 1


def test_the_explanation_of_hu_is_in_view(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.click(".crumbs button:text-is('HU')")
    detail = page.locator(".layer .detail:not(:empty)")
    assert "the device_id that is logged and compared" in detail.inner_text()
    page.wait_for_function("() => { const top = document.querySelector('.layer .detail:not(:empty)')"
                           ".getBoundingClientRect().top; return top > 0 && top < innerHeight - 100; }")  # fmt: skip


def test_restrictions_of_a_token_have_no_offsets(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='10.token']")
    page.click(".crumbs button:text-is('restrictions')")
    assert set(page.locator(".layer").nth(1).locator(".offset").all_inner_texts()) == {""}


def test_no_code_is_cut_at_the_edge(page: Page) -> None:
    register_and_play(page)
    for n in (4, 8, 12):
        page.locator(f".arrow-row[data-step='{n}']").click()
        page.locator("#source summary").click()
        cut = page.locator("#source pre").evaluate_all("all => all.filter((pre) => pre.scrollWidth > pre.clientWidth)")
        assert cut == []


def test_a_tapped_arrow_shows_its_step_on_a_phone(open_page: Open) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    play(page, "A", "dummy")
    assert not page.locator("#step").is_visible()
    page.locator(".arrow-row[data-step='4']").tap()
    assert in_view(page.locator("#step h3"))
    page.wait_for_function("() => document.querySelector('.arrow-row.chosen').getBoundingClientRect().bottom"
                           " < document.getElementById('step').getBoundingClientRect().top")  # fmt: skip
    page.tap("#close-step")
    assert not page.locator("#step").is_visible()
    assert page.evaluate("document.activeElement.dataset.step") == "4"


def test_play_keeps_the_focus(page: Page) -> None:
    button = page.locator("[data-device=A] [data-title=dummy]")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")
    expect(page.locator("[data-device=A] .pill")).to_have_text("registered")
    assert page.evaluate("document.activeElement.dataset.title") == "dummy"


def test_refusals_are_told_to_who_listens_and_code_is_not(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "B", "film")
    story = page.get_by_role("log").inner_text()
    assert "Device B is refused. Refused at step 12." in story
    assert "Step 12, ExpressPlay: compares the two device_ids: they differ." in story
    assert "{" not in story
    assert page.locator("#step").evaluate("step => step.closest('[aria-live]')") is None


def test_arrow_keys_select_as_they_move(page: Page) -> None:
    register_and_play(page)
    page.locator(".arrow-row[data-step='4']").click()
    page.keyboard.press("ArrowDown")
    assert page.locator("#step h3").inner_text() == "Step 5"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.locator("#step h3").inner_text() == "Step 3"


def test_runs_of_bytes_have_borders_in_high_contrast(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.emulate_media(forced_colors="active")
    style = page.locator(".run").first.evaluate("run => [getComputedStyle(run).borderTopWidth, "
                                                "getComputedStyle(run).borderTopColor]")  # fmt: skip
    assert style[0] == "1px"
    assert "rgba(0, 0, 0, 0)" not in style[1]


def test_paper_gets_a_handout(page: Page) -> None:
    register_and_play(page)
    page.emulate_media(media="print")
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("#devices").is_visible()
    assert page.locator(".item:not([open])").count() == 0
    assert page.locator("#handout li").count() == 14
    assert page.locator("#handout").is_visible()
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".item[open]").count() == 0


PROSE = """() => { const left = []; const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest('code, pre, script, [lang=en]'))
    left.push(walker.currentNode.data); return left; }"""


def test_french_has_curved_apostrophes_and_no_reader_for_a_player(open_page: Open) -> None:
    page = open_page("?lang=fr")
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.wait_for_selector(".message")
    prose = page.evaluate(PROSE)
    assert [text for text in prose if re.search(r"\w'\w", text)] == []
    assert "lecteur" not in page.locator(".lead").first.inner_text()
    assert not re.search(r"\b(the|device|with|Free play)\b", page.locator(".intro").inner_text())


@pytest.mark.parametrize("n", range(14))
def test_a_link_to_a_step_is_not_empty_before_anything_happened(page: Page, address: str, n: int) -> None:
    page.goto(f"{address}/#step={n}")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#step h3").inner_text() == f"Step {n}"
    assert len(page.locator("#step .why").inner_text()) > 80
    page.wait_for_selector("#source details")
