"""Replay: run a recorded run anew, against anybody's SEES, and find the first step that goes another way."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.errors import BadRecording, EmulatorError, ReplayDiffers, UnexpectedAnswer
from emulator.key_uri import parse_key_uri
from emulator.license_client import RequestType, SpcShape, ask_sees, entitlement_request
from emulator.playlist import Rendition, Title
from emulator.titles import list_titles
from emulator.transport import NO_FILES, SEES, Web, clean_base, origin_of
from hosting.tls.tls import ClientTls
from simulation.strict_json import parse_json
from walkthrough.experiments import EXPERIMENTS, as_scenario, run_experiment
from walkthrough.record.comparison import Comparison, Difference, compare
from walkthrough.record.recording import FORMAT, VERSION
from walkthrough.record.run import Titles, run_binding
from walkthrough.record.stage import Stage, make_stage
from walkthrough.record.steps import LIFELINES

MAX_COOKIE = 32
EXPECTED = f'a recording, JSON with "format": "{FORMAT}" and "version": {VERSION}'
RERECORD = "record the run again: fps-emulator bind --recording FILE"


@dataclass(frozen=True)
class Options:
    """How the recorded client was run."""

    registers: bool
    plays: bool
    title: str | None
    spc_version: int
    shape: SpcShape
    plays_on: str | None
    watch_for: float


def read_recording(data: bytes) -> dict[str, Any]:
    """Read a recording; BadRecording for anything else, saying what is wrong with it."""
    try:
        value = parse_json(data)
    except ValueError as error:
        raise _bad(EXPECTED, f"something else: {error}", RERECORD) from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _bad(EXPECTED, "JSON of another kind", RERECORD)
    if value.get("version") != VERSION:
        newer = "a newer fps-emulator made it: use that one, or " + RERECORD
        raise _bad(EXPECTED, f"version {value.get('version')!r}", newer)
    match value:
        case {
            "device": {"seed": str()},
            "cookie": str(),
            "prelude": _,
            "playback": _,
            "steps": [*steps],
            "log_before": [*_],
            "log_after": [*_],
        }:
            prelude = [value["prelude"]] if value.get("prelude") is not None else []
            scenarios = value.get("scenarios", [])
            whole = all(map(_is_step, [*prelude, *steps])) and all(map(_is_row, value["log_after"]))
            shown = value["playback"] is None or _is_playback(value["playback"])
            if whole and shown and isinstance(scenarios, list) and all(map(_is_scenario, scenarios)):
                return value
    raise _bad(EXPECTED, "members missing, or of another form (docs/recording.schema.json has them)", RERECORD)


def replay(recording: Mapping[str, Any], sees: str, expressplay: str | None, tls: ClientTls = NO_FILES) -> Comparison:
    """Run a recording anew and compare. `expressplay` is found out from SEES's token URL where it is None.

    A recording that began with rows of its cookie in the log cannot be run anew: BadRecording.
    """
    if recording["log_before"]:
        found = f"{len(recording['log_before'])} of them, from runs that this file does not hold"
        raise _bad("a run whose cookie had no rows in the log", found, "record it with a new --cookie")
    cookie = _fresh(recording["cookie"])
    options = _options(recording)
    stage = make_stage(sees, expressplay or find_expressplay(recording, sees, cookie, tls), options.title, tls)
    seed = recording["device"]["seed"]
    client = stage.client("replay", seed, spc_version=options.spc_version, shape=options.shape)
    player = options.plays_on and stage.client(
        "replay", options.plays_on, spc_version=options.spc_version, shape=options.shape
    )
    run = run_binding(
        stage,
        client,
        cookie,
        registers=options.registers,
        plays=options.plays,
        player=player or None,
        titles=_titles(recording, stage),
        watch_for=options.watch_for,
    )
    comparison = compare(recording, run.recording)
    if comparison.difference:
        return comparison
    return replace(comparison, difference=_replay_scenarios(recording, stage))


def check(comparison: Comparison) -> None:
    """Raise ReplayDiffers if there is a difference."""
    if difference := comparison.difference:
        where = f"{difference.place}, {difference.field}" if difference.field else difference.place
        fix = "fps-emulator show FILE draws the recorded run; SEES's own journal or log tells what it did"
        raise ReplayDiffers(step=None, expected=f"{difference.expected} at {where}", found=difference.found, fix=fix)


def find_expressplay(recording: Mapping[str, Any], sees: str, cookie: str, tls: ClientTls = NO_FILES) -> str:
    """Return the base URL of the ExpressPlay that SEES's token URLs lead to, by asking it for one."""
    first: Mapping[str, Any] = next((step for step in recording["steps"] if step["n"] in (1, 6)), {})
    web = Web(tls=tls)
    try:
        asked = first["request"]
        request = entitlement_request("replay", RequestType(asked["requestType"]), asked["contentID"], cookie)
        return origin_of(ask_sees(web, clean_base(sees, SEES), request, step=first["n"]).token_url)
    except (KeyError, TypeError, ValueError, EmulatorError) as error:
        if isinstance(error, EmulatorError) and not hasattr(error, "response"):
            raise
        raise _bad(
            "a first request that SEES grants, to see where ExpressPlay is", "none", "name --expressplay"
        ) from None
    finally:
        web.close()


def _is_step(step: Any) -> bool:
    match step:
        case {"n": int(), "from": str(sender), "to": str(receiver), "summary": str()}:
            return {sender, receiver} <= set(LIFELINES) and isinstance(step.get("round", 1), int)
    return False


def _is_row(row: Any) -> bool:
    return isinstance(row, dict)


def _is_playback(playback: Any) -> bool:
    return isinstance(playback, dict) and isinstance(playback.get("outcome"), str)


def _is_scenario(scenario: Any) -> bool:
    match scenario:
        case {"name": str(), "expected": str(), "actual": str(), "ok": bool()}:
            return True
    return False


def _bad(expected: str, found: str, fix: str) -> BadRecording:
    return BadRecording(step=None, expected=expected, found=found, fix=fix)


def _fresh(cookie: str) -> str:
    """Return a cookie that no log has seen, with the same beginning; one that is too long stays so."""
    return cookie if len(cookie) > MAX_COOKIE else f"{cookie[: MAX_COOKIE - 9]}-{secrets.token_hex(4)}"


def _options(recording: Mapping[str, Any]) -> Options:
    """Return how the client was run; where the recording does not say so, as far as its steps show."""
    said = recording.get("client")
    values = said if isinstance(said, dict) else {}
    numbers = {step["n"] for step in recording["steps"]}
    try:
        return Options(
            registers=bool(values.get("registers", min(numbers, default=0) < 6)),
            plays=bool(values.get("plays", max(numbers, default=0) > 5)),
            title=values.get("title"),
            spc_version=int(values.get("spc_version", 2)),
            shape=SpcShape(values.get("spc_shape", "raw")),
            plays_on=values.get("plays_on"),
            watch_for=float(values.get("watch_for", 0)),
        )
    except (TypeError, ValueError):
        raise _bad(EXPECTED, "a client section of another form", RERECORD) from None


def _titles(recording: Mapping[str, Any], stage: Stage) -> Titles | None:
    """Return titles made of the recorded content ids, for a SEES that offers none itself."""
    try:
        list_titles(stage.web, stage.sees, step=0)
    except UnexpectedAnswer:
        asked = {n: [step["request"]["contentID"] for step in recording["steps"] if step["n"] == n] for n in (1, 6)}
        return Titles(_title_of(asked[1]), _title_of(asked[6]))
    return None


def _title_of(content_ids: list[str]) -> Title | None:
    keys = tuple(parse_key_uri(f"skd://{content_id}") for content_id in content_ids)
    return Title("", keys, Rendition("", ()), None) if keys else None


def _replay_scenarios(recording: Mapping[str, Any], stage: Stage) -> Difference | None:
    """Play the recorded scenarios anew, as far as this emulator has them; return the first that came out otherwise."""
    known = {experiment.name: experiment for experiment in EXPERIMENTS.values()}
    stage = replace(stage, title=None)
    for recorded in recording.get("scenarios", ()):
        experiment = known.get(recorded["name"])
        if experiment is None:
            return Difference(f"scenario {recorded['name']}", "", str(recorded["actual"]), "no such experiment")
        actual = as_scenario(run_experiment(experiment, stage))["actual"]
        if actual != recorded["actual"]:
            return Difference(f"scenario {recorded['name']}", "actual", str(recorded["actual"]), str(actual))
    return None
