"""Records what the page without a server shows: each title on each device, whoever is bound; and a still picture."""

import json
from pathlib import Path
from typing import Any

from emulator.binding import Client
from emulator.offered_titles import list_titles
from emulator.step import at_step
from simulation.steps import Step
from walkthrough.page.media import describe_tracks, track_as_json
from walkthrough.page.refusals import as_refusal
from walkthrough.record.deployment import DEFAULT_SEED, OTHER_SEED, Deployment
from walkthrough.record.run import Run, run_binding

INDEX, STILL = "index.json", "still.png"
COOKIE = "alice"
SEEDS = {"A": DEFAULT_SEED, "B": OTHER_SEED}
RUNS = (
    ("A", "film", "nobody"),
    ("B", "film", "nobody"),
    ("A", "dummy", "any"),
    ("A", "film", "A"),
    ("B", "film", "A"),
    ("B", "dummy", "any"),
    ("B", "film", "B"),
    ("A", "film", "B"),
)
"""Device, title, and which device the cookie was bound to before, in an order in which it is."""


def record_runs(deployment: Deployment, folder: Path) -> None:
    """Run everything on services whose log has no row of `COOKIE`, and write recordings, an index and a still."""
    with at_step(Step.READ_DUMMY):
        offered = list_titles(deployment.web, deployment.sees)
    offers = [offer for offer in offered if offer.title in ("dummy", "film")]
    index: dict[str, Any] = {
        "format": "binding-page",
        "version": 1,
        "titles": [{"title": offer.title, "name": offer.name, "dummy": offer.dummy} for offer in offers],
        "tracks": {
            offer.title: [track_as_json(track) for track in describe_tracks(deployment.web, offer)] for offer in offers
        },
        "refusals": {},
    }
    folder.mkdir(parents=True, exist_ok=True)
    for device, title, bound in RUNS:
        name = f"{device}.{title}.{bound}"
        run = _run(deployment.client(f"page-{name}", SEEDS[device]), deployment, title)
        _write(folder / f"{name}.binding.json", run.recording)
        if run.error:
            index["refusals"][name] = as_refusal(run.error)
        if run.screening and run.screening.still:
            (folder / STILL).write_bytes(run.screening.still)
    _write(folder / INDEX, index)


def _run(client: Client, deployment: Deployment, title: str) -> Run:
    registers = title == "dummy"
    return run_binding(deployment, client, COOKIE, registers=registers, plays=not registers, teach=True)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
