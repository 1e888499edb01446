"""The thirteen steps and step 0 before anything has happened, as the page draws them in grey."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.offered_titles import Offer
from walkthrough.glossary import GLOSSARY
from walkthrough.record.steps import LIFELINES, STEPS


def outline(offers: Sequence[Offer]) -> dict[str, Any]:
    """Return lifelines, steps (why they exist, and their words with gaps), the glossary, and the titles to play."""
    gaps: Mapping[str, str] = defaultdict(lambda: "…")
    return {
        "lifelines": LIFELINES,
        "steps": [
            {
                "n": step.n,
                "from": step.sender,
                "to": step.receiver,
                "summary": step.summary.format_map(gaps),
                "why": step.why,
            }
            for step in STEPS
        ],
        "glossary": [{"term": term, "says": says} for term, says in GLOSSARY.items()],
        "titles": [{"title": offer.title, "name": offer.name, "dummy": offer.dummy} for offer in offers],
    }
