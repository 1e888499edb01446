"""The thirteen steps and step 0 before anything has happened, as the page draws them in grey."""

from collections.abc import Sequence
from typing import Any

from emulator.titles import Offer
from walkthrough.record.steps import LIFELINES, STEPS


def outline(offers: Sequence[Offer]) -> dict[str, Any]:
    """Return lifelines, steps (numbers, arrows, words with gaps), and the titles there are to play."""
    gaps = _Gaps()
    return {
        "lifelines": LIFELINES,
        "steps": [
            {"n": step.n, "from": step.sender, "to": step.receiver, "summary": step.summary.format_map(gaps)}
            for step in STEPS
        ],
        "titles": [{"title": offer.title, "name": offer.name, "dummy": offer.dummy} for offer in offers],
    }


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
