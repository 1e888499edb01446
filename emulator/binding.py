"""The binding, step by step, as the client lives it. The numbers are those of walkthrough/record/steps.py.

    register   steps 0 to 5: play the dummy title, and with that tell ExpressPlay who this device is
    play       steps 6 to 13: get a license for the film, good on this device only; once for each key of the film

The steps that other parties take among themselves (2, 5, 7, 8, 9, 12) are comments here: see
server/entitlement.py for SEES and expressplay_mock/redemption.py for ExpressPlay.
"""

import base64
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from emulator.device import Device, make_spc, provision
from emulator.errors import (
    BadAddress,
    BadKeyUri,
    EmulatorError,
    EntitlementDenied,
    LicenseRefused,
    OutputNotProtected,
)
from emulator.hls import bad_playlist
from emulator.key_uri import KeyMode, KeyUri, fix_for_unknown
from emulator.license_client import (
    SEES_PATH,
    Entitlement,
    LicenseAnswer,
    RequestType,
    SpcShape,
    ask_license,
    ask_sees,
    entitlement_request,
)
from emulator.offered_titles import find_dummy, find_title
from emulator.parties import EXPRESSPLAY, SEES, WEB_SERVER
from emulator.preflight import check_media
from emulator.step import at_step, current_step
from emulator.title import AS_IT_IS, Reading, Title, load_title
from emulator.transport import NO_FILES, Access, Web, clean_base
from emulator.urls import is_http_url, origin_of
from fairplay.ckc import License, open_ckc
from fairplay.layout import ASSET_ID, PlaybackState
from fairplay.spc import SpcContents
from hosting.tls.tls import ClientTls
from simulation.clock import Clock
from simulation.journal import Journal
from simulation.steps import Step


@dataclass(frozen=True)
class Client:
    """Who plays: a device, the services it knows (base URLs), its way out, and its own journal of the run.

    `reading` is how it reads titles, `headers` what it shows to the web server of a title that is named by its URL.
    `notes` gathers what a person should know of the titles that it read; `rounds` counts steps 6 to 13.

    `made` is told every SPC that the device makes and what is in it, also where no license comes of it.
    """

    device: Device
    sees: str
    web: Web = field(repr=False)
    journal: Journal = field(repr=False)
    expressplay: str = ""
    shape: SpcShape = SpcShape.RAW
    made: Callable[[bytes, SpcContents], None] = field(default=lambda _spc, _contents: None, repr=False)
    reading: Reading = AS_IT_IS
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: list[str] = field(default_factory=list, repr=False, compare=False)
    rounds: Iterator[int] = field(default_factory=lambda: count(1), repr=False, compare=False)


@dataclass(frozen=True)
class Grant:
    """A license in the device's hands, and what it came from.

    `license` holds the content key and its limits; `downloaded` is when it came, in seconds on the device's clock.
    In direct mode there is no entitlement, and `content_id` is only what the SPC names.
    """

    title: Title
    key: KeyUri
    content_id: str
    entitlement: Entitlement | None
    spc: bytes = field(repr=False)
    contents: SpcContents = field(repr=False)
    ckc: bytes = field(repr=False)
    license: License = field(repr=False)
    downloaded: float

    @property
    def session(self) -> bytes | None:
        """The id of the playback that it was asked for (8 bytes); None where its SPC names none."""
        return self.contents.playback.session if self.contents.playback else None


def connect(sees: str, expressplay: str, seed: str, tls: ClientTls = NO_FILES, **device: Any) -> Client:
    """Return a client on a device that the mock at `expressplay` provisions; `device` is what else a Device takes.

    `sees` may be empty where only titles in direct mode are played. Close its `web` in the end.
    """
    sees, expressplay = sees and clean_base(sees, SEES), clean_base(expressplay, EXPRESSPLAY)
    web, clock = Web(tls=tls), Clock()
    try:
        made = Device(seed, provision(web, expressplay), clock, **device)
    except BaseException:
        web.close()
        raise
    return Client(made, sees, web, Journal("client", clock), expressplay)


def register(client: Client, cookie: str, name: str | Title | None = None) -> Grant:
    """Steps 0 to 5: bind `cookie` to this device. Returns the dummy's license, of no further use.

    `name` is a dummy's playlist URL (None: the dummy of SEES), or a title read before: step 0 is then left out.
    """
    # 0. Read the dummy M3U8 and take the content id from its skd: URI.
    with at_step(Step.READ_DUMMY):
        title = name if isinstance(name, Title) else read_title(client, name, dummy=True)
        key, content_id = title.keys[0], content_id_of(title.keys[0])
    # 1. Tell SEES the dummy content id and the cookie. SEES has ExpressPlay make a token with the cookie in it (2),
    # 3. and hands on the cookie-bound token URL.
    with at_step(Step.ASK_TO_REGISTER):
        entitlement = entitle(client, RequestType.REGISTRATION, content_id, cookie, key=_as_read(title, key))
    # 4. Send the SPC to the token URL. It carries the device_id, sealed. ExpressPlay opens token and SPC, and writes
    #    cookie and device_id side by side into the transaction log (5). Only then it answers with a CKC.
    with at_step(Step.SEND_SPC_TO_REGISTER):
        return redeem(client, title, key, entitlement)


def play(client: Client, cookie: str, name: str | Title | None = None) -> tuple[Grant, ...]:
    """Steps 6 to 13: get the device-bound licenses of a title, one for each of its keys, in playing order.

    `name` is that of a title at SEES (None: the first that is no dummy), a playlist's URL, or a title read before.
    """
    with at_step(Step.ASK_TO_PLAY):
        title = name if isinstance(name, Title) else read_title(client, name, dummy=False)
    session = client.device.random(8)
    return tuple(get_license(client, title, key, cookie, session=session) for key in title.keys)


def get_license(
    client: Client,
    title: Title,
    key: KeyUri,
    cookie: str,
    *,
    session: bytes,
    state: PlaybackState = PlaybackState.READY,
) -> Grant:
    """Steps 6 to 13 for one key of a title. `session` names the playback (8 bytes)."""
    client = _in_new_round(client)
    if key.mode is KeyMode.DIRECT:
        # The playlist carries the token itself: straight to steps 11 to 13.
        with at_step(Step.SEND_SPC_TO_PLAY):
            return redeem(client, title, key, None, state=state, session=session)
    # 6. Tell SEES the real content id and the same cookie. SEES asks ExpressPlay for the device of this cookie (7),
    #    which ExpressPlay looks up in its log (8); then has it make a token that names this device (9),
    # 10. and hands on the device-bound token URL.
    with at_step(Step.ASK_TO_PLAY):
        content_id = content_id_of(key)
        entitlement = entitle(client, RequestType.DEVICE_BOUND, content_id, cookie, key=_as_read(title, key))
    # 11. Send a fresh SPC to the token URL. ExpressPlay compares the device_id of the token with the one of the
    #     SPC (12),
    # 13. and sends a CKC only if the two are equal.
    with at_step(Step.SEND_SPC_TO_PLAY):
        return redeem(client, title, key, entitlement, state=state, session=session)


def bind(client: Client, cookie: str, name: str | None = None) -> tuple[Grant, ...]:
    """Steps 0 to 13: register, then play. Returns the licenses, the dummy's first."""
    return register(client, cookie), *play(client, cookie, name)


def read_title(client: Client, name: str | None, *, dummy: bool) -> Title:
    """Read a title's playlists, and of one to play what can be known before a license is asked for. Journals step 0."""
    # What was said of the title to play (its content id, its variant) does not hold for the dummy.
    reading = Reading(client.reading.rule, trust_server=client.reading.trust_server) if dummy else client.reading
    if name and is_http_url(name):
        client.web.access = Access(origin_of(name), client.headers)
        title = load_title(client.web, name, party=WEB_SERVER, reading=reading)
    else:
        web, sees = client.web, client.sees
        offer = find_dummy(web, sees) if dummy else find_title(web, sees, name)
        title = load_title(web, offer.master_url, reading=reading)
    if dummy and not title.keys:
        raise bad_playlist(title.url, "a dummy with a key", "none", "package it with a throw-away key")
    client.notes.extend(title.notes)
    if not dummy:
        check_media(client.web, title)
    if dummy:
        content_id = content_id_of(title.keys[0])
        client.journal.record(
            step=current_step(),
            summary=f"read the dummy M3U8: content id {content_id}",
            trace=client.web.trace,
            request={"playlist": title.url},
            decision={"key URI": title.keys[0].uri, "content_id": content_id},
        )
    return title


def content_id_of(key: KeyUri) -> str:
    """Return what to ask SEES for. Raises `BadKeyUri` if the key line carries its token already (direct mode)."""
    if key.content_id is None or key.mode is KeyMode.DIRECT:
        raise BadKeyUri(
            expected="a key URI that names a content id",
            found="one in direct mode, which carries its own token",
            fix="play a title packaged for entitlement: SEES is not asked in direct mode",
        )
    return key.content_id


def _in_new_round(client: Client) -> Client:
    """Give each further round of steps 6 to 13 a trace id of its own, so that journals tell the rounds apart."""
    number = next(client.rounds)
    if not client.web.trace or number == 1:
        return client
    return replace(client, web=client.web.traced(f"{client.web.trace}.{number}"))


def _as_read(title: Title, key: KeyUri) -> KeyUri | None:
    """Return the key of a title if it was read from a playlist just now."""
    return key if title.renditions else None


def entitle(
    client: Client, kind: RequestType, content_id: str, cookie: str, *, key: KeyUri | None = None
) -> Entitlement:
    """Ask SEES for a token URL (request and answer: steps 1 and 3, or 6 and 10), and journal the exchange.

    `key` is the key URI that the content id was read from, if it was.
    """
    sees = sees_for(client, key.server if key else None)
    message_id = str(uuid.UUID(bytes=client.device.random(16), version=4))
    request = entitlement_request(message_id, kind, content_id, cookie)
    try:
        entitlement = ask_sees(client.web, sees, request)
    except EmulatorError as error:
        if isinstance(error, EntitlementDenied) and error.unknown_content and key:
            dummy = kind is RequestType.REGISTRATION
            error.fix = fix_for_unknown(key, dummy=dummy, given=not dummy and client.reading.content_id is not None)
        _journal(client, "SEES gave no token URL", sees + SEES_PATH, request, error=error)
        raise
    summary = f"asked SEES, request type {int(kind)}: got a token URL"
    _journal(client, summary, entitlement.url, request, entitlement.status, entitlement.response)
    return entitlement


def sees_for(client: Client, server: str | None) -> str:
    """Return the base URL of the SEES to ask: the user's, or with his leave the one that a key URI names.

    Whoever is asked learns the cookie, and anybody can write a playlist. Raises `BadAddress` where none can be asked.
    """
    if server and client.reading.trust_server:
        if "://" in server:
            return clean_base(server, SEES)
        plain = urlsplit(client.sees).netloc == server.partition("/")[0] and client.sees.startswith("http://")
        return clean_base(f"{'http' if plain else 'https'}://{server}", SEES)
    if client.sees:
        return client.sees
    named = f"the playlist names {server[:80]!r}, which is not asked without leave" if server else "none"
    leave = ", or let the playlist choose with --trust-playlist-host" if server else ""
    raise BadAddress(
        expected="--sees, the base URL of SEES",
        found=f"{named}, while the key line names a content id to ask it for",
        fix=f"name it{leave}; only a key line with a token of its own (direct mode) needs no SEES",
    )


def redeem(
    client: Client,
    title: Title,
    key: KeyUri,
    entitlement: Entitlement | None,
    *,
    state: PlaybackState = PlaybackState.READY,
    session: bytes | None = None,
) -> Grant:
    """Make an SPC, send it to the token URL (steps 4 or 11 to 13), and open the CKC that comes back."""
    token_url = entitlement.token_url if entitlement else direct_url(client, key)
    asset_id = key.content_id or urlsplit(token_url).netloc[: ASSET_ID.largest]
    spc, contents = make_spc(client.device, asset_id, state, session)
    client.made(spc, contents)
    answer = post_spc(client, token_url, spc, asset_id=asset_id)
    downloaded = client.device.clock.now()
    # R1 first, then every returned tag, and only then the key: a CKC that answers another SPC gives nothing.
    license_ = open_ckc(answer.ckc, contents)
    check_output(client.device, license_)
    return Grant(title, key, asset_id, entitlement, spc, contents, answer.ckc, license_, downloaded)


def check_output(device: Device, license_: License) -> None:
    """Raise OutputNotProtected where a license asks for more than the device's output has."""
    if not device.output.covers(license_.needed_hdcp):
        raise OutputNotProtected(
            expected=f"an output with {license_.needed_hdcp.meaning}, which the license asks for",
            found=device.output.meaning,
            fix="play on a protected output (--hdcp), or ask for less by the hdcp extension of the token",
            step=Step.ANSWER_WITH_CKC if current_step() == Step.SEND_SPC_TO_PLAY else None,  # the CKC brought it
        )


def direct_url(client: Client, key: KeyUri) -> str:
    """Return the license URL of a key URI in direct mode: https, but http where this simulation speaks no TLS."""
    base = urlsplit(client.expressplay)
    plain = base.scheme == "http" and (key.location or "").startswith(f"//{base.netloc}/")
    return key.license_url("http" if plain else "https")


def post_spc(client: Client, token_url: str, spc: bytes, *, asset_id: str) -> LicenseAnswer:
    """Post any SPC to a token URL, in the client's shape, and journal the exchange."""
    request = {"shape": client.shape.value, "spc": base64.b64encode(spc).decode()}
    try:
        answer = ask_license(client.web, token_url, spc, shape=client.shape, asset_id=asset_id)
    except EmulatorError as error:
        _journal(client, "ExpressPlay issued no license", token_url, request, error=error)
        raise
    response = {"shape": answer.shape, "ckc": base64.b64encode(answer.ckc).decode()}
    _journal(client, "sent the SPC: got a CKC", answer.url, request, answer.status, response)
    return answer


def _journal(
    client: Client,
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
        step=current_step(),
        summary=summary,
        trace=client.web.trace,
        method="POST",
        url=url,
        status=status,
        request=request,
        response=response,
        decision={"error": str(error)} if error else None,
    )
