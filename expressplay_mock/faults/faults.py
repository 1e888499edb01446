"""Faults on demand: a closed list of what can go wrong, and the ones that wait for a request to act on.

A fault waits until it was cleared or has acted as often as it was told to; the oldest one that fits a request acts
on it, so "fail twice, then work" is one fault, and a sequence of failures is several. Nothing is left to chance.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOKEN, RIGHTS, RECORDS = "token", "rights", "records"
PLACES = (TOKEN, RIGHTS, RECORDS)
MAX_FAULTS = 100
"""Faults that can wait at the same time."""


@dataclass(frozen=True)
class FaultKind:
    """One line of the list: what the fault does, where it can, and the settings that it cannot be without."""

    name: str
    meaning: str
    places: tuple[str, ...] = PLACES
    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    """Settings of which it takes exactly one."""
    may: tuple[str, ...] = ()
    """Settings that it takes and can be without."""

    def as_json(self) -> dict[str, Any]:
        """Return the line for a reader."""
        line: dict[str, Any] = {"name": self.name, "meaning": self.meaning, "at": list(self.places)}
        needs = [*self.needs, *([" or ".join(self.one_of)] if self.one_of else [])]
        return line | {"needs": needs, "may": list(self.may)}


REFUSE = FaultKind(
    "refuse",
    "answers with the error code, if need be under another HTTP status than its own, and does nothing else",
    needs=("code",),
    may=("status",),
)
STATUS = FaultKind(
    "status",
    "answers with a bare HTTP status, as a proxy would, and does nothing; retry_after is the header's seconds",
    needs=("status",),
    may=("retry_after",),
)
ERROR_PAGE = FaultKind(
    "error-page", "answers with a page for people (HTML), as a proxy would, and does nothing", needs=("status",)
)
RUBBISH = FaultKind("rubbish", "answers 200 and the right Content-Type with no sense in it, and does nothing")
DELAY = FaultKind("delay", "does what was asked, and holds the answer back for some real seconds", needs=("seconds",))
DROP = FaultKind("drop", "does what was asked, and breaks the connection off in the middle of the answer")
BROKEN_CKC = FaultKind("broken-ckc", "changes one byte of the CKC that was made and logged", (RIGHTS,))
LAG = FaultKind(
    "lag",
    "leaves rows out of answers until they are some seconds old (on the simulated clock), or for their first requests",
    (RECORDS,),
    one_of=("seconds", "requests"),
)
OTHERS_ROWS = FaultKind("others-rows", "answers the look-up of one cookie with the newest rows of all", (RECORDS,))

KINDS: Mapping[str, FaultKind] = {
    kind.name: kind for kind in (REFUSE, STATUS, ERROR_PAGE, RUBBISH, DELAY, DROP, BROKEN_CKC, LAG, OTHERS_ROWS)
}
"""The whole list, by name."""


@dataclass(frozen=True)
class Fault:
    """A fault as it was asked for. None: not said; `times` None means until it is cleared."""

    kind: FaultKind
    at: str
    code: int | None = None
    status: int | None = None
    retry_after: int | None = None
    seconds: float | None = None
    requests: int | None = None
    times: int | None = None
    cookie: str | None = None
    account: str | None = None


@dataclass
class Waiting:
    """A fault in the store: how often it acted, since when (Unix seconds) it waits, and whether it was cleared."""

    id: int
    fault: Fault
    since: float
    acted: int = 0
    cleared: threading.Event = field(default_factory=threading.Event, repr=False)
    left_out: dict[int, int] = field(default_factory=dict, repr=False)
    """For a lag by requests: how many answers each event was left out of."""

    @property
    def left(self) -> int | None:
        """How many times it still acts; None: without end."""
        return None if self.fault.times is None else self.fault.times - self.acted

    def as_json(self) -> dict[str, Any]:
        """Return it for a reader; what was not said is left out."""
        settings = {name: value for name, value in vars(self.fault).items() if name != "kind" and value is not None}
        counts = {"acted": self.acted} | ({} if self.left is None else {"left": self.left})
        return {"id": self.id, "fault": self.fault.kind.name, **settings, **counts}

    def hides(self, event_id: int, written: float, now: float) -> bool:
        """Tell whether a lag leaves out the event that was `written` at that time (Unix seconds)."""
        if self.fault.seconds is not None:
            return written + self.fault.seconds > now
        return written > self.since and self.left_out.get(event_id, 0) < (self.fault.requests or 0)


class TooManyFaults(Exception):
    """The store is full."""


class Faults:
    """The faults that wait, oldest first; safe to use from several threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiting: list[Waiting] = []
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, fault: Fault) -> Waiting:
        """Let `fault` wait. Raises `TooManyFaults`."""
        with self._lock:
            if len(self._waiting) >= MAX_FAULTS:
                raise TooManyFaults
            self._last_id += 1
            self._waiting.append(Waiting(self._last_id, fault, self._now()))
            return self._waiting[-1]

    def waiting(self) -> list[Waiting]:
        """Return those that can still act."""
        with self._lock:
            return list(self._waiting)

    def clear(self, number: int | None = None) -> bool:
        """Forget the fault of that id, or all; tell whether there was any. Answers held back leave at once."""
        with self._lock:
            ended = [waiting for waiting in self._waiting if number in (None, waiting.id)]
            for waiting in ended:
                waiting.cleared.set()
                self._waiting.remove(waiting)
        return bool(ended)

    def take(self, kinds: Iterable[FaultKind], at: str, *, cookie: str | None, account: str | None) -> Waiting | None:
        """Return the oldest fault of these kinds for a request at `at`, which counts it as having acted."""
        if not self._waiting:
            return None
        with self._lock:
            for waiting in self._waiting:
                fault = waiting.fault
                if fault.kind in kinds and fault.at == at and _is_for(fault, cookie, account):
                    self._count(waiting)
                    return waiting
        return None

    def left_out(self, rows: Sequence[tuple[int, float, str | None]], *, account: str) -> set[int]:
        """Return the ids of the `rows` (id, time, cookie) that a lag leaves out of this answer."""
        if not self._waiting:
            return set()
        now = self._now()
        found: set[int] = set()
        with self._lock:
            for waiting in [each for each in self._waiting if each.fault.kind is LAG]:
                hidden = {
                    event_id
                    for event_id, written, cookie in rows
                    if _is_for(waiting.fault, cookie, account) and waiting.hides(event_id, written, now)
                }
                for event_id in hidden:
                    waiting.left_out[event_id] = waiting.left_out.get(event_id, 0) + 1
                if hidden:
                    self._count(waiting)
                found |= hidden
        return found

    def _count(self, waiting: Waiting) -> None:
        waiting.acted += 1
        if waiting.left == 0:
            self._waiting.remove(waiting)


def _is_for(fault: Fault, cookie: str | None, account: str | None) -> bool:
    return fault.cookie in (None, cookie) and fault.account in (None, account)
