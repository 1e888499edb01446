"""The recording: one run as JSON, put together from the journals of all parties. The one portable form of a run.

It holds step 0 (`prelude`), the steps that happened, what each party then knows, the rows of the transaction log
before and after, the scenarios, and no secret: the journals redact by field. Only with `--teach` it has the
section `device_keys`, the message keys of the virtual device, which open its SPCs and CKCs.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.errors import EmulatorError
from emulator.explain import title_of
from emulator.transport import EXPRESSPLAY as EXPRESSPLAY_PARTY
from emulator.transport import SEES as SEES_PARTY
from emulator.transport import Party, Web
from fairplay.annotate import keys_of
from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents
from walkthrough.record.steps import STEPS, Step

FORMAT, VERSION = "binding-recording", 1

Entry = Mapping[str, Any]
Row = Mapping[str, Any]
JOURNAL = 'a journal {"entries": [...]}'
ASK_LOG, LOOKUP = 7, 8

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


def fetch_journal(web: Web, party: Party, base: str) -> list[Entry]:
    """Return a service's journal entries of this web's trace; none where the service keeps no journal or is gone."""
    try:
        answer = web.get(party, f"{base}/_sim/journal?trace={web.trace}", step=None, expected=JOURNAL)
        entries = answer.json_object(JOURNAL).get("entries")
    except EmulatorError:
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def collect(web: Web, sees: str, expressplay: str, own: Sequence[Entry]) -> list[Entry]:
    """Return the client's `own` entries, and those of the services' journals for the same traces."""
    traces = dict.fromkeys(str(entry["trace"]) for entry in own if entry.get("trace"))
    services = ((SEES_PARTY, sees), (EXPRESSPLAY_PARTY, expressplay))
    fetched = (fetch_journal(web.traced(trace), *service) for trace in traces for service in services)
    return [*own, *(entry for entries in fetched for entry in entries)]


def _rounds(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group entries by trace id, in order: the first round is steps 0 to 13, each further one steps 6 to 13."""
    rounds: dict[Any, list[Entry]] = {}
    for entry in entries:
        rounds.setdefault(entry.get("trace"), []).append(entry)
    return list(rounds.values())


def place_of(step: object, number: object) -> str:
    """Name a step of a round, as `device_keys` does."""
    return f"step {step}" if number == 1 else f"step {step}, round {number}"


def make_recording(
    entries: Sequence[Entry],
    *,
    made: str,
    seed: str,
    cookie: str,
    services: Mapping[str, str],
    playback: Mapping[str, Any] | None = None,
    scenarios: Sequence[Mapping[str, Any]] = (),
    client: Mapping[str, Any] | None = None,
    device_keys: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put a recording together.

    `made` is a time (RFC 3339), `services` maps names to base URLs, `client` says how the client was run, for who
    wants to run it again.
    """
    steps = [
        recorded if number == 1 else {"n": recorded["n"], "round": number, **recorded}
        for number, of_round in enumerate(_rounds(entries), 1)
        for recorded in record_steps(of_round, cookie, seed)
    ]
    before, after = _log_rows(entries)
    recording: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "made": made,
        "services": dict(services),
        "device": {"seed": seed, "device_id": device_id_of(seed).hex()},
        "cookie": cookie,
        "prelude": next((step for step in steps if step["n"] == 0), None),
        "steps": [step for step in steps if step["n"] > 0],
        "log_before": before,
        "log_after": after,
        "playback": dict(playback) if playback else None,
        "scenarios": [dict(scenario) for scenario in scenarios],
    }
    if client is not None:
        recording["client"] = dict(client)
    if device_keys is not None:
        recording["device_keys"] = dict(device_keys)
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


def record_steps(entries: Sequence[Entry], cookie: str, seed: str) -> list[dict[str, Any]]:
    """Return the steps that the entries of one round tell, in order. Entries of one exchange suffice for its steps."""
    return [recorded for step in STEPS if (recorded := _record_step(step, entries, cookie, seed))]


def _record_step(step: Step, entries: Sequence[Entry], cookie: str, seed: str) -> dict[str, Any] | None:
    asked = step.answers or step.n
    entry = _entry(entries, asked, OBSERVERS[asked])
    if entry is None or (step.answers and "status" not in entry):
        return None
    decider = _entry(entries, DECIDERS[step.n], ("sees",)) if step.n in DECIDERS else entry
    is_request = any(other.answers == step.n for other in STEPS)
    refused = _refusal(entry.get("response")) if not is_request else None
    recorded: dict[str, Any] = {"n": step.n, "from": step.sender, "to": step.receiver}
    recorded["summary"] = refused or step.summary.format_map(_values(entry, entries, cookie, seed))
    if "method" in entry:
        recorded |= {name: entry[name] for name in ("method", "url", "status") if name in entry}
    else:
        recorded["party"] = entry["party"]
    if not step.answers and "request" in entry:
        recorded["request"] = entry["request"]
    if not is_request and "response" in entry:
        recorded["response"] = entry["response"]
    if decider is not None and "decision" in decider and not is_request:
        recorded["decision"] = decider["decision"]
    recorded |= {"time": entry.get("time"), "ok": refused is None}
    recorded["knows"] = dict(step.knows) if refused is None else {}
    return recorded


def _entry(entries: Sequence[Entry], n: int, parties: tuple[str, ...]) -> Entry | None:
    for party in parties:
        found = [entry for entry in entries if entry.get("step") == n and entry.get("party") == party]
        if found:
            return found[-1]  # the last one: what came before it was a failed try
    return None


def _refusal(response: Any) -> str | None:
    match response:
        case {"isAllowed": False, "error": int(number)}:
            return f"denied: {number} {title_of(number)}"
        case {"isAllowed": False}:
            return "denied"
        case {"errorCode": int(number), **rest}:
            cause = rest.get("cause")
            because = f", cause {cause} {title_of(cause)}" if isinstance(cause, int) else ""
            return f"refused: {number} {title_of(number)}{because}"
    return None


class _Values(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _values(entry: Entry, entries: Sequence[Entry], cookie: str, seed: str) -> _Values:
    """Return what the summary of a step is filled with, long values shortened."""
    request, response, decision = (_object(entry.get(name)) for name in ("request", "response", "decision"))
    values = _Values(cookie=shorten(cookie, 16), device_id=shorten(device_id_of(seed).hex(), 8))
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
    if isinstance(device_id := decision.get("device_id") or request.get("deviceId"), str):
        values["device_id"] = shorten(device_id, 8)
    if entry.get("party") == "log" and entry.get("step") == LOOKUP:
        values["device_id"] = _found_device(entries)
    return values


def _found_device(entries: Sequence[Entry]) -> str:
    """Return the device_id that the lookup led SEES to: that of the newest registration."""
    rows = [row for entry in entries for row in _found_rows(entry)]
    chosen = next((row for row in rows if row.get("registration")), None)
    return shorten(str(chosen.get("device_id")), 8) if chosen else "nothing"


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
    written = {row["event_id"]: row for row in map(written_row, entries) if row}
    found = {row["event_id"]: row for entry in entries for row in _found_rows(entry)}
    rows = {**found, **written}
    after = [rows[number] for number in sorted(rows)]
    return [row for row in after if row["event_id"] not in written], after


def written_row(entry: Entry) -> Row | None:
    """Return the row that the log wrote in this event, if it is such an event."""
    row = entry.get("decision")
    is_row = entry.get("party") == "log" and isinstance(row, dict) and isinstance(row.get("event_id"), int)
    return row if is_row else None


def _found_rows(entry: Entry) -> list[Row]:
    """Return the rows that a lookup by cookie was answered with (step 7), newest first."""
    if entry.get("step") != ASK_LOG or entry.get("party") != "expressplay":
        return []
    rows = _object(entry.get("response")).get("records")
    return [row for row in rows if isinstance(row, dict) and "event_id" in row] if isinstance(rows, list) else []
