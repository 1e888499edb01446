"""What the mock's journal says of a check's requests, in lines for a report: answers, refusals, rows of the log."""

from expressplay_mock.inbox.journal_text import lines_of as text_of
from expressplay_mock.inbox.journal_text import refusal_of
from walkthrough.record.journals import Entry

MAX_ENTRIES = 8
"""Entries shown of one check: the refusals, and the newest others."""
NONE = "the mock saw no request during this check: did the SEES ask nobody, or another one than --expressplay?"


def lines_of(entries: list[Entry]) -> tuple[str, ...]:
    """Return what to show of a check's journal entries, oldest first."""
    told = [entry for entry in entries if "status" in entry or entry.get("party") == "log"]
    if not told:
        return (NONE,)
    refused = [entry for entry in told if refusal_of(entry)]
    others = [entry for entry in told if not refusal_of(entry)]
    most = refused[-MAX_ENTRIES:]
    kept = sorted([*most, *others[len(others) - (MAX_ENTRIES - len(most)) :]], key=lambda entry: int(entry["seq"]))
    left_out = len(told) - len(kept)
    lines = [f"({left_out} other entries of the mock's journal)"] if left_out else []
    for entry in kept:
        first, *more = text_of(entry)
        lines += [f"mock #{entry['seq']} {first}", *more]
    return tuple(lines)
