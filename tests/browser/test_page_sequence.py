"""The sequence on the page: the same numbers and words as everywhere, told live, all at once or step by step."""

import re
from collections.abc import Callable

import requests
from page_actions import play, register_and_play
from playwright.sync_api import Page

from walkthrough.page.outline import outline
from walkthrough.page.source_code import PLACES, find
from walkthrough.record.steps import STEPS


def arrows(page: Page) -> dict[int, str]:
    """The arrows drawn, by step, as a screen reader reads them."""
    labels = page.locator(".arrow-row").evaluate_all("rows => rows.map(row => row.getAttribute('aria-label'))")
    return {int(re.match(r"Step (\d+)", label)[1]): label for label in labels}  # type: ignore[index]


def party(lifeline: str, device: str = "A") -> str:
    return f"Device {device}" if lifeline == "Client" else lifeline


def test_before_anything_has_happened_all_steps_are_there_in_grey(page: Page) -> None:
    drawn = arrows(page)
    assert sorted(drawn) == [step.n for step in STEPS]
    for step, words in zip(STEPS, outline([])["steps"], strict=True):
        assert (
            drawn[step.n]
            == f"Step {step.n}, {party(step.sender)} to {party(step.receiver)}, not yet: {words['summary']}"
        )


def test_the_steps_have_the_words_of_the_table(page: Page) -> None:
    register_and_play(page)
    drawn = arrows(page)
    for step in STEPS:
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(step.summary))
        assert re.search(f"happened: {pattern}$", drawn[step.n]), drawn[step.n]


def test_a_refusal_is_drawn_where_it_falls(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "B", "film")
    assert "refused: refused: -9003" in arrows(page)[13]
    play(page, "A", "film")
    assert "happened: CKC" in arrows(page)[13]


def test_after_a_denial_the_rest_stays_grey(page: Page) -> None:
    play(page, "B", "film")
    drawn = arrows(page)
    assert "refused: denied: 6" in drawn[10]
    assert all("not yet" in drawn[n] for n in (0, 1, 9, 11, 12, 13))


def test_a_step_opens_its_exchange_what_is_known_and_the_source(page: Page) -> None:
    register_and_play(page)
    page.locator(".arrow-row[data-step='6']").click()
    panel = page.locator("#step")
    assert '"requestType": 3' in panel.inner_text()
    assert "the cookie alone proves no device" in panel.inner_text()
    page.locator(".arrow-row[data-step='12']").click()
    page.locator("#source summary").click()
    page.wait_for_selector("#step .marked")
    place = PLACES[12][0]
    source = find(place)
    assert source is not None
    assert f"{place.file}:{source.line}" in panel.inner_text()
    assert "token.device_id != spc.device_id" in page.locator("#step .marked").inner_text()


def test_no_secret_is_in_the_exchanges(page: Page) -> None:
    register_and_play(page)
    page.locator(".arrow-row[data-step='9']").click()
    text = page.locator("#step").inner_text()
    assert text.count("<redacted>") == 2


def test_one_step_at_a_time(page: Page) -> None:
    page.select_option("#pace", "stepping")
    page.locator("[data-device=A] [data-title=dummy]").click()
    for n in (0, 1, 2, 3, 4):
        page.wait_for_function("() => document.getElementById('next').ariaDisabled === 'false'")
        page.click("#next")
        page.wait_for_selector(f".arrow-row.happened[data-step='{n}']")
        assert "not yet" in arrows(page)[n + 1]
    page.click("#to-end")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")
    page.wait_for_function("() => document.querySelector('[data-device=A] .pill').textContent === 'registered'")


def test_the_client_itself_waits_between_the_steps(page: Page) -> None:
    page.select_option("#pace", "stepping")
    page.locator("[data-device=A] [data-title=dummy]").click()
    page.wait_for_function("() => document.getElementById('next').ariaDisabled === 'false'")
    page.click("#next")
    page.wait_for_selector(".arrow-row.happened[data-step='0']")
    assert page.locator("#rows tr", has_text=page.input_value("#device-A-cookie")).count() == 0
    page.click("#start-over")
    page.wait_for_function("() => !document.querySelector('.arrow-row.happened')")
    page.select_option("#pace", "at-once")
    play(page, "A", "dummy")
    assert "happened" in arrows(page)[5]


def test_a_link_leads_to_a_step(page: Page, address: str) -> None:
    register_and_play(page)
    page.goto(f"{address}/#step=9")
    page.reload()
    page.wait_for_selector(".arrow-row.chosen[data-step='9']")
    assert page.locator("#step h3").inner_text() == "Step 9"


def test_the_binding_row_is_marked(page: Page) -> None:
    rows = page.locator("#rows tbody tr", has_text=page.input_value("#device-A-cookie"))
    play(page, "A", "dummy")
    assert "newest registration" in rows.nth(0).inner_text()
    play(page, "A", "film")
    plays = page.locator("#rows tbody tr", has_text="play-")
    assert (rows.count(), plays.count()) == (1, 1)
    assert rows.nth(0).get_attribute("class") == "binds"
    assert plays.nth(0).get_attribute("class") != "binds"
    play(page, "B", "dummy")
    assert "superseded" in rows.nth(0).inner_text()
    assert "newest registration" in rows.nth(1).inner_text()  # SEES has not looked it up yet
    assert rows.nth(1).get_attribute("class") != "binds"
    play(page, "B", "film")
    assert rows.nth(1).get_attribute("class") == "binds"


def test_a_second_run_is_refused_while_one_waits(page: Page, address: str) -> None:
    page.select_option("#pace", "stepping")
    page.locator("[data-device=A] [data-title=dummy]").click()
    page.wait_for_function("() => document.getElementById('next').ariaDisabled === 'false'")
    answer = requests.post(f"{address}/api/devices/B/play", json={"title": "film"}, timeout=10)
    assert answer.status_code == 409
    clock = page.get_by_role("button", name="Move the clock of Device A +1 h", include_hidden=True)
    cookie = page.locator("#device-A-cookie")
    assert (clock.get_attribute("aria-disabled"), cookie.is_editable()) == ("true", False)
    page.click("#to-end")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")
    page.wait_for_function("() => !document.getElementById('device-A-cookie').readOnly")
    assert clock.get_attribute("aria-disabled") == "false"


def test_a_second_window_watches_the_run_and_may_play_after_it(open_page: Callable[..., Page]) -> None:
    first, second = open_page(), open_page()
    play(first, "A", "dummy")
    second.wait_for_selector(".arrow-row[data-step='5'].happened")
    play(second, "A", "film")
    assert "happened: CKC" in arrows(second)[13]
