"""What a party did, exchange by exchange, with every secret redacted before it is kept: by field name, or by form.

One entry is one exchange or one event of the sequence, joined to the other parties' entries by a trace id
that travels in a request header. Appending is cheap and bounded: the oldest entries make room.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

from simulation.clock import Clock, rfc3339
from simulation.redaction import redact

TRACE_HEADER = "X-Sim-Trace"
MAX_ENTRIES = 10_000
"""Entries kept."""
PIECE = 128 * 1024
"""Characters of entries that are read at once."""
MAX_CHARACTERS = 32 * 1024 * 1024
"""Characters of JSON kept, whatever the number of entries."""
MAX_AGENT = 200
"""Characters of a User-Agent kept."""

_TRACE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def read_trace(value: str | None) -> str | None:
    """Return the trace id of a request header, or None where there is none or it is not a well-formed one."""
    return value if value is not None and _TRACE.fullmatch(value) else None


class Journal:
    """An append-only list of entries, safe to use from several threads."""

    def __init__(self, party: str, clock: Clock) -> None:
        self._party = party
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: deque[tuple[int, str | None, str]] = deque()
        self._characters = 0
        self._seq = 0

    def record(
        self,
        *,
        step: int | None,
        summary: str,
        trace: str | None,
        party: str | None = None,
        method: str | None = None,
        url: str | None = None,
        status: int | None = None,
        request: Any = None,
        response: Any = None,
        decision: Any = None,
        fault: str | None = None,
        agent: str | None = None,
    ) -> dict[str, Any]:
        """Append an entry, and return it as kept; `party` only where a process speaks for another lifeline.

        `step` is the number in the sequence, 0 to 13; `fault` names what was made to go wrong in it, `agent` is
        what the asking program calls itself. The query string of `url` is dropped.
        """
        fields = {
            "time": rfc3339(self._clock.now()),
            "party": party or self._party,
            "trace": trace,
            "step": step,
            "summary": summary,
            "method": method,
            "url": url.split("?", 1)[0] if url is not None else None,
            "status": status,
            "request": request,
            "response": response,
            "decision": decision,
            "fault": fault,
            "agent": agent,
        }
        kept = redact({name: value for name, value in fields.items() if value is not None})
        if agent is not None:
            kept["agent"] = kept["agent"][:MAX_AGENT]  # not cut before: half an authenticator would not be found
        with self._lock:
            self._seq += 1
            entry = {"seq": self._seq, **kept}
            text = json.dumps(entry)
            self._entries.append((self._seq, trace, text))
            self._characters += len(text)
            while len(self._entries) > MAX_ENTRIES or self._characters > MAX_CHARACTERS:
                self._characters -= len(self._entries.popleft()[2])
        return entry

    def entries(self, trace: str | None = None, after: int = 0) -> list[dict[str, Any]]:
        """Return copies of the entries, oldest first: those of one trace id if one is given, with a `seq` above."""
        return [json.loads(text) for piece in self.texts(trace, after) for text in piece]

    def texts(self, trace: str | None = None, after: int = 0) -> Iterator[list[str]]:
        """Yield the same entries as JSON, in pieces of at least PIECE characters.

        Whoever takes them slowly keeps one piece alive, not the whole journal; what is forgotten meanwhile is left out.
        """
        with self._lock:
            last = self._seq
        while after < last:
            piece: list[str] = []
            size = 0
            with self._lock:
                for seq, of, text in self._entries:
                    if after < seq <= last and trace in (None, of):
                        piece.append(text)
                        after, size = seq, size + len(text)
                        if size >= PIECE:
                            break
                else:
                    after = last
            yield piece

    def clear(self) -> None:
        """Forget all entries; numbering goes on."""
        with self._lock:
            self._entries.clear()
            self._characters = 0
