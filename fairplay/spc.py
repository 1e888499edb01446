"""The SPC, Server Playback Context: what a device sends to ask for a key. Built by the device, opened by the KSM.

Its layers, from the outside in:

    envelope   version, mark, IV, SPC key under RSA-OAEP, certificate hash, payload length
    payload    TLLV blocks under the SPC key (AES-128-CBC)
    SK..R1     session key, HU (the device_id) and R1 under DASk (AES-128-CBC)
"""

import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fairplay import layout, tllv
from fairplay.aes import BLOCK, cbc_encrypt
from fairplay.certificate import ApplicationCertificate
from fairplay.envelope import read_envelope, unwrap_spc_key, write_envelope
from fairplay.errors import (
    BEHIND_THE_ENVELOPE,
    BadPlaybackState,
    BadReturnRequest,
    CannotDecrypt,
    IntegrityMismatch,
    UnknownCertificate,
    UnsupportedProtocol,
)
from fairplay.layout import CKC_TAGS, SPC_HEADERS, SPC_TAGS, Capability, PlaybackState
from fairplay.randomness import RandomBytes
from fairplay.session_key import ASK_SIZE, DerivedKeys, SessionKeyBlock, derive, integrity, seal, unseal

DEVICE_PROTOCOLS = (1,)
SERVER_PROTOCOLS = (1, 2)


@dataclass(frozen=True, slots=True)
class Playback:
    """The media playback state: `created` in Unix seconds by the device's clock, `session` 8 bytes."""

    created: int
    state: PlaybackState
    session: bytes

    def __post_init__(self) -> None:
        """Raise `ValueError` for what the field table has no room for."""
        layout.PLAYBACK_VALUE.check(playback_session=self.session)
        if not 0 <= self.created < 1 << 32:
            raise ValueError(f"creation time: expected Unix seconds that fit into 32 bits, found {self.created}")


@dataclass(frozen=True, slots=True)
class SpcContents:
    """Everything inside one SPC, as its builder and the key server both know it. `repr` shows no secret.

    `values` are the blocks of the payload by their tags: the one copy of what everything else here is read from.
    `spc_key` (16 bytes) and `derived` are the keys. `block` is what their SK..R1 holds, and `warnings` are sentences
    about what is legal but doubtful. Raises `SpcError` where a key server would refuse them (checks 7 to 12 and 14 of
    docs/messages.md), and `ValueError` for another version or size of key.
    """

    version: int
    values: Mapping[bytes, bytes] = field(repr=False)
    spc_key: bytes = field(repr=False)
    derived: DerivedKeys = field(repr=False)
    block: SessionKeyBlock = field(init=False)
    warnings: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        warnings = _check_values(self.values)
        if self.version not in SPC_HEADERS:
            raise ValueError(f"SPC version: expected one of {_listed(tuple(SPC_HEADERS))}, found {self.version}")
        if len(self.spc_key) != BLOCK:
            raise ValueError(f"SPC key: expected {BLOCK} bytes, found {len(self.spc_key)}")
        block = unseal(self.derived, self.values[layout.SKR1.code], self.values[layout.INTEGRITY.code])
        object.__setattr__(self, "warnings", warnings)
        object.__setattr__(self, "block", block)

    @property
    def device_id(self) -> str:
        """HU in its textual form, 40 lower-case hex digits."""
        return self.block.device_id.hex()

    @property
    def asset_id(self) -> bytes:
        """The content id, 2 to 200 bytes."""
        return self.values[layout.ASSET_ID.code]

    @property
    def r2(self) -> bytes:
        """What DASk is derived from, 21 bytes."""
        return self.values[layout.R2.code]

    @property
    def anti_replay_seed(self) -> bytes:
        """An input of the CKC key, 16 bytes."""
        return self.values[layout.ANTI_REPLAY.code]

    @property
    def transaction_id(self) -> bytes:
        """What names this exchange, 8 bytes."""
        return self.values[layout.TRANSACTION_ID.code]

    @property
    def return_tags(self) -> tuple[bytes, ...]:
        """The tags that the CKC must bring back, each once."""
        return _returned(self.values)

    @property
    def playback(self) -> Playback | None:
        """The media playback state, None where the SPC has none."""
        return _playback(self.values)

    @property
    def capabilities(self) -> Capability:
        """What the device can do; nothing where the SPC does not say."""
        if layout.CAPABILITIES.code not in self.values:
            return Capability(0)
        _, low_word = layout.CAPABILITIES_VALUE.unpack(self.values[layout.CAPABILITIES.code])
        return Capability(low_word)


@dataclass(frozen=True, slots=True)
class KeyServer:
    """What opens SPCs: RSA private keys by certificate hash (20 bytes), and the ASk (16 bytes)."""

    private_keys: Mapping[bytes, RSAPrivateKey] = field(repr=False)
    ask: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.ask) != ASK_SIZE:
            raise ValueError(f"ASk: expected {ASK_SIZE} bytes, found {len(self.ask)}")


def build_spc(
    *,
    certificate: ApplicationCertificate,
    ask: bytes,
    device_id: bytes,
    asset_id: bytes,
    now: int,
    random: RandomBytes,
    state: PlaybackState = PlaybackState.READY,
    session: bytes | None = None,
    capabilities: Capability = Capability.HDCP_TYPE_1,
) -> tuple[bytes, SpcContents]:
    """Build an SPC and return it with what is inside, which `open_ckc` needs later.

    `device_id` is HU (20 bytes), `asset_id` the content id (2 to 200 bytes), `now` Unix seconds by the device's
    clock, `session` the 8-byte playback session (a new one where None). Every message has fresh random parts; the
    RSA-OAEP wrapping draws its own randomness, so the same `random` still yields different bytes. Raises what
    `SessionKeyBlock`, `Playback` and `SpcContents` raise for arguments that no SPC can hold.
    """
    r2 = random(layout.R2.largest)
    derived = derive(ask, r2)
    block = SessionKeyBlock(sk=random(16), device_id=device_id, r1=random(44))
    sealed = seal(derived, block, iv=random(16))
    playback = Playback(now, state, session or random(8))
    returned = (layout.ASSET_ID.code, layout.TRANSACTION_ID.code)
    values = {
        layout.SKR1.code: sealed,
        layout.INTEGRITY.code: integrity(derived, block),
        layout.ANTI_REPLAY.code: random(16),
        layout.R2.code: r2,
        layout.RETURN_REQUEST.code: b"".join(returned),
        layout.ASSET_ID.code: asset_id,
        layout.TRANSACTION_ID.code: random(8),
        layout.SUPPORTED.code: _pack_versions(DEVICE_PROTOCOLS),
        layout.USED.code: _pack_versions(DEVICE_PROTOCOLS[-1:]),
        layout.PLAYBACK.code: layout.PLAYBACK_VALUE.pack(playback.created, playback.state.value, playback.session),
        layout.CAPABILITIES.code: layout.CAPABILITIES_VALUE.pack(0, capabilities),
    }
    contents = SpcContents(certificate.spc_version, values, spc_key=random(16), derived=derived)
    return seal_spc(contents, certificate, random), contents


def seal_spc(
    contents: SpcContents,
    certificate: ApplicationCertificate,
    random: RandomBytes,
    values: Mapping[bytes, bytes] | None = None,
) -> bytes:
    """Return the bytes of an SPC with exactly these `values` inside, whether or not they make sense (None: its own).

    `build_spc` ends here; tests and attacks come in here, to send what an honest device would not.
    """
    inside = contents.values if values is None else values
    iv = random(16)
    payload = cbc_encrypt(contents.spc_key, iv, tllv.write(inside.items(), random))
    return write_envelope(certificate, contents.spc_key, iv, payload)


def open_spc(spc: bytes, keys: KeyServer) -> SpcContents:
    """Open an SPC as a key server does, every check in order. Raises `SpcError` for any bytes that are none.

    The error says truly what was found. A key server must not pass it on where it is one of `BEHIND_THE_ENVELOPE`.
    """
    envelope = read_envelope(spc)
    private_key = keys.private_keys.get(envelope.certificate_hash)
    if private_key is None:
        raise UnknownCertificate(
            "the SHA-1 of a certificate of this server, in DER form",
            envelope.certificate_hash.hex(),
            "fetch this server's certificate anew and build the SPC with it; hash its DER form, not PEM",
        )
    spc_key = unwrap_spc_key(envelope, private_key)
    payload = envelope.open(spc_key or bytes(BLOCK))
    try:
        values = tllv.read_values(payload)
        _check_values(values)
    except BEHIND_THE_ENVELOPE as finding:
        # The rest of the work all the same: how long an answer takes must not tell what was found.
        _spend_the_work_of_the_mac(keys.ask)
        raise CannotDecrypt if spc_key is None else finding from None
    if spc_key is None:
        raise CannotDecrypt
    derived = derive(keys.ask, values[layout.R2.code])
    return SpcContents(envelope.version, values, spc_key, derived)


def _spend_the_work_of_the_mac(ask: bytes) -> None:
    with suppress(IntegrityMismatch):
        unseal(derive(ask, bytes(layout.R2.largest)), bytes(layout.SKR1_VALUE.size), bytes(layout.INTEGRITY.largest))


def _check_values(values: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """Make the checks 8 to 11 and 14 of docs/messages.md; return what is legal but doubtful."""
    tllv.check(values, SPC_TAGS)
    _check_return_request(values)
    _playback(values)
    return _check_protocol(values)


def _returned(values: Mapping[bytes, bytes]) -> tuple[bytes, ...]:
    request = values[layout.RETURN_REQUEST.code]
    return tuple(dict.fromkeys(request[start : start + 8] for start in range(0, len(request), 8)))


def _check_return_request(values: Mapping[bytes, bytes]) -> None:
    for tag in _returned(values):
        if tag not in values:
            raise BadReturnRequest("tags that the SPC holds", tag.hex(), "ask only for tags that are there")
        if tag in CKC_TAGS:
            raise BadReturnRequest("no tag of the CKC's own", tag.hex(), "leave it out: the CKC has its own block")


def _check_protocol(values: Mapping[bytes, bytes]) -> tuple[str, ...]:
    supported = _unpack_versions(values[layout.SUPPORTED.code])
    (used,) = _unpack_versions(values[layout.USED.code])
    if used not in supported or used not in SERVER_PROTOCOLS:
        raise UnsupportedProtocol(
            f"a version of both the device ({_listed(supported)}) and the server ({_listed(SERVER_PROTOCOLS)})",
            f"{used}",
            "use a protocol version that both sides support",
        )
    best = max(version for version in SERVER_PROTOCOLS if version in supported)
    if used < best:
        return (f"protocol version {used} is used although both sides support {best}",)
    return ()


def _playback(values: Mapping[bytes, bytes]) -> Playback | None:
    if layout.PLAYBACK.code not in values:
        return None
    created, state, session = layout.PLAYBACK_VALUE.unpack(values[layout.PLAYBACK.code])
    try:
        return Playback(created, PlaybackState.of(state), session)
    except ValueError:
        known = ", ".join(known.value.hex() for known in PlaybackState)
        raise BadPlaybackState(f"one of {known}", state.hex(), "send a known playback state, or no such tag") from None


def _pack_versions(versions: tuple[int, ...]) -> bytes:
    return b"".join(version.to_bytes(4, "big") for version in versions)


def _unpack_versions(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(value) // 4}I", value)


def _listed(versions: tuple[int, ...]) -> str:
    return ", ".join(map(str, versions))
