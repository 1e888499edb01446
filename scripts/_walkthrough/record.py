"""Renews the recordings of the docs: one binding, and every experiment, against real services."""

import json
import sys
from pathlib import Path
from typing import Any

from _walkthrough.pages import BINDING, COOKIE, LAB_FILE, PORTS
from benchmarks.services import running_services
from walkthrough.experiments import DEMO, EXPERIMENTS, as_json, as_scenario, run_experiment
from walkthrough.record.deployment import find_deployment
from walkthrough.record.run import run_binding
from walkthrough.terminal.report import failure_of, write_json


def record(folder: Path) -> None:
    """Run everything, and write the recordings. Raises what ended the binding; `SystemExit` for a wrong outcome."""
    with running_services(ports=PORTS) as (mock, sees):
        deployment = find_deployment(sees.url, mock.url)
        run = run_binding(deployment, deployment.client("walkthrough"), COOKIE, teach=True)
        if failure := failure_of(run):
            raise failure
        results = {one.id: run_experiment(one, deployment) for one in EXPERIMENTS.values()}
    run.recording["scenarios"] += [as_scenario(results[one.id]) for one in DEMO]
    items = [as_json(result) for result in results.values()]
    _check(items)
    write_json(folder / BINDING, run.recording)
    write_json(
        folder / LAB_FILE, {"format": "binding-lab", "version": 1, "made": run.recording["made"], "items": items}
    )


def _check(results: list[dict[str, Any]]) -> None:
    if bad := [result for result in results if not result["ok"]]:
        sys.exit(f"Not as expected, nothing is written:\n{json.dumps(bad, indent=2)}")
