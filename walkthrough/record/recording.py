"""The recording: one run as JSON, put together from the journals of all parties. The one portable form of a run.

It holds step 0 (`prelude`), the steps that happened, what each party then knows, the rows of the transaction log
before and after, the scenarios, and no secret: the journals redact by field. Only with `--teach` it has the
section `device_keys`, the message keys of the virtual device, which open its SPCs and CKCs.
"""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, cast

from emulator.explain import title_of
from fairplay.annotate import keys_of
from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.record.journals import Entry
from walkthrough.record.recorded import (
    FORMAT,
    VERSION,
    RecordedClient,
    RecordedPlayback,
    RecordedScenario,
    RecordedStep,
    Recording,
    Row,
)
from walkthrough.record.steps import STEPS, StepWords

# Which party's journal tells a step, best first. Both ends of an exchange journal it; the asked one knows more,
# but the client's own view is there even where a foreign server keeps no journal.
OBSERVERS: Mapping[int, tuple[str, ...]] = {
    **dict.fromkeys((0, 1, 4, 6, 11), ("client",)),
    **dict.fromkeys((2, 7, 9), ("expressplay", "sees")),
    **dict.fromkeys((5, 8), ("log",)),
    12: ("expressplay",),
}
DECIDERS: Mapping[int, int] = {3: 1, 10: 6}
"""Answer step → the entry of SEES's journal that holds why it was answered so."""


def _rounds(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group entries by trace id, in order: the first round is steps 0 to 13, each further one steps 6 to 13."""
    rounds: dict[Any, list[Entry]] = {}
    for entry in entries:
        rounds.setdefault(entry.get("trace"), []).append(entry)
    return list(rounds.values())


def make_recording(
    entries: Sequence[Entry],
    *,
    made: str,
    seed: str,
    cookie: str,
    services: Mapping[str, str],
    playback: RecordedPlayback | None = None,
    scenarios: Sequence[RecordedScenario] = (),
    client: RecordedClient | None = None,
) -> Recording:
    """Put a recording together.

    `made` is a time (RFC 3339), `services` maps names to base URLs, `client` says how the client was run, for who
    wants to run it again.
    """
    device_id = device_id_of(seed).hex()
    steps = [
        recorded
        for number, of_round in enumerate(_rounds(entries), 1)
        for recorded in record_steps(of_round, cookie, device_id, number)
    ]
    before, after = _log_rows(entries)
    recording: Recording = {
        "format": FORMAT,
        "version": VERSION,
        "made": made,
        "services": dict(services),
        "device": {"seed": seed, "device_id": device_id},
        "cookie": cookie,
        "prelude": next((step for step in steps if step["n"] == Step.READ_DUMMY), None),
        "steps": [step for step in steps if step["n"] > Step.READ_DUMMY],
        "log_before": before,
        "log_after": after,
        "playback": playback,
        "scenarios": list(scenarios),
    }
    if client is not None:
        recording["client"] = client
    return recording


def teaching_keys(made: Mapping[str, SpcContents]) -> dict[str, Any]:
    """Return the message keys of a device's SPCs in hex, by their step: for `--teach` only."""
    section: dict[str, Any] = {"note": "Keys of a virtual device's messages, for teaching. Never share real ones."}
    for place, contents in made.items():
        keys = keys_of(contents)
        secrets = {
            "spc_key": contents.spc_key,
            "dask": contents.derived.dask,
            "mac_key": contents.derived.mac_key,
            "sk": contents.block.sk,
            "r1": contents.block.r1,
            "r2": contents.r2,
            "anti_replay_seed": contents.anti_replay_seed,
            "ckc_key": keys.ckc_key or b"",
        }
        section[place] = {name: value.hex() for name, value in secrets.items()}
    return section


def record_steps(
    entries: Sequence[Entry], cookie: str, device_id: str, number: int = 1, steps: Sequence[StepWords] = STEPS
) -> list[RecordedStep]:
    """Return those of `steps` that the entries of round `number` tell. A step needs its exchange's entries."""
    recorded = [found for step in steps if (found := _record_step(step, entries, cookie, device_id))]
    if number > 1:
        for step in recorded:
            step["round"] = number
    return recorded


def _record_step(step: StepWords, entries: Sequence[Entry], cookie: str, device_id: str) -> RecordedStep | None:
    asked = step.answers or step.n
    entry = _entry(entries, asked, OBSERVERS[asked])
    if entry is None or (step.answers and "status" not in entry):
        return None
    decider = _entry(entries, DECIDERS[step.n], ("sees",)) if step.n in DECIDERS else entry
    is_request = any(other.answers == step.n for other in STEPS)
    refused = _refusal(entry.get("response")) if not is_request else None
    recorded: RecordedStep = {
        "n": int(step.n),
        "from": step.sender,
        "to": step.receiver,
        "summary": refused or step.summary.format_map(_values(entry, entries, cookie, device_id)),
        "time": str(entry.get("time")),
        "ok": refused is None and _object(entry.get("decision")).get("equal") is not False,
        "knows": dict(step.knows) if refused is None else {},
    }
    if "method" in entry:
        recorded["method"] = entry["method"]
        if "url" in entry:
            recorded["url"] = entry["url"]
        if "status" in entry:
            recorded["status"] = entry["status"]
    else:
        recorded["party"] = entry["party"]
    if not step.answers and "request" in entry:
        recorded["request"] = entry["request"]
    if not is_request and "response" in entry:
        recorded["response"] = entry["response"]
    if decider is not None and "decision" in decider and not is_request:
        recorded["decision"] = decider["decision"]
    return recorded


def _entry(entries: Sequence[Entry], n: int, parties: tuple[str, ...]) -> Entry | None:
    for party in parties:
        found = [entry for entry in entries if entry.get("step") == n and entry.get("party") == party]
        if found:
            return found[-1]  # the last one: what came before it was a failed try
    return None


def _refusal(response: Any) -> str | None:
    match response:
        case {"isAllowed": False, "error": int(number)} if type(number) is int:
            return f"denied: {number} {title_of(number)}"
        case {"isAllowed": False}:
            return "denied"
        case {"errorCode": int(number), **rest} if type(number) is int:
            cause = rest.get("cause")
            because = f", cause {cause} {title_of(cause)}" if type(cause) is int else ""
            return f"refused: {number} {title_of(number)}{because}"
    return None


def _values(entry: Entry, entries: Sequence[Entry], cookie: str, device_id: str) -> Mapping[str, str]:
    """Return what the summary of a step is filled with, long values shortened."""
    request, response, decision = (_object(entry.get(name)) for name in ("request", "response", "decision"))
    values = defaultdict(lambda: "?", cookie=shorten(cookie, 16), device_id=shorten(device_id, 8))
    if isinstance(content_id := request.get("contentID") or decision.get("content_id"), str):
        values["content_id"] = shorten(content_id, 8)
    if isinstance(url := response.get("epTokenURL"), str):
        values["token"] = f"{url.partition('=')[2][:5]}…{url[-6:]}"
    if isinstance(token_cookie := request.get("cookie"), str):
        values["token_cookie"] = shorten(token_cookie, 8)
    for name in ("spc", "ckc"):
        text = request.get(name) or response.get(name)
        if isinstance(text, str):
            values[f"{name}_size"] = str(_size(text))
    if "equal" in decision:
        values["verdict"] = "equal" if decision["equal"] else "they differ"
    if isinstance(told := decision.get("device_id") or request.get("deviceId"), str):
        values["device_id"] = shorten(told, 8)
    if entry.get("party") == "log" and entry.get("step") == Step.LOOK_UP_RECORDS:
        values["device_id"] = _device_asked_for(entries)
    return values


def _device_asked_for(entries: Sequence[Entry]) -> str:
    """Return the device_id that the look-up led SEES to: the one that it then had put into the token (step 9)."""
    entry = _entry(entries, Step.ORDER_DEVICE_TOKEN, ("sees", "expressplay"))
    device_id = _object(entry.get("request")).get("deviceId") if entry else None
    return shorten(device_id, 8) if isinstance(device_id, str) else "nothing"


def shorten(text: str, keep: int) -> str:
    """Return the first `keep` characters and an ellipsis, or a short text whole."""
    return text if len(text) <= keep + 1 else f"{text[:keep]}…"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _size(text: str) -> int:
    try:
        return len(base64.b64decode(text))
    except ValueError:  # no Base64, or no ASCII
        return 0


def _log_rows(entries: Sequence[Entry]) -> tuple[list[Row], list[Row]]:
    """Return the rows that this run found under its cookie, and these together with all that it wrote.

    Registrations are written under the customer cookie, bound plays under the cookie of the bound token.
    """
    written = {row["event_id"]: row for row in written_rows(entries)}
    found = {row["event_id"]: row for entry in entries for row in _found_rows(entry)}
    rows = {**found, **written}
    after = [rows[number] for number in sorted(rows)]
    return [row for row in after if row["event_id"] not in written], after


def row_that_binds(recording: Recording) -> int | None:
    """Return the event id of the row by which SEES decided last, from its journal; None where it tells of none."""
    decided = [row_decided_by(step) for step in recording["steps"] if step["n"] == Step.HAND_ON_DEVICE_TOKEN]
    return decided[-1] if decided else None


def row_decided_by(step: RecordedStep) -> int | None:
    """Return the event id of the row by which SEES decided, where this step tells of it."""
    event_id = _object(step.get("decision")).get("event_id") if step["n"] == Step.HAND_ON_DEVICE_TOKEN else None
    return event_id if type(event_id) is int else None


def written_rows(entries: Sequence[Entry]) -> list[Row]:
    """Return the rows that the log wrote, oldest first."""
    rows = [entry.get("decision") for entry in entries if entry.get("party") == "log"]
    return [cast(Row, row) for row in rows if isinstance(row, dict) and type(row.get("event_id")) is int]


def _found_rows(entry: Entry) -> list[Row]:
    """Return the rows that a lookup by cookie was answered with (step 7), newest first."""
    if entry.get("step") != Step.ASK_FOR_RECORDS or entry.get("party") != "expressplay":
        return []
    rows = _object(entry.get("response")).get("records")
    found = rows if isinstance(rows, list) else []
    return [cast(Row, row) for row in found if isinstance(row, dict) and type(row.get("event_id")) is int]
