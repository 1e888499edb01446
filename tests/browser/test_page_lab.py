"""The lab on the page: every item ends as its prediction says, and free play tells who notices."""

from page_actions import play
from playwright.sync_api import Page, expect

from walkthrough.experiments import EXPERIMENTS


def test_every_experiment_ends_as_predicted_and_says_why(page: Page) -> None:
    for name in EXPERIMENTS:
        item = page.locator(f"[data-item={name}]")
        item.locator("summary").click()
        assert item.locator("button.primary").is_disabled()
        item.locator(".choice").nth(EXPERIMENTS[name].right).click()
        item.locator("button.primary").click()
        item.locator(".verdict.good").wait_for()
        assert item.locator(".problem").count() == 0, name
        assert item.locator(".tries li").count() >= 1
        assert item.locator(".code figcaption").count() == 1
    assert page.locator(".item .reason").count() == len(EXPERIMENTS)


def test_a_wrong_prediction_is_put_right(page: Page) -> None:
    item = page.locator("[data-item=other-device]")
    item.locator("summary").click()
    item.locator(".choice").nth(0).click()
    item.locator("button.primary").click()
    assert "It was: ExpressPlay, at step 12." in item.locator(".verdict").inner_text()


def test_a_link_leads_to_an_item(page: Page, address: str) -> None:
    page.goto(f"{address}/#lab=cookie-theft")
    page.reload()
    page.wait_for_selector("[data-item=cookie-stolen-after][open]")


NOTICED = {
    "messageID": "Nobody noticed",
    "contentID": "4 unknown content",
    "HU": "-42589",
    "mark": "-9001",
    "asset ID": "this device, step 13",
    "certificate hash": "-42605",
}


def test_free_play_tells_who_notices(page: Page) -> None:
    for field, noticed in NOTICED.items():
        page.select_option("#free-field", label=field)
        if page.locator("text=Flip a bit").is_visible():
            page.click("text=Flip a bit")
        else:
            page.fill("#free-value", "something else")
        page.click("text=Send it")
        expect(page.locator("#free-result .verdict")).to_contain_text(noticed)
    page.select_option("#free-field", label="HU")
    expect(page.locator("#free-result")).to_be_empty()  # a verdict on another field would mislead


def test_the_lab_leaves_the_stage_as_it_was(page: Page) -> None:
    play(page, "A", "dummy")
    item = page.locator("[data-item=expired-token]")
    item.locator("summary").click()
    item.locator(".choice").first.click()
    item.locator("button.primary").click()
    item.locator(".verdict").wait_for()
    play(page, "A", "film")
    assert page.locator("[data-device=A] .pill").inner_text() == "licensed"


def test_free_play_takes_the_honest_value_and_one_bit_is_one_bit(page: Page) -> None:
    """Before, the values shown were another SPC's, and sent back unchanged they were refused."""
    verdict = page.locator("#free-result .verdict")
    for field in ("HU", "transaction ID", "payload IV"):
        page.select_option("#free-field", label=field)
        page.click("text=Send it")
        expect(verdict).to_contain_text("Nobody noticed")
        assert page.locator("#free-compared mark").count() == 0
    page.select_option("#free-field", label="HU")
    honest = page.input_value("#free-value")
    page.click("text=Flip a bit")
    expect(verdict).to_contain_text("-42589")
    assert int(honest, 16) ^ int(page.input_value("#free-value"), 16) in [1 << bit for bit in range(160)]
    assert page.locator("#free-compared mark").count() == 2
    assert page.locator("#free-compared code").nth(0).inner_text().replace(" ", "") == honest


def test_free_play_answers_while_one_types(page: Page) -> None:
    page.select_option("#free-field", label="contentID")
    page.fill("#free-value", "something else")
    expect(page.locator("#free-result .verdict")).to_contain_text("4 unknown content")
