"""What the runs of several experiments do alike: devices, token URLs, SPCs, pictures, and the rows in the journal."""

from collections.abc import Sequence

from emulator.binding import Client, Grant, content_id_of, entitle, post_spc, read_title
from emulator.device import make_spc
from emulator.errors import UnexpectedAnswer
from emulator.license_client import Entitlement, LicenseAnswer, RequestType
from emulator.playlist import Title
from emulator.screening import Screening, watch
from emulator.step import at_step
from simulation.steps import Step
from walkthrough.experiments.experiment import attempt
from walkthrough.record.deployment import OTHER_SEED, Deployment
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


def two_devices(deployment: Deployment, purpose: str) -> tuple[Client, Client, str]:
    """Return device A, device B and the one cookie of a run."""
    return deployment.client(purpose), deployment.client(f"{purpose}-b", OTHER_SEED), deployment.name(purpose)


def name_of(device_id: str | None, a: Client, b: Client) -> str:
    """Return which of the two devices this is."""
    return {a.device.device_id: "device A", b.device.device_id: "device B"}[str(device_id)]


def film_id(client: Client, film: Title | str | None) -> str:
    """Return the content id of a title's first key."""
    with at_step(Step.ASK_TO_PLAY):
        title = film if isinstance(film, Title) else read_title(client, film, dummy=False)
        return content_id_of(title.keys[0])


def entitled(client: Client, cookie: str, film: Title | str | None) -> Entitlement:
    """Get as far as a device-bound token URL for a title's first key."""
    with at_step(Step.ASK_TO_PLAY):
        return entitle(client, RequestType.DEVICE_BOUND, film_id(client, film), cookie)


def redeem_token(client: Client, entitlement: Entitlement) -> None:
    """Send a fresh SPC to a token URL."""
    content_id = str(entitlement.request["contentID"])
    spc, _ = make_spc(client.device, content_id)
    send_spc(client, entitlement, spc, content_id)


def fill_window(client: Client, entitlement: Entitlement) -> str:
    """Send as many fresh SPCs to a token URL as a look-up has rows; return the outcome that all of them had."""
    outcomes = {attempt("", lambda: redeem_token(client, entitlement)).outcome for _ in range(WINDOW)}
    return outcomes.pop() if len(outcomes) == 1 else "various"


def send_spc(client: Client, entitlement: Entitlement, spc: bytes, content_id: str) -> LicenseAnswer:
    """Send any SPC to a token URL; `content_id` is what it names."""
    with at_step(Step.SEND_SPC_TO_PLAY):
        return post_spc(client, entitlement.token_url, spc, asset_id=content_id)


def watched(client: Client, grants: Sequence[Grant]) -> str:
    """Return how the beginning of a title played under these licenses."""
    return shown(watch(client, grants, seconds=BEGINNING))


def shown(screening: Screening) -> str:
    """Return how a title played, as an outcome."""
    return PLAYED if screening.played and screening.compared else screening.outcome


def rows_shown_to_sees(deployment: Deployment, client: Client) -> list[Row]:
    """Return the rows that SEES was shown for the client's last request, newest first, from ExpressPlay's journal."""
    shown = [
        entry["response"]["records"]
        for entry in _journal(deployment, client)
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


def row_that_sees_took(deployment: Deployment, client: Client) -> Row:
    """Return the row by which SEES decided the client's last request, as its journal says."""
    rows = {row["event_id"]: row for row in rows_shown_to_sees(deployment, client)}
    decisions = [entry.get("decision") for entry in _journal(deployment, client) if entry.get("party") == "sees"]
    return rows[[decision for decision in decisions if decision and decision.get("event_id")][-1]["event_id"]]


def rows_written_by(deployment: Deployment, *clients: Client) -> list[Row]:
    """Return the rows that these clients' redemptions wrote, of each oldest first, from ExpressPlay's journal."""
    return [row for client in clients for row in written_rows(_journal(deployment, client))]


def _journal(deployment: Deployment, client: Client) -> list[Entry]:
    return collect(client.web, deployment.services, client.journal.entries())
