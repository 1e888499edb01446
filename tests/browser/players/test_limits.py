"""Leases and rentals, by the page's clock: Playwright's page.clock moves it."""

from typing import Any

from player_pages import PlayerPages, play, wait_until_it_plays
from playwright.sync_api import Page

SESSION = """async () => {
    const wish = { initDataTypes: ['skd'], videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }] };
    const access = await navigator.requestMediaKeySystemAccess('com.apple.fps', [wish]);
    const keys = await access.createMediaKeys();
    await keys.setServerCertificate(await (await fetch('/_sim/fairplay.cer')).arrayBuffer());
    window.session = keys.createSession();
    window.messages = [];
    session.addEventListener('message', ({ messageType, message }) => messages.push({ messageType, message }));
}"""
REQUEST = """async contentId => {
    await session.generateRequest('skd', new TextEncoder().encode(`skd://${contentId}`));
}"""
ANSWER = """async contentId => {
    const { messageType, message } = messages.pop();
    const answer = await fetch(await entitle(contentId), { method: 'POST', body: message });
    const ckc = await answer.arrayBuffer();
    await session.update(ckc);
    return messageType;
}"""
STATUS = "() => [...session.keyStatuses.values()]"


def content_ids(page: Page, title: str) -> list[str]:
    script = """async title => (await (await fetch('/titles')).json()).titles
        .find((one) => one.title === title).keys.map((key) => key.content_id)"""
    found: list[str] = page.evaluate(script, title)
    return found


def licensed_session(pages: PlayerPages, cookie: str, title: str) -> tuple[Page, str]:
    """A page with a session that holds the license of a title's first key; its clock stands still."""
    pages.register(cookie)
    page = pages.open("raw", cookie)
    page.clock.install()
    page.evaluate(SESSION)
    content_id = content_ids(page, title)[0]
    page.evaluate(REQUEST, content_id)
    assert page.evaluate(ANSWER, content_id) == "license-request"
    return page, content_id


def kinds(page: Page) -> list[str]:
    return [event["type"] for event in page.evaluate("FairPlayEme.events")]


def test_a_lease_ends_where_nobody_renews_it(pages: PlayerPages, cookie: str) -> None:
    page, _ = licensed_session(pages, cookie, "rotation")  # 120 seconds, from the SPC
    assert page.evaluate(STATUS) == ["usable"]
    left = page.evaluate("session.expiration - Date.now()")
    assert 100_000 < left <= 120_000
    page.clock.fast_forward(left - 2000)
    assert page.evaluate(STATUS) == ["usable"]
    page.clock.fast_forward(3000)
    assert page.evaluate(STATUS) == ["expired"]
    assert "expired" in kinds(page)


def test_a_lease_is_renewed(pages: PlayerPages, cookie: str) -> None:
    page, content_id = licensed_session(pages, cookie, "rotation")
    first = page.evaluate("session.expiration")
    page.clock.fast_forward(100_000)
    page.evaluate("session.update(new TextEncoder().encode('renew'))")
    page.wait_for_function("messages.length === 1")
    assert page.evaluate(ANSWER, content_id) == "license-renewal"
    assert page.evaluate("session.expiration") >= first + 99_000
    page.clock.fast_forward(60_000)
    assert page.evaluate(STATUS) == ["usable"]
    spcs: list[dict[str, Any]] = [one for one in page.evaluate("FairPlayEme.events") if one["type"] == "spc"]
    assert [spc["state"] for spc in spcs] == ["ready", "playing"]
    page.clock.fast_forward(50_000)
    page.evaluate("session.update(new TextEncoder().encode('renew'))")
    page.wait_for_function("messages.length === 1")
    assert page.evaluate("FairPlayEme.events.findLast(({type}) => type === 'spc').state") == "lease ending"


def test_a_rental_ends(pages: PlayerPages, cookie: str) -> None:
    page, _ = licensed_session(pages, cookie, "film")  # 48 hours, from the CKC
    page.clock.fast_forward("47:59:00")
    assert page.evaluate(STATUS) == ["usable"]
    page.clock.fast_forward("02:00")
    assert page.evaluate(STATUS) == ["expired"]


def test_the_picture_stops_at_the_end_of_a_lease(pages: PlayerPages, cookie: str) -> None:
    pages.register(cookie)
    page = pages.open("raw", cookie)
    page.clock.install()
    play(page, "rotation")
    page.clock.resume()
    wait_until_it_plays(page)
    page.evaluate("document.querySelector('video').pause()")
    page.clock.fast_forward(121_000)
    page.wait_for_function("FairPlayEme.events.some(({type}) => type === 'expired')")
    page.evaluate("() => { const v = document.querySelector('video'); v.currentTime = 4; v.play().catch(() => {}); }")
    page.wait_for_function("document.querySelector('video').readyState < 3")


def test_a_closed_session_takes_its_key_along(pages: PlayerPages, cookie: str) -> None:
    page, _ = licensed_session(pages, cookie, "film")
    page.evaluate("session.close()")
    assert page.evaluate(STATUS) == []
    assert page.evaluate("session.closed") == "closed-by-application"
    page, _ = licensed_session(pages, cookie, "film")
    page.evaluate("session.remove()")
    assert page.evaluate(STATUS) == ["released"]
