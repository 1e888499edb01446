"""The mock that the SEES under test was pointed at: whether it is one, its journal, its faults and its clock."""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.device import Provisioning, provision
from emulator.errors import EmulatorError, NoAnswer, UnexpectedAnswer
from emulator.parties import EXPRESSPLAY
from emulator.transport import Answer, Web
from simulation.journal import MAX_CHARACTERS
from simulation.steps import Step
from walkthrough.record.deployment import clock_ahead
from walkthrough.record.journals import Entry

SERVICE = "expressplay-mock"
EXPECTED = f"{SERVICE} with its /_sim/ routes, in one process"
TOKEN, RECORDS = "token", "records"
PATIENCE = 10.0
"""Seconds until the SEES must have asked the mock."""
MAX_JOURNAL = 2 * MAX_CHARACTERS
"""Bytes of an answer: the first reading of a mock that has worked before gives all that its journal keeps."""


class NoUsableMock(UnexpectedAnswer):
    """What answers at --expressplay has no journal or faults, which most checks need."""


@dataclass
class Mock:
    """The mock at a base URL."""

    web: Web
    url: str
    seen: int = 0
    """The `seq` of the newest journal entry that belongs to an earlier check."""

    def expect_usable(self) -> None:
        """Raise `NoUsableMock` unless this is our mock, with clock, faults and journal."""
        health = self._ask("GET", "/health")
        service = _member(health, "service")
        if service != SERVICE:
            found = f"{service}" if isinstance(service, str) else health.shape()
            raise self._unusable(found[:80], "name the mock's address, not that of SEES or of the real ExpressPlay")
        faults = self._ask("GET", "/faults")
        if faults.status == 409:
            raise self._unusable("a mock with several workers", "start it with --workers 1")
        if faults.status != 200:
            raise self._unusable("a mock without them", "start it without --no-sim")

    def provision(self) -> Provisioning:
        """Return what virtual devices are made with."""
        return provision(self.web, self.url)

    def entries(self) -> list[Entry]:
        """Return the journal's entries since the last `next_check`."""
        entries = self._json("GET", f"/journal?after={self.seen}").get("entries", [])
        return [entry for entry in entries if isinstance(entry, Mapping)]

    def next_check(self) -> None:
        """Let `entries` begin here."""
        try:
            self.seen = max((int(entry["seq"]) for entry in self.entries()), default=self.seen)
        except EmulatorError:
            return  # it has ended: the checks will say so

    @contextmanager
    def fault(self, at: str, cookie: str | None, fault: Mapping[str, Any]) -> Iterator[str]:
        """Let it misbehave inside the block, for one cookie if one is given; yields what was asked for."""
        body = {**fault, "at": at} | ({} if cookie is None else {"cookie": cookie})
        number = self._json("POST", "/faults", body)["id"]
        try:
            yield f"POST /_sim/faults {body}"
        finally:
            self._ask("DELETE", f"/faults/{number}")

    def wait_for_fault(self) -> None:
        """Return when the one fault that waits has acted. Raises `NoAnswer` if it does not."""
        deadline = time.monotonic() + PATIENCE
        while not any(fault["acted"] for fault in self._json("GET", "/faults")["active"]):
            if time.monotonic() > deadline:
                fix = "see in its log whether the SEES asked this mock"
                raise NoAnswer(expected=f"a request of the SEES at {self.url}", found="none", fix=fix)
            time.sleep(0.02)

    def clear_faults(self) -> None:
        """End all faults; answers that they hold back leave at once."""
        self._json("DELETE", "/faults")

    def ahead(self, seconds: float) -> AbstractContextManager[None]:
        """Let its clock run ahead inside the block; afterwards it is as far ahead as before."""
        return clock_ahead(self.web, self.url, seconds)

    def _json(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._ask(method, path, body)
        if answer.status != 200:
            raise answer.unexpected(EXPECTED)
        return answer.json_object(EXPECTED)

    def _ask(self, method: str, path: str, body: Any = None) -> Answer:
        return self.web.ask(EXPRESSPLAY, method, f"{self.url}/_sim{path}", json=body, most=MAX_JOURNAL)

    def _unusable(self, found: str, fix: str) -> NoUsableMock:
        return NoUsableMock(expected=f"{EXPECTED} at {self.url}", found=found, fix=fix)


def token_requests(entries: list[Entry]) -> list[Entry]:
    """Return the entries about token requests."""
    return [
        entry
        for entry in entries
        if entry.get("step") in (Step.ORDER_COOKIE_TOKEN, Step.ORDER_DEVICE_TOKEN) and "status" in entry
    ]


def look_ups(entries: list[Entry]) -> list[Entry]:
    """Return the entries about record requests."""
    return [entry for entry in entries if entry.get("step") == Step.ASK_FOR_RECORDS and "status" in entry]


def lifetime(entry: Entry) -> float | None:
    """Return the seconds that the token of a token request was good for, None where there was none."""
    try:
        return (_time(entry["decision"]["expires"]) - _time(entry["time"])).total_seconds()
    except (KeyError, TypeError, ValueError):
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _member(answer: Answer, name: str) -> Any:
    try:
        return answer.json_object(EXPECTED).get(name)
    except EmulatorError:
        return None
