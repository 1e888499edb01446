"""The binding, step by step, as the client lives it. The numbers are those of the sequence (emulator/steps.py).

    register   steps 0 to 5: play the dummy title, and with that tell ExpressPlay who this device is
    play       steps 6 to 13: get a license for the film, good on this device only

The steps that other parties take among themselves (2, 5, 7, 8, 9, 12) are comments here: see
server/entitlement.py for SEES and expressplay_mock/redemption.py for ExpressPlay.
"""

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from emulator.device import Device, make_spc
from emulator.errors import BadKeyUri, EmulatorError, EntitlementDenied, LicenseRefused
from emulator.license_client import (
    SEES_PATH,
    Entitlement,
    LicenseAnswer,
    RequestType,
    ask_license,
    ask_sees,
    entitlement_request,
)
from emulator.playlist import Title, load_title
from emulator.titles import find_dummy, find_title
from emulator.transport import Web
from fairplay.ckc import License, open_ckc
from fairplay.spc import SpcContents
from simulation.journal import Journal


@dataclass(frozen=True)
class Client:
    """Who plays: a device, the SEES it asks (base URL), its way out, and its own journal of the run."""

    device: Device
    sees: str
    web: Web = field(repr=False)
    journal: Journal = field(repr=False)


@dataclass(frozen=True)
class Grant:
    """A license in the device's hands, and what it came from.

    `license` holds the content key and its limits; `downloaded` is when it came, in seconds on the device's clock.
    """

    title: Title
    content_id: str
    entitlement: Entitlement
    spc: bytes = field(repr=False)
    contents: SpcContents = field(repr=False)
    ckc: bytes = field(repr=False)
    license: License = field(repr=False)
    downloaded: float


def register(client: Client, cookie: str) -> Grant:
    """Steps 0 to 5: bind `cookie` to this device. Returns the dummy's license, of no further use."""
    # 0. Read the dummy M3U8 and take the content id from its skd: URI.
    title, content_id = read_title(client, None, dummy=True, step=0)
    # 1. Tell SEES the dummy content id and the cookie. SEES has ExpressPlay make a token with the cookie in it (2),
    # 3. and hands on the cookie-bound token URL.
    entitlement = entitle(client, RequestType.REGISTRATION, content_id, cookie, step=1)
    # 4. Send the SPC to the token URL. It carries the device_id, sealed. ExpressPlay opens token and SPC, and writes
    #    cookie and device_id side by side into the transaction log (5). Only then it answers with a CKC.
    return redeem(client, title, content_id, entitlement, step=4)


def play(client: Client, cookie: str, name: str | None = None) -> Grant:
    """Steps 6 to 13: get a device-bound license for the title `name` (None: the first that is no dummy)."""
    title, content_id = read_title(client, name, dummy=False, step=6)
    # 6. Tell SEES the real content id and the same cookie. SEES asks ExpressPlay for the device of this cookie (7),
    #    which ExpressPlay looks up in its log (8); then has it make a token that names this device (9),
    # 10. and hands on the device-bound token URL.
    entitlement = entitle(client, RequestType.DEVICE_BOUND, content_id, cookie, step=6)
    # 11. Send a fresh SPC to the token URL. ExpressPlay compares the device_id of the token with the one of the
    #     SPC (12),
    # 13. and sends a CKC only if the two are equal.
    return redeem(client, title, content_id, entitlement, step=11)


def bind(client: Client, cookie: str, name: str | None = None) -> tuple[Grant, Grant]:
    """Steps 0 to 13: register, then play. Returns both licenses."""
    return register(client, cookie), play(client, cookie, name)


def read_title(client: Client, name: str | None, *, dummy: bool, step: int) -> tuple[Title, str]:
    """Read a title's playlists; return it with the content id that its key URI names. Journals step 0."""
    if dummy:
        offer = find_dummy(client.web, client.sees, step=step)
    else:
        offer = find_title(client.web, client.sees, name, step=step)
    title = load_title(client.web, offer.master_url, step=step)
    content_id = content_id_of(title, step)
    if step == 0:
        client.journal.record(
            step=0,
            summary=f"read the dummy M3U8: content id {content_id}",
            trace=client.web.trace,
            request={"playlist": title.url},
            decision={"key URI": title.key.uri, "content_id": content_id},
        )
    return title, content_id


def content_id_of(title: Title, step: int) -> str:
    """Return what to ask SEES for; BadKeyUri if the playlist carries its token already (direct mode)."""
    if title.key.content_id is None:
        raise BadKeyUri(
            step=step,
            expected="a key URI that names a content id",
            found="one in direct mode, which carries its own token",
            fix="play a title packaged for entitlement: SEES is not asked in direct mode",
        )
    return title.key.content_id


def entitle(client: Client, kind: RequestType, content_id: str, cookie: str, *, step: int) -> Entitlement:
    """Ask SEES for a token URL (request and answer: steps 1 and 3, or 6 and 10), and journal the exchange."""
    message_id = str(uuid.UUID(bytes=client.device.random(16), version=4))
    request = entitlement_request(message_id, kind, content_id, cookie)
    try:
        entitlement = ask_sees(client.web, client.sees, request, step=step)
    except EmulatorError as error:
        _journal(client, step, "SEES gave no token URL", client.sees + SEES_PATH, request, error=error)
        raise
    summary = f"asked SEES, request type {int(kind)}: got a token URL"
    _journal(client, step, summary, entitlement.url, request, entitlement.status, entitlement.response)
    return entitlement


def redeem(client: Client, title: Title, content_id: str, entitlement: Entitlement, *, step: int) -> Grant:
    """Make an SPC, send it to the token URL (steps 4 or 11 to 13), and open the CKC that comes back."""
    spc, contents = make_spc(client.device, content_id)
    answer = post_spc(client, entitlement.token_url, spc, step=step)
    downloaded = client.device.clock.now()
    # R1 first, then every returned tag, and only then the key: a CKC that answers another SPC gives nothing.
    license_ = open_ckc(answer.ckc, contents)
    return Grant(title, content_id, entitlement, spc, contents, answer.ckc, license_, downloaded)


def post_spc(client: Client, token_url: str, spc: bytes, *, step: int) -> LicenseAnswer:
    """Post any SPC to a token URL and journal the exchange."""
    request = {"shape": "raw", "spc": base64.b64encode(spc).decode()}
    try:
        answer = ask_license(client.web, token_url, spc, step=step)
    except EmulatorError as error:
        _journal(client, step, "ExpressPlay issued no license", token_url, request, error=error)
        raise
    response = {"shape": answer.shape, "ckc": base64.b64encode(answer.ckc).decode()}
    _journal(client, step, "sent the SPC: got a CKC", answer.url, request, answer.status, response)
    return answer


def _journal(
    client: Client,
    step: int,
    summary: str,
    url: str,
    request: dict[str, Any],
    status: int | None = None,
    response: Any = None,
    error: EmulatorError | None = None,
) -> None:
    if isinstance(error, EntitlementDenied | LicenseRefused):
        status, response = error.status, error.response
    client.journal.record(
        step=step,
        summary=summary,
        trace=client.web.trace,
        method="POST",
        url=url,
        status=status,
        request=request,
        response=response,
        decision={"error": str(error)} if error else None,
    )
