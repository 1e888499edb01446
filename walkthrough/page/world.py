"""What the page shows: devices, the steps of the latest run, the rows of the log seen so far, and what changes them."""

import base64
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.binding import Client, Grant, play, register
from emulator.device import Device
from emulator.errors import EmulatorError
from emulator.leases import renew
from emulator.limits import check_limits, lease_end, rental_end
from emulator.screening import watch
from emulator.titles import Offer, list_titles
from emulator.transport import Web
from fairplay.errors import FairPlayError
from fairplay.session_key import device_id_of
from fairplay.spc import PlaybackState, SpcContents
from simulation.clock import Clock, rfc3339
from walkthrough.page.event_stream import Feed
from walkthrough.page.media import describe_tracks
from walkthrough.page.page_requests import Unusable
from walkthrough.page.refusals import as_refusal
from walkthrough.page.step_feed import TellingJournal, hear
from walkthrough.page.stepping import Pace, StartedOver
from walkthrough.record.stage import Stage
from walkthrough.record.steps import STEPS

MOST_DEVICES = 6
LONGEST_TEXT = 64
FIRST_OF_PLAY = 6


class Busy(Exception):
    """A run is going on, and there is one stage only."""


@dataclass
class Seat:
    """A virtual device on the stage, and what it holds."""

    name: str
    seed: str
    cookie: str
    clock: Clock = field(default_factory=Clock, repr=False)
    title: str | None = None
    grants: tuple[Grant, ...] = field(default=(), repr=False)
    refusal: dict[str, Any] | None = None


class World:
    """The state of one page. One run at a time; reading is always possible."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.feed = Feed()
        self.pace = Pace()
        self.seats: dict[str, Seat] = {}
        self.steps: dict[int, dict[str, Any]] = {}
        self.rows: dict[int, dict[str, Any]] = {}
        self.opened: dict[bytes, tuple[SpcContents, str]] = {}
        """By SPC and by CKC: what the device knows of its SPC, and its seed. Filled when a CKC was opened."""
        self._stage_lock = threading.Lock()
        self._runs = itertools.count(1)
        self._lives = itertools.count(1)
        self._populate()

    def _populate(self) -> None:
        life = next(self._lives)
        self.cookie = f"viewer-{self.stage.run[:4]}" + (f"-{life}" if life > 1 else "")
        self.seats = {}
        for name in ("A", "B"):
            self._seat(name)

    def _seat(self, name: str) -> None:
        self.seats[name] = Seat(name, f"device {name}", self.cookie)

    def titles(self) -> tuple[Offer, ...]:
        """The titles that SEES offers."""
        return list_titles(self.stage.web, self.stage.sees, step=0)

    def seat(self, name: str) -> Seat:
        """Return a device; `Unusable` if there is none of that name."""
        if name not in self.seats:
            raise Unusable(f"no device {name[:LONGEST_TEXT]!r}; there are {', '.join(self.seats)}")
        return self.seats[name]

    def add_device(self) -> None:
        """Put one more device on the stage."""
        if len(self.seats) == MOST_DEVICES:
            raise Unusable(f"there is room for {MOST_DEVICES} devices")
        self._seat(chr(ord("A") + len(self.seats)))
        self.tell_state()

    def change(self, name: str, values: Mapping[str, Any]) -> None:
        """Give a device another seed or cookie. Its license goes: it was the other device's."""
        seat = self.seat(name)
        for key, value in values.items():
            if key not in ("seed", "cookie") or not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
                raise Unusable(f"expected seed or cookie, a text of 1 to {LONGEST_TEXT} characters")
            setattr(seat, key, value)
        seat.title, seat.grants, seat.refusal = None, (), None
        self.tell_state()

    def advance(self, name: str, seconds: Any) -> None:
        """Move a device's clock forward; its license may end with that."""
        try:
            self.seat(name).clock.advance(seconds)
        except ValueError as error:
            raise Unusable(f"the clock: {error}") from None
        self.tell_state()

    def start_over(self) -> None:
        """End the run that waits, if one does, and begin again with two fresh devices and a fresh cookie."""
        self.pace.start_over()
        with self._stage_lock:
            self.steps.clear()
            self._populate()
        self.tell_state()

    def on_stage(self) -> "threading.Lock":
        """Take the stage for something that must be alone on it. Raises `Busy`."""
        if not self._stage_lock.acquire(blocking=False):
            raise Busy
        return self._stage_lock

    def play(self, name: str, title: str) -> dict[str, Any]:
        """Run the binding for a title on a device: registration for a dummy, playback for any other.

        Returns what the browser's decoder needs, or the refusal.
        """
        seat = self.seat(name)
        lock = self.on_stage()
        try:
            return self._run(seat, title)
        finally:
            lock.release()
            self.tell_state()

    def renew(self, name: str) -> dict[str, Any]:
        """Renew the leases of a device that plays: steps 6 to 13 again. Where that is refused, the old ones run on."""
        seat = self.seat(name)
        if not any(lease_end(grant) for grant in seat.grants):
            raise Unusable("nothing to renew: this device holds no license with a lease")
        lock = self.on_stage()
        try:
            self._clear(seat.cookie, from_step=FIRST_OF_PLAY)
            name = next(offer.name for offer in self.titles() if offer.title == seat.title)
            client = self._client(seat, name, renews=True)
            seat.grants = tuple(renew(client, seat.cookie, grant, PlaybackState.PLAYING) for grant in seat.grants)
        except StartedOver:
            return {"startedOver": True}
        except (EmulatorError, FairPlayError) as error:
            return {"refusal": as_refusal(error)}
        finally:
            lock.release()
            self.tell_state()
        return {"refusal": None}

    def _run(self, seat: Seat, title: str) -> dict[str, Any]:
        offer = next((offer for offer in self.titles() if offer.title == title), None)
        if offer is None:
            raise Unusable(f"SEES has no title {title[:LONGEST_TEXT]!r}")
        seat.title, seat.grants, seat.refusal = None, (), None
        self._clear(seat.cookie, from_step=0 if offer.dummy else FIRST_OF_PLAY)
        with_telling = self._client(seat, offer.name)
        try:
            grants = (register(with_telling, seat.cookie),) if offer.dummy else play(with_telling, seat.cookie, title)
        except StartedOver:
            return {"startedOver": True}
        except (EmulatorError, FairPlayError) as error:
            seat.refusal = as_refusal(error)
            return {"refusal": seat.refusal}
        finally:
            with_telling.web.close()
        seat.title, seat.grants = title, grants
        for grant in grants:
            self.opened |= dict.fromkeys((grant.spc, grant.ckc), (grant.contents, seat.seed))
        return {"keys": self._keys(seat), **self._license(seat)}

    def _client(self, seat: Seat, title: str, *, renews: bool = False) -> Client:
        """Begin a run: tell so, and return a client on this device whose steps are told while they happen."""
        run, number = self.pace.begin(), next(self._runs)
        self.feed.tell("begin", device=seat.name, title=title, renews=renews, steps=list(self.steps.values()))
        journal, web = TellingJournal(seat.clock), Web(self.stage.name(f"page-{number}"), self.stage.web.tls)
        told: set[tuple[int, int]] = set()

        def tell() -> None:
            heard = hear(self.stage, web, journal, seed=seat.seed, cookie=seat.cookie)
            for step in heard.steps:
                place = (step.get("round", 1), step["n"])
                if place in told:
                    continue
                told.add(place)
                self.pace.wait(run)
                shown = {**step, "device": seat.name, "title": title, "renews": renews, "at": number}
                self.steps[step["n"]] = shown
                self.feed.tell("step", step=shown)
            self.note_rows(heard.rows)

        journal.told = tell
        device = Device(seat.seed, self.stage.provisioning, seat.clock)
        return Client(device, self.stage.sees, web, journal, self.stage.expressplay)

    def _clear(self, cookie: str, *, from_step: int) -> None:
        registered = self.steps.get(1, {}).get("request", {}).get("customerCookie")
        if registered != cookie:
            from_step = 0
        self.steps = {n: step for n, step in self.steps.items() if n < from_step}

    def note_rows(self, rows: list[dict[str, Any]]) -> None:
        """Take rows of the log into the table."""
        fresh = {row["event_id"]: row for row in rows if row["event_id"] not in self.rows}
        if fresh:
            self.rows |= fresh
            self.feed.tell("rows", rows=self.shown_rows())

    def shown_rows(self) -> list[dict[str, Any]]:
        """Return the rows, oldest first, each with `binds`: is it the one that says which device a cookie has?"""
        newest: dict[str, int] = {}
        for number, row in sorted(self.rows.items()):
            if row.get("registration") and row.get("result") == 0:
                newest[str(row.get("cookie"))] = number
        return [{**row, "binds": number in newest.values()} for number, row in sorted(self.rows.items())]

    def _keys(self, seat: Seat) -> list[dict[str, str]]:
        """Return the content keys by key id, in the form that ClearKey takes."""
        tracks = describe_tracks(self.stage.web, self.stage.sees, str(seat.title))
        keys = {grant.key: grant.license.content.key for grant in seat.grants}
        parts = {part.kid: part.key for track in tracks for part in track.parts if part.key in keys}
        return [{"kid": _url64(bytes.fromhex(kid)), "k": _url64(keys[key])} for kid, key in parts.items() if key]

    def _license(self, seat: Seat) -> dict[str, Any]:
        try:
            check_limits(seat.clock.now(), seat.grants)
        except EmulatorError as error:
            return {"over": as_refusal(error)}
        return {"over": None}

    def still(self, name: str) -> bytes | None:
        """Decode a picture of what a device plays, for browsers that cannot; None where nothing plays."""
        seat = self.seat(name)
        if not seat.grants:
            return None
        device = Device(seat.seed, self.stage.provisioning, seat.clock)
        client = Client(device, self.stage.sees, self.stage.web, TellingJournal(seat.clock), self.stage.expressplay)
        return watch(client, seat.grants, still=True).still

    def state(self) -> dict[str, Any]:
        """Return how things stand, for a browser that comes new."""
        return {
            "type": "state",
            "devices": [self._shown(seat) for seat in self.seats.values()],
            "steps": [self.steps[n] for n in sorted(self.steps)],
            "rows": self.shown_rows(),
            "stepping": self.pace.stepping,
        }

    def tell_state(self) -> None:
        """Tell every browser how things stand."""
        self.feed.tell(**{"kind": "state", **{key: value for key, value in self.state().items() if key != "type"}})

    def _shown(self, seat: Seat) -> dict[str, Any]:
        return {
            "name": seat.name,
            "seed": seat.seed,
            "cookie": seat.cookie,
            "device_id": device_id_of(seat.seed).hex(),
            "now": rfc3339(seat.clock.now()),
            "offset": seat.clock.offset,
            "title": seat.title,
            "refusal": seat.refusal,
            "ends": _earliest(seat.grants),
            "leased": any(lease_end(grant) for grant in seat.grants),
            **self._license(seat),
        }


def outline() -> list[dict[str, Any]]:
    """Return the thirteen steps and step 0 before anything has happened: numbers, arrows, words with gaps."""
    gaps = _Gaps()
    return [
        {"n": step.n, "from": step.sender, "to": step.receiver, "summary": step.summary.format_map(gaps)}
        for step in STEPS
    ]


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _earliest(grants: tuple[Grant, ...]) -> str | None:
    ends = [end for grant in grants for end in (rental_end(grant), lease_end(grant)) if end is not None]
    return rfc3339(min(ends)) if ends else None


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
