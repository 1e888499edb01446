"""The journals of all parties: what each noted of a run, found by the run's trace id."""

from collections.abc import Mapping, Sequence
from typing import Any

from emulator.errors import EmulatorError
from emulator.parties import Party
from emulator.transport import Web

Entry = Mapping[str, Any]
"""One entry: `step` (or null), `party`, `time`, and what the party noted. Not checked: other servers have journals."""

JOURNAL = 'a journal {"entries": [...]}'


def fetch_journal(web: Web, party: Party, base: str, trace: str) -> list[Entry]:
    """Return a service's journal entries of a trace; none where the service keeps no journal or is gone."""
    try:
        answer = web.get(party, f"{base}/_sim/journal?trace={trace}", expected=JOURNAL)
        entries = answer.json_object(JOURNAL).get("entries")
    except EmulatorError:
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def collect(web: Web, services: Sequence[tuple[Party, str]], own: Sequence[Entry]) -> list[Entry]:
    """Return the client's `own` entries, and those of the services' journals (at base URLs) for the same traces."""
    traces = dict.fromkeys(str(entry["trace"]) for entry in own if entry.get("trace"))
    fetched = (fetch_journal(web, *service, trace) for trace in traces for service in services)
    return [*own, *(entry for entries in fetched for entry in entries)]
