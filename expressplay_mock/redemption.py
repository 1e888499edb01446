"""Redemption: a token and an SPC in, a license or a refusal out, and the row that says so.

The heart of device binding, as one pure function. Numbers in the comments are the steps of the sequence (see
docs/walkthrough.md). Nothing here is answered to anybody: the caller commits the row first.
"""

import hashlib
from dataclasses import dataclass, field, replace

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.license_body import LicenseBody
from expressplay_mock.record import Row
from expressplay_mock.tokens.extensions import read_extensions
from expressplay_mock.tokens.sealed_token import Token, TokenKeys, open_token
from fairplay.ckc import ContentKey, seal_ckc, takes_offline_keys
from fairplay.errors import BEHIND_THE_ENVELOPE, BadPayloadLength, MissingTag, SpcError
from fairplay.randomness import RandomBytes
from fairplay.spc import KeyServer, SpcContents, open_spc
from simulation.clock import rfc3339

HEX = "hex:"
"""Marks a content id in the log that is no printable UTF-8."""
UNIFORM_CAUSE = BadPayloadLength.number
"""The one cause that is told of whatever only the keys of this service can find in an SPC (-42585)."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the two messages of a redemption."""

    tokens: TokenKeys
    fairplay: KeyServer


@dataclass(frozen=True, slots=True)
class Issued:
    """The license `ckc` may leave as soon as `row` is committed."""

    token: Token
    spc: SpcContents
    ckc: bytes = field(repr=False)
    row: Row


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no license. Without a token that opened there is no row: nobody knows whose it would be."""

    refusal: Refusal
    token: Token | None = None
    spc: SpcContents | None = None
    row: Row | None = None


Decision = Issued | Refused


def redeem(token_text: str | None, body: LicenseBody, *, now: float, random: RandomBytes, keys: Keys) -> Decision:
    """Decide about one request at `now` (Unix seconds); the checks run in the order that they are read here."""
    # 4, 11: the client sends an SPC to the token URL. Whoever holds the URL may: the token is a bearer's.
    try:
        token = open_token(token_text, keys.tokens)
    except Refusal as refusal:
        return Refused(refusal)

    spc = None
    try:
        _check_not_expired(token, now)
        # Only here does this service learn the device id. The SPC's MAC says that it is the device's own word.
        spc = _open(body, keys.fairplay)
        # 12: the device of the token and the device of the SPC, if the token names one.
        _check_device(token, spc)
        # 13: the license, sealed in memory. It stays there until the row is committed.
        ckc = _seal(token, spc, random)
    except Refusal as refusal:
        return Refused(refusal, token, spc, _row(token, spc, now, refusal))

    # 5: cookie and device id go into the transaction log, which is what registers the device.
    return Issued(token, spc, ckc, _row(token, spc, now))


def replayed(decision: Decision, row: Row) -> Refused:
    """Return what becomes of a `decision` whose issued `row` met an earlier one for the same SPC."""
    refusal = Refusal(
        Code.REPLAYED,
        "SPC",
        expected="an SPC that no license was issued for",
        found="one that is in the transaction log with its license",
    )
    refused = replace(row, result=refusal.code.number, registration=False)
    return Refused(refusal, decision.token, decision.spc, refused)


def _check_not_expired(token: Token, now: float) -> None:
    if now >= token.expires:
        raise Refusal(
            Code.TOKEN_EXPIRED,
            "token",
            expected=f"redemption before {rfc3339(token.expires)}",
            found=f"{rfc3339(now)} on this service's clock",
        )


def _open(body: LicenseBody, keys: KeyServer) -> SpcContents:
    if body.problem is not None:
        raise body.problem
    try:
        return open_spc(body.spc, keys)
    except BEHIND_THE_ENVELOPE as finding:
        raise Refusal(
            Code.DEVICE_NOT_AUTHENTICATED,
            "SPC",
            expected="an SPC that opens with this service's keys and keeps every rule inside",
            found="one that does not",
            fix="send it unaltered, built with the provisioned certificate and ASk; the mock's journal"
            " (GET /_sim/journal) says what was found",
            cause=UNIFORM_CAUSE,
            finding=finding,
        ) from None
    except SpcError as error:
        raise Refusal.because_of(Code.DEVICE_NOT_AUTHENTICATED, error) from None


def _check_device(token: Token, spc: SpcContents) -> None:
    if token.device_id is not None and token.device_id != spc.device_id:
        # No device is named: neither the token nor the SPC need be the sender's own. The journal has both.
        raise Refusal(
            Code.OTHER_DEVICE, "device_id", expected="the device that the token names", found="another one in the SPC"
        )


def _seal(token: Token, spc: SpcContents, random: RandomBytes) -> bytes:
    terms = read_extensions(token.extensions)
    duration = terms.duration(token.rental)
    offline_key = terms.offline_key(spc.asset_id, token.rental) if takes_offline_keys(spc) else None
    if duration and not offline_key and spc.playback is None:
        # A CKC for this SPC has no place for a duration: the license would be an unlimited one.
        missing = MissingTag(
            "a media playback state, since the token says how long the key may be used",
            "none in the SPC",
            "build the SPC with a media playback state",
        )
        raise Refusal.because_of(Code.DEVICE_NOT_AUTHENTICATED, missing)
    content = ContentKey(token.content_key, token.iv)
    return seal_ckc(spc, content, random=random, duration=duration, hdcp=terms.hdcp, offline_key=offline_key)


def _row(token: Token, spc: SpcContents | None, now: float, refusal: Refusal | None = None) -> Row:
    return Row(
        account=token.account,
        time=now,
        cookie=token.cookie,
        device_id=spc.device_id if spc else None,
        content_id=_content_id(spc.asset_id) if spc else None,
        registration=refusal is None and token.device_id is None and token.cookie is not None,
        result=refusal.code.number if refusal else 0,
        cause=refusal.cause if refusal else None,
        replay_id=_replay_id(spc) if spc else None,
    )


def _content_id(asset_id: bytes) -> str:
    """Write an asset id as text that every store takes, and never two of them alike: else as `hex:…`."""
    try:
        text = asset_id.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    return text if text.isprintable() and text and not text.startswith(HEX) else HEX + asset_id.hex()


def _replay_id(spc: SpcContents) -> str:
    # Of what the MAC covers, and of nothing else: whoever can alter any part of it could make a used SPC new.
    return hashlib.sha256(spc.block.sk + spc.block.device_id + spc.block.r1).hexdigest()
