"""The lab's routes: the items with their predictions, and real runs of them on a stage of their own."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, abort, jsonify

from walkthrough.experiments.lab import LAB, LabItem, run_item
from walkthrough.experiments.lab_more import MORE
from walkthrough.experiments.predictions import PREDICTIONS
from walkthrough.page.page_state import PageState
from walkthrough.page.source_code import find, parse_place
from walkthrough.record.stage import Stage

ITEMS = {item.id: item for item in (*LAB, *MORE)}
ALIASES = {"cookie-theft": "cookie-stolen-after"}


def serve_lab(app: Flask, page: PageState) -> None:
    """Add the routes."""

    @app.get("/api/lab")
    def lab() -> Response:
        return jsonify(items=[_described(item) for item in ITEMS.values()], aliases=ALIASES)

    @app.post("/api/lab/<name>")
    def run_lab(name: str) -> Response:
        item = ITEMS.get(name)
        if item is None:
            abort(404)
        # An item may move ExpressPlay's clock.
        with page.pacing.run(can_be_given_up=False):
            return jsonify(run_lab_item(item, page.stage))


def run_lab_item(item: LabItem, stage: Stage) -> dict[str, Any]:
    """Run an item with fresh devices and cookies; return what came, why, and the lines that decided."""
    result = run_item(item, Stage(stage.sees, stage.expressplay, stage.web, stage.provisioning))
    source = find(parse_place(item.decided_by))
    return {
        "tries": [asdict(one) for one in result.tries],
        "ok": result.ok,
        "right": PREDICTIONS[item.id].right,
        "reason": item.reason,
        "source": asdict(source) if source else None,
    }


def _described(item: LabItem) -> dict[str, Any]:
    return {"id": item.id, "title": item.title, "question": item.question, "choices": PREDICTIONS[item.id].choices}
