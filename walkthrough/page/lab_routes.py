"""The lab's routes: the experiments with their questions, and real runs of them on fresh devices."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, abort, jsonify

from walkthrough.experiments import EXPERIMENTS, FAMILIES, Experiment, run_experiment
from walkthrough.page.page_state import PageState
from walkthrough.page.source_code import find, parse_place
from walkthrough.record.deployment import Deployment

ALIASES = {"cookie-theft": "cookie-stolen-after"}


def serve_lab(app: Flask, page: PageState) -> None:
    """Add the routes."""

    @app.get("/api/lab")
    def lab() -> Response:
        return jsonify(described_lab())

    @app.post("/api/lab/<name>")
    def run_lab(name: str) -> Response:
        experiment = EXPERIMENTS.get(name)
        if experiment is None:
            abort(404)
        # An experiment may move ExpressPlay's clock.
        with page.pacing.run(can_be_given_up=False):
            return jsonify(run_with_fresh_devices(experiment, page.deployment))


def run_with_fresh_devices(experiment: Experiment, deployment: Deployment) -> dict[str, Any]:
    """Run an experiment with fresh devices and cookies; return what came, why, and the lines that decided."""
    result = run_experiment(experiment, deployment.anew())
    return described_result(experiment, [asdict(one) for one in result.tries], result.ok)


def described_result(experiment: Experiment, tries: list[dict[str, Any]], ok: bool) -> dict[str, Any]:
    """Return what came of an experiment as the page shows it."""
    source = find(parse_place(experiment.decided_by))
    return {
        "tries": tries,
        "ok": ok,
        "right": experiment.right,
        "reason": experiment.why,
        "source": asdict(source) if source else None,
    }


def described_lab() -> dict[str, Any]:
    """Return all experiments, not yet run."""
    items = [_described(family, one) for family in FAMILIES for one in FAMILIES[family]]
    return {"items": items, "aliases": ALIASES}


def _described(family: str, one: Experiment) -> dict[str, Any]:
    return {"id": one.id, "title": one.name, "family": family, "question": one.question, "choices": one.choices}
