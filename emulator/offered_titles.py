"""The titles a SEES server offers (`GET /titles`), and finding the dummy or the film among them."""

from dataclasses import dataclass

from emulator.errors import UnknownTitle
from emulator.parties import SEES
from emulator.transport import Web
from emulator.urls import join_url

EXPECTED = 'a list {"titles": [{"title", "name", "dummy", "master"}]}'
SHOWN = 20
"""Titles that an error names."""


@dataclass(frozen=True)
class Offer:
    """One title on offer: its name in URLs, its name for people, and where its master playlist is."""

    title: str
    name: str
    dummy: bool
    master_url: str


def list_titles(web: Web, sees: str) -> tuple[Offer, ...]:
    """Ask SEES for its titles. Raises `UnexpectedAnswer` if the answer is no such list."""
    url = f"{sees}/titles"
    answer = web.get(SEES, url, expected=EXPECTED)
    entries = answer.json_object(EXPECTED).get("titles")
    if not isinstance(entries, list):
        raise answer.unexpected(EXPECTED)
    offers = []
    for entry in entries:
        match entry:
            case {"title": str(title), "name": str(name), "dummy": bool(dummy), "master": str(master)}:
                offers.append(Offer(title, name, dummy, join_url(url, master)))
            case _:
                raise answer.unexpected(EXPECTED, "an entry of another form")
    return tuple(offers)


def find_dummy(web: Web, sees: str) -> Offer:
    """Return the dummy title, the one that registers a device."""
    offers = list_titles(web, sees)
    fix = "add a dummy to the catalog, as `sees-server add-title` does to a new one, or name one by its URL"
    return _first([offer for offer in offers if offer.dummy], offers, "a title with dummy = true", fix)


def find_title(web: Web, sees: str, name: str | None) -> Offer:
    """Return the title `name`, or the first that is no dummy."""
    offers = list_titles(web, sees)
    if name is None:
        return _first([offer for offer in offers if not offer.dummy], offers, "a title that is no dummy")
    return _first([offer for offer in offers if offer.title == name], offers, f"the title {name!r}")


def _first(
    matching: list[Offer],
    offers: tuple[Offer, ...],
    expected: str,
    fix: str = "name one of those, or add it to the catalog",
) -> Offer:
    if matching:
        return matching[0]
    known = ", ".join(offer.title[:80] for offer in offers[:SHOWN]) or "no titles"
    more = f" and {len(offers) - SHOWN} more" if len(offers) > SHOWN else ""
    raise UnknownTitle(expected=expected, found=known + more, fix=fix)
