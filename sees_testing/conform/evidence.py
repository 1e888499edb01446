"""What the mock's journal says of a check's requests, in lines for a report: answers, refusals, rows of the log."""

from collections.abc import Mapping
from typing import Any

from sees_testing.conform.mock import Entry

SHOWN = 8
"""Entries shown of one check: the refusals, and the newest others."""
NONE = "the mock saw no request during this check: did the SEES ask nobody, or another one than --expressplay?"


def lines_of(entries: list[Entry]) -> tuple[str, ...]:
    """Return what to show of a check's journal entries, oldest first."""
    told = [entry for entry in entries if "status" in entry or entry.get("party") == "log"]
    if not told:
        return (NONE,)
    refused = [entry for entry in told if _refusal(entry)]
    others = [entry for entry in told if not _refusal(entry)]
    most = refused[-SHOWN:]
    kept = sorted([*most, *others[len(others) - (SHOWN - len(most)) :]], key=lambda entry: int(entry["seq"]))
    left_out = len(told) - len(kept)
    lines = [f"({left_out} other entries of the mock's journal)"] if left_out else []
    for entry in kept:
        lines += _lines(entry)
    return tuple(lines)


def _lines(entry: Entry) -> list[str]:
    decision = entry.get("decision") or {}
    if "status" not in entry:
        if "event_id" not in decision:
            return [f"mock #{entry['seq']} {entry['summary']}"]
        return [f"mock #{entry['seq']} row: {_row(decision)}"]
    fault = f" (fault {entry['fault']})" if "fault" in entry else ""
    path = "/" + str(entry.get("url", "")).split("/", 3)[-1]
    head = f"mock #{entry['seq']} {entry.get('method')} {path}: {entry['status']} {entry['summary']}{fault}"
    if refusal := _refusal(entry):
        why = f"  {decision.get('refused')}: expected {decision.get('expected')}, found {decision.get('found')}"
        return [head, why, f"  hint: {refusal['hint']}"]
    if entry.get("step") in (2, 9):
        return [f"{head}; {_asked(entry)}"]
    return [head]


def _refusal(entry: Entry) -> Mapping[str, Any] | None:
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
