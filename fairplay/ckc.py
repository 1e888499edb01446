"""The CKC, Content Key Context: the license that answers one SPC. Sealed by the key server, opened by the device.

    frame     version, mark, IV, payload length
    payload   TLLV blocks under the CKC key = AES-128-ECB(SHA-1(R1)[:16], anti-replay seed)
      encrypted content key, R1, the returned tags, the content key duration, HDCP enforcement

Only who knows R1 and the anti-replay seed can read it: a CKC belongs to exactly one SPC.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from fairplay import layout, tllv
from fairplay.aes import BLOCK, cbc_decrypt, cbc_encrypt, decrypt_block, encrypt_block
from fairplay.errors import (
    BadTllv,
    CkcError,
    DuplicateTag,
    KeyNotFound,
    NotACkc,
    ReturnedTagMismatch,
    WrongCkc,
)
from fairplay.fields import WireCode
from fairplay.layout import CKC_HEADER, CKC_TAGS, CKC_VERSION, MARK, NO_LEASE, Capability, HdcpLevel, KeyType
from fairplay.mistakes import recognise
from fairplay.randomness import RandomBytes
from fairplay.spc import SpcContents

Code = TypeVar("Code", bound=WireCode)


@dataclass(frozen=True, slots=True)
class ContentKey:
    """The content key (CEK, 16 bytes) and the IV (16 bytes) of one content id. Raises `KeyNotFound` for others."""

    key: bytes = field(repr=False)
    iv: bytes

    def __post_init__(self) -> None:
        """Check 13 of docs/messages.md: AES-128 has 16 bytes of each."""
        if len(self.key) != BLOCK or len(self.iv) != BLOCK:
            raise KeyNotFound(
                "a content key and an IV of 16 bytes each",
                f"{len(self.key)} and {len(self.iv)} bytes",
                "look at the key store's entry for this content id",
            )


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a key may be used, in seconds: `lease` from the SPC's creation, `rental` from the download."""

    key_type: KeyType
    lease: int = NO_LEASE
    rental: int = 0

    def __post_init__(self) -> None:
        """Raise `ValueError` for seconds that the CKC's fields (32 bits each) cannot hold."""
        _check_seconds(lease=self.lease, rental=self.rental)


@dataclass(frozen=True, slots=True)
class OfflineKey:
    """Dual expiry of a key that the device may keep: `storage` seconds to begin, `playback` seconds once begun.

    The first count from the download, the second from the first play; 0 is no limit. `content_id` and `title_id` (16
    bytes each, the second in version 2 of the block only) say what the key belongs to.
    """

    content_id: bytes
    storage: int = 0
    playback: int = 0
    title_id: bytes = bytes(16)

    def __post_init__(self) -> None:
        """Raise `ValueError` for what the block's fields cannot hold."""
        layout.OFFLINE_KEY_VALUE.check(content_ID=self.content_id)
        layout.TITLE_ID_VALUE.check(title_ID=self.title_id)
        _check_seconds(storage=self.storage, playback=self.playback)


@dataclass(frozen=True, slots=True)
class License:
    """What a device holds after it opened a CKC: limited by `duration`, by `offline_key`, or by neither."""

    content: ContentKey
    duration: Duration | None
    hdcp: HdcpLevel | None = None
    offline_key: OfflineKey | None = None

    @property
    def needed_hdcp(self) -> HdcpLevel:
        """The output protection that the license asks for: without a block of its own, type 0."""
        return self.hdcp or HdcpLevel.TYPE_0


def ckc_key(r1: bytes, anti_replay_seed: bytes) -> bytes:
    """Return the 16-byte key of the CKC's payload."""
    return encrypt_block(hashlib.sha1(r1).digest()[:BLOCK], anti_replay_seed)  # noqa: S324 - FairPlay's choice


def seal_ckc(
    spc: SpcContents,
    content: ContentKey,
    *,
    random: RandomBytes,
    duration: Duration | None = None,
    hdcp: HdcpLevel | None = None,
    offline_key: OfflineKey | None = None,
) -> bytes:
    """Return the CKC that gives `content` to the sender of `spc`, and to nobody else.

    As in FairPlay, the offline key is written where the SPC's capabilities have a bit for it, in place of the
    duration; and the duration only where the SPC has a media playback state. The order of blocks is random.
    """
    wrapped = encrypt_block(spc.block.sk, content.key)
    blocks = [
        (layout.ENCRYPTED_KEY.code, layout.ENCRYPTED_KEY_VALUE.pack(content.iv, wrapped)),
        (layout.R1.code, spc.block.r1),
        *((tag, spc.values[tag]) for tag in spc.return_tags),
    ]
    if offline_key and takes_offline_keys(spc):
        blocks.append((layout.OFFLINE_KEY.code, _pack_offline_key(offline_key, spc)))
    elif duration and spc.playback:
        limits = duration.lease, duration.rental, duration.key_type.value
        value = layout.DURATION_VALUE.pack(*limits, layout.DURATION_MARK)
        blocks.append((layout.DURATION.code, value))
    if hdcp:
        blocks.append((layout.HDCP.code, layout.HDCP_VALUE.pack(hdcp.value, random(8))))
    order = random(len(blocks))
    shuffled = [block for _, _, block in sorted(zip(order, range(len(blocks)), blocks, strict=True))]
    iv = random(16)
    payload = cbc_encrypt(ckc_key(spc.block.r1, spc.anti_replay_seed), iv, tllv.write(shuffled, random))
    return CKC_HEADER.pack(CKC_VERSION, MARK, iv, len(payload)) + payload


def takes_offline_keys(spc: SpcContents) -> bool:
    """Tell whether the sender of `spc` understands the offline key of a CKC, in either version."""
    return bool(spc.capabilities & (Capability.OFFLINE_KEY | Capability.OFFLINE_KEY_V2))


def open_ckc(ckc: bytes, spc: SpcContents) -> License:
    """Open the answer to `spc`, which is what `build_spc` returned with the SPC.

    First R1, then every returned tag against what was sent, only then the key. Raises `CkcError`.
    """
    iv, payload = read_frame(ckc)
    plaintext = cbc_decrypt(ckc_key(spc.block.r1, spc.anti_replay_seed), iv, payload)
    try:
        values = tllv.read_values(plaintext)
    except (BadTllv, DuplicateTag) as error:
        raise _wrong("a payload that does not decrypt to TLLV blocks") from error
    tllv.check(values, CKC_TAGS)
    if not hmac.compare_digest(values[layout.R1.code], spc.block.r1):
        raise _wrong("another R1")
    for tag in spc.return_tags:
        if values.get(tag) != spc.values[tag]:
            found = "another value" if tag in values else "no such tag"
            raise ReturnedTagMismatch(
                f"tag {tag.hex()} as it was sent", found, "the key server must copy returned tags unchanged"
            )
    content_iv, wrapped = layout.ENCRYPTED_KEY_VALUE.unpack(values[layout.ENCRYPTED_KEY.code])
    content = ContentKey(decrypt_block(spc.block.sk, wrapped), content_iv)
    return License(content, _duration(values), _hdcp(values), _offline_key(values))


def read_frame(ckc: bytes) -> tuple[bytes, bytes]:
    """Return IV and encrypted payload of a CKC. Raises `NotACkc`."""
    if len(ckc) < CKC_HEADER.size:
        mistake = recognise(ckc)
        raise _not_a_ckc("the frame of a CKC, 28 bytes", mistake.what if mistake else f"{len(ckc)} bytes")
    version, mark, iv, length = CKC_HEADER.unpack(ckc)
    if version != CKC_VERSION:
        mistake = recognise(ckc)
        raise _not_a_ckc(f"version {CKC_VERSION}", mistake.what if mistake else f"{version}")
    if mark != MARK:
        raise _not_a_ckc(f"{MARK.hex()} ({MARK.decode()}) at offset 4", mark.hex())
    if length == 0 or length % BLOCK or CKC_HEADER.size + length != len(ckc):
        raise _not_a_ckc(f"a payload length that is a multiple of 16 and fits {len(ckc)} bytes in all", f"{length}")
    return iv, ckc[CKC_HEADER.size :]


def _duration(values: Mapping[bytes, bytes]) -> Duration | None:
    if layout.DURATION.code not in values:
        return None
    lease, rental, key_type, _ = layout.DURATION_VALUE.unpack(values[layout.DURATION.code])
    return Duration(_known(KeyType, key_type, "a known key type in the content key duration"), lease, rental)


def _hdcp(values: Mapping[bytes, bytes]) -> HdcpLevel | None:
    if layout.HDCP.code not in values:
        return None
    level, _ = layout.HDCP_VALUE.unpack(values[layout.HDCP.code])
    return _known(HdcpLevel, level, "a known level in the HDCP enforcement")


def _known(codes: type[Code], code: bytes, expected: str) -> Code:
    try:
        return codes.of(code)
    except ValueError:
        raise NotACkc(expected, code.hex(), "repair the key server") from None


def _check_seconds(**durations: int) -> None:
    for name, seconds in durations.items():
        if not 0 <= seconds < 1 << 32:
            raise ValueError(f"{name}: expected seconds that fit into 32 bits, found {seconds}")


def _pack_offline_key(key: OfflineKey, spc: SpcContents) -> bytes:
    in_version_2 = Capability.OFFLINE_KEY_V2 in spc.capabilities
    version = 2 if in_version_2 else 1
    value = layout.OFFLINE_KEY_VALUE.pack(version, bytes(4), key.content_id, key.storage, key.playback)
    return value + layout.TITLE_ID_VALUE.pack(key.title_id) if in_version_2 else value


def _offline_key(values: Mapping[bytes, bytes]) -> OfflineKey | None:
    if layout.OFFLINE_KEY.code not in values:
        return None
    value = values[layout.OFFLINE_KEY.code]
    version, _, content_id, storage, playback = layout.OFFLINE_KEY_VALUE.unpack(value)
    title_id = value[layout.OFFLINE_KEY_VALUE.size :]
    if version != (2 if title_id else 1):
        expected = f"version {2 if title_id else 1} in an offline key of {len(value)} bytes"
        raise NotACkc(expected, f"{version}", "repair the key server")
    return OfflineKey(content_id, storage, playback, title_id or bytes(layout.TITLE_ID_VALUE.size))


def _not_a_ckc(expected: str, found: str) -> CkcError:
    return NotACkc(expected, found, "post the SPC to the token URL and unwrap the answer to raw octets")


def _wrong(found: str) -> CkcError:
    return WrongCkc("the CKC that answers this SPC", found, "open each CKC with the SPC that it answers, once")
