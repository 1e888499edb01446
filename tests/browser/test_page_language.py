"""The page in French: the switch, the words of the documents, and nothing left in English but what is a term."""

import re
from pathlib import Path

from page_actions import play, register_and_play, screen
from playwright.sync_api import Page, expect

from walkthrough.experiments import EXPERIMENTS
from walkthrough.record.steps import STEPS
from walkthrough.words import typeset, words

FRENCH = words("fr")
WALKTHROUGH = Path(__file__).resolve().parents[2] / "docs" / "fr" / "walkthrough.md"
REFUSAL = re.compile(r"(SEES|ExpressPlay): -?\d+ .+")

ENGLISH_ABOUT_FIELDS = """() => [...document.querySelectorAll('.field')].flatMap((field) => {
    field.click();
    const about = field.closest('.layer').querySelectorAll('.detail p');
    if (!about.length) return ['nothing said of a field'];
    return [...about].flatMap((part) => [...part.querySelectorAll('[lang=en]:not(b)')].map((one) => one.textContent));
})"""
"""Chooses every field of a message in turn; what is said of it in English, its name aside."""


def party(lifeline: str) -> str:
    return "Appareil A" if lifeline == "Client" else FRENCH(lifeline)


def shape(template: str) -> re.Pattern[str]:
    """Return a pattern of what a French template becomes when its holes are filled."""
    return re.compile(r"\S.*".join(map(re.escape, re.split(r"\{\w+\}", FRENCH(template)))))


def language(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")


def test_the_switch_keeps_the_place_and_is_remembered(open_page, address: str) -> None:  # type: ignore[no-untyped-def]
    page = open_page("#step=9", locale="en-GB")  # a window of its own, since this one shall remember
    assert language(page) == "en"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hreflang") == "fr":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=fr][data-ready]")
    assert page.url == f"{address}/?lang=fr#step=9"
    assert page.locator("#step h3").inner_text() == "Étape 9"
    assert page.locator(".languages [aria-current]").inner_text().startswith("FR")

    page.locator(".arrow-row[data-step='4']").click()
    assert page.url == f"{address}/?lang=fr#step=4"
    page.goto(f"{address}/#lab=other-device")
    page.wait_for_url(f"{address}/?lang=fr#lab=other-device")
    page.goto(f"{address}/?lang=en")
    page.wait_for_selector("html[lang=en][data-ready]")


def test_the_story_has_the_words_of_the_french_walkthrough(open_page) -> None:  # type: ignore[no-untyped-def]
    written = re.findall(r"^### Étape (\d+) · (.+)\n\n.+\n\n\*([^*]+)\*", WALKTHROUGH.read_text(), re.MULTILINE)
    page = open_page("?lang=fr")
    register_and_play(page)
    for step, (n, parties, summary) in zip(STEPS, written, strict=True):
        page.locator(f".arrow-row[data-step='{n}']").click()
        assert page.locator("#step h3").inner_text() == f"Étape {n}" == f"Étape {step.n}"
        route = page.locator("#step .route").inner_text().replace("Appareil A", "Client").split(" → ")
        assert list(dict.fromkeys(route)) == parties.split(" → ")
        assert shape(step.summary).fullmatch(summary)
        assert page.locator("#step .why").inner_text() == FRENCH(step.why)
        told = page.locator("#step .says").inner_text()
        assert shape(step.summary).fullmatch(told)
        label = page.locator(f".arrow-row[data-step='{n}']").get_attribute("aria-label")
        assert label == typeset(f"Étape {n}, {party(step.sender)} vers {party(step.receiver)}, faite : {told}")
        known = page.locator("#step .knows").inner_text()
        assert all(FRENCH(what) in known for what in step.knows.values())


def test_a_refusal_is_explained_in_french_under_its_own_title(open_page) -> None:  # type: ignore[no-untyped-def]
    page = open_page("?lang=fr")
    play(page, "B", "film")
    assert typeset("droit refusé : 6 device not registered") in page.locator("[data-step='10']").get_attribute(
        "aria-label"
    )
    play(page, "A", "dummy")
    play(page, "B", "film")
    assert screen(page, "B").split("\n\n")[:2] == [
        "-9003 device differs",
        typeset("Refus à l'étape 12. Le jeton est lié à un autre appareil que celui qui a fait le SPC."),
    ]
    assert page.locator("[data-device=B] .pill").inner_text() == "refus -9003"
    label = page.locator("[data-step='13']").get_attribute("aria-label")
    assert label == typeset("Étape 13, ExpressPlay vers Appareil B, refusée : refus : -9003 device differs")


def test_the_lab_is_french_but_for_what_a_service_answered(open_page) -> None:  # type: ignore[no-untyped-def]
    page = open_page("?lang=fr")
    for item in EXPERIMENTS.values():
        card = page.locator(f"[data-item={item.id}]")
        card.locator("summary").click()
        card.locator(".choice").nth(item.right).click()
        card.locator("button.primary").click()
        expect(card.locator(".verdict.good")).to_have_text(typeset("Comme vous l'aviez prévu."))
        assert card.locator(".reason").inner_text() == FRENCH(item.why)
    english = page.locator("#experiments [lang=en]:not(figure)").all_inner_texts()
    assert [text for text in english if not REFUSAL.fullmatch(text) and "→" not in text] == []


def test_the_inspector_is_french_but_for_the_names_of_fields(open_page) -> None:  # type: ignore[no-untyped-def]
    page = open_page("?lang=fr")
    register_and_play(page)
    for message in ("10.token", "11.spc", "13.ckc"):
        page.click(f"[data-message='{message}']")
        page.wait_for_selector(f"[data-message='{message}'][aria-pressed=true]")
        assert page.locator(".layer > summary").first.inner_text() in ("jeton", "enveloppe", "cadre")
        assert page.evaluate(ENGLISH_ABOUT_FIELDS) == []
        assert page.locator(".message .note [lang=en], .message .input [lang=en]").count() == 0


def test_free_play_tells_who_notices_in_french(open_page) -> None:  # type: ignore[no-untyped-def]
    page = open_page("?lang=fr")
    page.select_option("#free-field", label="HU")
    page.click("text=Inverser un bit")
    page.click("text=Envoyer")
    verdict = page.locator("#free-result .verdict")
    expect(verdict).to_contain_text("ExpressPlay, étape 12")
    assert FRENCH("The MAC over session key, device id and R1 does not hold: SK..R1 was altered, or made with another "
                  "ASk.") in page.locator("#free-result").inner_text()  # fmt: skip
