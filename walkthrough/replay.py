"""Replay: run a recorded run anew, against anybody's SEES, and find the first step that goes another way."""

import secrets
from dataclasses import replace
from typing import Any

from emulator.errors import EmulatorError, ReplayDiffers, UnexpectedAnswer
from emulator.license_client import RequestType, SpcShape, ask_sees, entitlement_request
from emulator.offered_titles import list_titles
from emulator.parties import SEES
from emulator.step import at_step
from emulator.transport import NO_FILES, Web, clean_base
from emulator.urls import origin_of
from hosting.tls.tls import ClientTls
from simulation.steps import Step
from walkthrough.experiments import EXPERIMENTS, as_scenario, run_experiment
from walkthrough.record.comparison import Comparison, Difference, compare
from walkthrough.record.deployment import Deployment, Titles, find_deployment
from walkthrough.record.license_terms import differing_terms
from walkthrough.record.recorded import RecordedClient, Recording
from walkthrough.record.recording_file import bad_recording
from walkthrough.record.run import Run, run_binding, titles_of

MAX_COOKIE = 32
ASKS = (Step.ASK_TO_REGISTER, Step.ASK_TO_PLAY)
"""The steps that name a content id."""


def replay(recording: Recording, sees: str, expressplay: str | None, tls: ClientTls = NO_FILES) -> Comparison:
    """Run a recording anew and compare. `expressplay` is found out from SEES's token URL where it is None.

    Raises `BadRecording` for a recording that began with rows of its cookie in the log: it cannot be run anew.
    """
    if recording["log_before"]:
        raise bad_recording(
            f"{len(recording['log_before'])} of them, from runs that this file does not hold",
            expected="a run whose cookie had no rows in the log",
            fix="record it with a new --cookie",
        )
    cookie = _fresh(recording["cookie"])
    how = _how_it_was_run(recording)
    deployment = find_deployment(sees, expressplay or find_expressplay(recording, sees, cookie, tls), how["title"], tls)
    device: dict[str, Any] = {"spc_version": how["spc_version"], "shape": _shape(how["spc_shape"])}
    run = run_binding(
        deployment,
        deployment.client("replay", recording["device"]["seed"], **device),
        cookie,
        registers=how["registers"],
        plays=how["plays"],
        player=deployment.client("replay", how["plays_on"], **device) if how["plays_on"] else None,
        titles=_titles(recording, deployment),
        watch_for=how.get("watch_for", 0),
    )
    comparison = compare(recording, run.recording)
    difference = comparison.difference or differing_terms(recording, run.grants) or _not_played(recording, run)
    return replace(comparison, difference=difference or _replay_scenarios(recording, deployment))


def check(comparison: Comparison) -> None:
    """Raise `ReplayDiffers` if there is a difference."""
    if difference := comparison.difference:
        where = f"{difference.place}, {difference.field}" if difference.field else difference.place
        fix = "fps-emulator show FILE draws the recorded run; SEES's own journal or log tells what it did"
        raise ReplayDiffers(expected=f"{difference.expected} at {where}", found=difference.found, fix=fix)


def find_expressplay(recording: Recording, sees: str, cookie: str, tls: ClientTls = NO_FILES) -> str:
    """Return the base URL of the ExpressPlay that SEES's token URLs lead to, by asking it for one."""
    web = Web(tls=tls)
    try:
        first = next(step for step in recording["steps"] if step["n"] in ASKS)
        asked = first["request"]
        request = entitlement_request("replay", RequestType(asked["requestType"]), asked["contentID"], cookie)
        sees = clean_base(sees, SEES)
        with at_step(first["n"]):
            return origin_of(ask_sees(web, sees, request).token_url)
    except (StopIteration, KeyError, TypeError, ValueError, EmulatorError) as error:
        if isinstance(error, EmulatorError) and not hasattr(error, "response"):
            raise
        raise bad_recording(
            "none", expected="a first request that SEES grants, to see where ExpressPlay is", fix="name --expressplay"
        ) from None
    finally:
        web.close()


def _fresh(cookie: str) -> str:
    """Return a cookie that no log has seen, with the same beginning; one that is too long stays so."""
    return cookie if len(cookie) > MAX_COOKIE else f"{cookie[: MAX_COOKIE - 9]}-{secrets.token_hex(4)}"


def _how_it_was_run(recording: Recording) -> RecordedClient:
    """Return how the client was run; where the recording does not say so, as far as its steps show."""
    if "client" in recording:
        return recording["client"]
    numbers = {step["n"] for step in recording["steps"]}
    return {
        "registers": min(numbers, default=0) < Step.ASK_TO_PLAY,
        "plays": max(numbers, default=0) >= Step.ASK_TO_PLAY,
        "title": None,
        "spc_version": 2,
        "spc_shape": SpcShape.RAW.value,
        "plays_on": None,
    }


def _shape(name: str) -> SpcShape:
    try:
        return SpcShape(name)
    except ValueError:
        raise bad_recording(f"the SPC shape {name!r}", expected="one that this emulator knows") from None


def _titles(recording: Recording, deployment: Deployment) -> Titles | None:
    """Return titles made of the recorded content ids, for a SEES that offers none itself."""
    try:
        with at_step(Step.READ_DUMMY):
            list_titles(deployment.web, deployment.sees)
    except UnexpectedAnswer:
        asked = {n: [step["request"]["contentID"] for step in recording["steps"] if step["n"] == n] for n in ASKS}
        # Each once: a renewal asks for the same content again.
        return titles_of(*(list(dict.fromkeys(asked[n])) for n in ASKS))
    return None


def _not_played(recording: Recording, run: Run) -> Difference | None:
    """Return the error that kept this run from pictures, where the recorded one had them."""
    if recording["playback"] is None or run.screening or run.error is None:
        return None
    return Difference("playback", "", recording["playback"]["outcome"], str(run.error))


def _replay_scenarios(recording: Recording, deployment: Deployment) -> Difference | None:
    """Play the recorded scenarios anew, as far as this emulator has them; return the first that came out otherwise."""
    known = {experiment.name: experiment for experiment in EXPERIMENTS.values()}
    deployment = replace(deployment, title=None)
    for recorded in recording.get("scenarios", ()):
        experiment = known.get(recorded["name"])
        if experiment is None:
            return Difference(f"scenario {recorded['name']}", "", str(recorded["actual"]), "no such experiment")
        actual = as_scenario(run_experiment(experiment, deployment))["actual"]
        if actual != recorded["actual"]:
            return Difference(f"scenario {recorded['name']}", "actual", str(recorded["actual"]), str(actual))
    return None
