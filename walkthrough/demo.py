"""The demo: one recorded binding that ends in pictures, then the experiments of the demo, all shown in the terminal."""

from dataclasses import replace
from pathlib import Path

from emulator.transport import NO_FILES
from hosting.tls.tls import ClientTls
from walkthrough.experiments import DEMO, as_scenario, run_experiment
from walkthrough.record.deployment import Deployment, find_deployment
from walkthrough.record.recorded import RecordedScenario
from walkthrough.record.run import run_binding, titles_read_in
from walkthrough.terminal.report import compared, failure_of, write_json, write_still
from walkthrough.terminal.terminal import (
    make_console,
    print_heading,
    print_line,
    print_rows,
    print_scenarios,
    print_sequence,
    progress,
)

PURPOSE = "demo"


def run_demo(
    sees: str, expressplay: str, *, recording: Path | None, still: Path, teach: bool, tls: ClientTls = NO_FILES
) -> bool:
    """Run and show the demo; return whether all came out as expected. Raises what ended the binding early."""
    console = make_console()
    deployment = find_deployment(sees, expressplay, tls=tls)
    with progress("the binding"):
        run = run_binding(deployment, deployment.client(PURPOSE), deployment.name(PURPOSE), teach=teach)
    print_heading(console, "The binding, step by step")
    print_sequence(console, run.recording)
    failure = failure_of(run)
    outcomes = run.recording["scenarios"]
    try:
        if failure:
            raise failure
        _run_experiments(replace(deployment, titles=titles_read_in(run)), outcomes)
    finally:
        if recording:
            write_json(recording, run.recording)
    print_heading(console, "What was tried, and what came out")
    print_scenarios(console, outcomes)
    print_heading(console, "The transaction log after the binding, the rows of its cookie")
    print_rows(console, run.recording["log_after"])
    if run.screening:
        print_heading(console, f"The bound device played {run.screening.outcome}{compared(run.screening)}.")
    if recording:
        print_line(console, f"Recording:     {recording}")
    print_line(console, f"Still picture: {write_still(run, still)}")
    return all(outcome["ok"] for outcome in outcomes)


def _run_experiments(deployment: Deployment, outcomes: list[RecordedScenario]) -> None:
    with progress("trying") as tell:
        for experiment in DEMO:
            tell(f"trying: {experiment.name}")
            outcomes.append(as_scenario(run_experiment(experiment, deployment)))
