"""A journal entry in lines for people: answer, what was asked with, refusal with its hint, row of the log. Pure."""

from collections.abc import Mapping
from typing import Any

from simulation.steps import Step

Entry = Mapping[str, Any]


def lines_of(entry: Entry) -> list[str]:
    """Return an entry as it comes from the journal; the second and third line are there for a refusal."""
    decision = entry.get("decision") or {}
    if "status" not in entry:
        if "event_id" not in decision:
            return [str(entry["summary"])]
        return [f"row: {_row(decision)}"]
    fault = f" (fault {entry['fault']})" if "fault" in entry else ""
    path = "/" + str(entry.get("url", "")).split("/", 3)[-1]
    head = f"{entry.get('method')} {path}: {entry['status']} {entry['summary']}{fault}"
    if refusal := refusal_of(entry):
        why = f"  {decision.get('refused')}: expected {decision.get('expected')}, found {decision.get('found')}"
        return [head, why, f"  hint: {refusal['hint']}"]
    if decision and entry.get("step") in (Step.ORDER_COOKIE_TOKEN, Step.ORDER_DEVICE_TOKEN):
        return [f"{head}; {_asked(entry)}"]
    return [head]


def refusal_of(entry: Entry) -> Mapping[str, Any] | None:
    """Return the refusal that an entry's answer was, None where it was none."""
    response = entry.get("response")
    return response if isinstance(response, Mapping) and "hint" in response else None


def _asked(entry: Entry) -> str:
    """Name the parameters of a token request, and what the token restricts."""
    decision, request = entry["decision"], entry.get("request") or {}
    device = f"names device {decision['device_id'][:8]}…" if decision.get("device_id") else "names no device"
    names = ", ".join([*request, *decision.get("ignored", ())])
    return f"asked with {names}; the token {device}"


def _row(row: Mapping[str, Any]) -> str:
    device = f"{row['device_id'][:8]}…" if row.get("device_id") else "none"
    kind = "registration" if row.get("registration") else "no registration"
    result = f"refused {row['result']}" if row.get("result") else "issued"
    return f"event {row['event_id']}, cookie {row.get('cookie')!r}, device {device}, {kind}, {result}"
