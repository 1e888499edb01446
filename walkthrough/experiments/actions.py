"""What the runs of experiments do: devices that hold the cookie of a run, their tries, and the rows in the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.binding import Client, Grant, content_id_of, entitle, play, post_spc, read_title, register
from emulator.device import make_spc
from emulator.errors import UnexpectedAnswer
from emulator.license_client import Entitlement, LicenseAnswer, RequestType
from emulator.screening import Screening, watch
from emulator.step import at_step
from emulator.title import Title
from simulation.steps import Step
from walkthrough.experiments.experiment import Try, attempt
from walkthrough.record.deployment import DEFAULT_SEED, OTHER_SEED, Deployment
from walkthrough.record.journals import Entry, collect
from walkthrough.record.recorded import Row
from walkthrough.record.recording import written_rows

WINDOW = 32
"""Rows that ExpressPlay's record lookup answers with: so many newer ones push an older one out."""
PLAYED = "the film begins to play, every frame right"
ROTATION = "rotation"
"""The title with two key periods, whose licenses are leases."""
BEGINNING = 1.0
"""Seconds of a title that tell whether it plays; each track plays its segments to the end. The binding plays it all."""


@dataclass(frozen=True)
class Holder:
    """A device that holds the cookie of a run. What it registers with and plays is the deployment's."""

    client: Client
    cookie: str
    deployment: Deployment

    @property
    def name(self) -> str:
        """What tries call it: its seed, `device A`."""
        return self.client.device.seed

    def register(self) -> Grant:
        """Play the dummy."""
        return register(self.client, self.cookie, self.deployment.dummy)

    def play(self, title: str | None = None) -> tuple[Grant, ...]:
        """Get the licenses of a title (None: the film)."""
        return play(self.client, self.cookie, title or self.deployment.film)

    def film_id(self) -> str:
        """Return the content id of the film's first key."""
        film = self.deployment.film
        with at_step(Step.ASK_TO_PLAY):
            title = film if isinstance(film, Title) else read_title(self.client, film, dummy=False)
            return content_id_of(title.keys[0])

    def entitle(self, kind: RequestType = RequestType.DEVICE_BOUND) -> Entitlement:
        """Get as far as a token URL for the film's first key."""
        with at_step(Step.ASK_TO_PLAY):
            return entitle(self.client, kind, self.film_id(), self.cookie)

    def redeem(self, entitlement: Entitlement) -> LicenseAnswer:
        """Send a fresh SPC to a token URL."""
        content_id = str(entitlement.request["contentID"])
        spc, _ = make_spc(self.client.device, content_id)
        return self.send(entitlement, spc, content_id)

    def send(self, entitlement: Entitlement, spc: bytes, content_id: str) -> LicenseAnswer:
        """Send any SPC to a token URL; `content_id` is what it names."""
        with at_step(Step.SEND_SPC_TO_PLAY):
            return post_spc(self.client, entitlement.token_url, spc, asset_id=content_id)

    def registers(self, what: str = "registers") -> Try:
        """Try to play the dummy."""
        return attempt(f"{self.name} {what}", self.register)

    def plays(self, what: str = "plays the film") -> Try:
        """Try to get the licenses of the film."""
        return attempt(f"{self.name} {what}", self.play)

    def redeems(self, entitlement: Entitlement, what: str) -> Try:
        """Try a fresh SPC at a token URL."""
        return attempt(f"{self.name} {what}", lambda: self.redeem(entitlement))

    def fill_window(self, entitlement: Entitlement) -> str:
        """Send as many fresh SPCs to a token URL as a look-up has rows; return the outcome that all of them had."""
        outcomes = {self.redeems(entitlement, "").outcome for _ in range(WINDOW)}
        return outcomes.pop() if len(outcomes) == 1 else "various"

    def rows_shown_to_sees(self) -> list[Row]:
        """Return the rows that SEES was shown for its last request, newest first, from ExpressPlay's journal."""
        shown = [
            entry["response"]["records"]
            for entry in self._journal()
            if entry.get("step") == Step.ASK_FOR_RECORDS and entry.get("party") == "expressplay"
        ]
        if not shown:
            raise UnexpectedAnswer(
                step=Step.ASK_FOR_RECORDS,
                expected="the rows that SEES was shown, in ExpressPlay's journal",
                found="none",
                fix="run experiments against expressplay-mock, without --no-sim",
            )
        return list(shown[-1])

    def row_that_sees_took(self) -> Row:
        """Return the row by which SEES decided its last request, as SEES's journal says."""
        rows = {row["event_id"]: row for row in self.rows_shown_to_sees()}
        decisions = [entry.get("decision") for entry in self._journal() if entry.get("party") == "sees"]
        return rows[[decision for decision in decisions if decision and decision.get("event_id")][-1]["event_id"]]

    def rows_written(self) -> list[Row]:
        """Return the rows that its redemptions wrote, oldest first, from ExpressPlay's journal."""
        return written_rows(self._journal())

    def _journal(self) -> list[Entry]:
        return collect(self.client.web, self.deployment.services, self.client.journal.entries())


def holder(deployment: Deployment, purpose: str, seed: str = DEFAULT_SEED, **device: Any) -> Holder:
    """Return a fresh device that holds the cookie of a run; `device` is what else a Device takes."""
    return Holder(deployment.client(purpose, seed, device=device), deployment.name(purpose), deployment)


def two_holders(deployment: Deployment, purpose: str) -> tuple[Holder, Holder]:
    """Return device A and device B with the one cookie of a run."""
    a = holder(deployment, purpose)
    return a, Holder(deployment.client(f"{purpose}-b", OTHER_SEED), a.cookie, deployment)


def name_of(device_id: str | None, *holders: Holder) -> str:
    """Return which of these devices this is."""
    return next(one.name for one in holders if one.client.device.device_id == device_id)


def watched(client: Client, grants: Sequence[Grant]) -> str:
    """Return how the beginning of a title played under these licenses."""
    return shown(watch(client, grants, seconds=BEGINNING))


def shown(screening: Screening) -> str:
    """Return how a title played, as an outcome."""
    return PLAYED if screening.played and screening.compared else screening.outcome
