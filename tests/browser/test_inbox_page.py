"""`/_sim/` in a browser: it stays fresh by itself, and what strangers wrote does nothing there."""

from collections.abc import Iterator

import pytest
from mock_over_http import KEYS, Mock, running_mock
from playwright.sync_api import Browser, Page, expect

HOSTILE = "<img src=x onerror=document.title=1>"


@pytest.fixture
def mock() -> Iterator[Mock]:
    with running_mock() as mock:
        yield mock


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_new_entries_come_by_themselves_and_nothing_hostile_runs(mock: Mock, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{mock.url}/_sim/")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    headers = {"User-Agent": HOSTILE}
    mock.http.post(f"{mock.url}/hms/fp/token", data=KEYS | {"cookie": HOSTILE[:32]}, headers=headers, timeout=10)
    mock.license(cookie="<b>bob</b>")
    row = page.get_by_role("link").filter(has_text="cookie '<b>bob</b>'")
    expect(row).to_be_visible()
    page.get_by_role("link").filter(has_text="token request").last.click()
    expect(page.get_by_role("definition").filter(has_text=HOSTILE)).to_be_visible()
    expect(page).to_have_title("expressplay-mock: journal")
    assert said == []
    assert page.locator("main img, main b").count() == 0
