"""The extensions of a token that this mock understands: what `fpExtension` may ask for beyond the rental.

ExpressPlay documents the form `type,payload` (4 characters, Base64) and not one type. These are this mock's own:

| type | payload before Base64 | the license gets |
|---|---|---|
| `leas` | seconds, 4 bytes big-endian, 1 to 4294967294 | a lease, counted from the SPC's creation |
| `pers` | nothing (`pers,`) | a key that the device may keep, for ever or for the rental |
| `dual` | seconds to begin, seconds once begun, 4 bytes each | a key that may be kept, with dual expiry |
| `hdcp` | one byte: 00 none, 01 type 0, 02 type 1 | an HDCP block of that level |

Each of them may occur once, and one of the first three at most. Other types are carried in the token and mean nothing.

A persistent key goes out as FairPlay's offline key to a device whose capabilities have it. Any other device gets it as
a key with a duration; of dual expiry, whose two ends a duration cannot hold, the shorter one, from the download on.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import is_text
from fairplay.ckc import Duration, OfflineKey
from fairplay.layout import NO_LEASE, HdcpLevel, KeyType

LEASE, PERSISTENT, DUAL, HDCP = "leas", "pers", "dual", "hdcp"
ONE_OF = (LEASE, PERSISTENT, DUAL)
KNOWN = (*ONE_OF, HDCP)
MAX_EXTENSIONS = 1024
"""Characters of all fpExtension values together: a token has to fit into a URL."""
MAX_SECONDS = NO_LEASE - 1
"""Seconds; the highest 32-bit value means "none" in FairPlay's durations."""
HDCP_LEVELS = {b"\0": HdcpLevel.NONE, b"\1": HdcpLevel.TYPE_0, b"\2": HdcpLevel.TYPE_1}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the extensions of a token add to its license: `lease` in seconds, 0 for none.

    `dual` is the seconds in which a kept key must begin to play, and those that it plays once begun.
    """

    lease: int = 0
    persistent: bool = False
    dual: tuple[int, int] | None = None
    hdcp: HdcpLevel | None = None

    def offline_key(self, asset_id: bytes, rental: int) -> OfflineKey | None:
        """Return the offline key of a license that the device may keep, None for any other one."""
        if not self.persistent and self.dual is None:
            return None
        storage, playback = self.dual or (rental, 0)
        # Real services have ids of 16 bytes. One content id has one key here, so its hash stands for both.
        content_id = hashlib.sha256(asset_id).digest()[:16]
        return OfflineKey(content_id, storage, playback, title_id=content_id)

    def duration(self, rental: int) -> Duration | None:
        """Return the duration of a license with a `rental` in seconds, 0 for none; None where nothing limits it."""
        if self.dual:
            return Duration(KeyType.PERSIST_RENTAL, rental=min(self.dual))
        if self.persistent:
            return Duration(KeyType.PERSIST_RENTAL if rental else KeyType.PERSIST, rental=rental)
        if self.lease:
            return Duration(KeyType.LEASE_AND_RENTAL if rental else KeyType.LEASE, self.lease, rental)
        return Duration(KeyType.RENTAL, rental=rental) if rental else None


def read_extensions(values: Iterable[str]) -> Terms:
    """Check every `type,payload` and return what the known ones ask for.

    Raises `Refusal`: -2036 for the type, -2037 for the Base64, -6001 for anything else.
    """
    values = tuple(values)
    if sum(map(len, values)) > MAX_EXTENSIONS:
        raise _invalid(Code.INVALID_EXTENSION, f"at most {MAX_EXTENSIONS} characters in all", "more")
    known: dict[str, bytes] = {}
    for value in values:
        kind, payload = _split(value)
        if kind in known:
            raise _invalid(Code.INVALID_EXTENSION, f"{kind} once", "it more than once")
        if kind in KNOWN:
            known[kind] = payload
    chosen = [kind for kind in ONE_OF if kind in known]
    if len(chosen) > 1:
        expected = f"one of {', '.join(ONE_OF)}: FairPlay has no key type for two of them"
        raise _invalid(Code.INVALID_EXTENSION, expected, " and ".join(chosen))
    return Terms(
        lease=_seconds(LEASE, known[LEASE], 1)[0] if LEASE in known else 0,
        persistent=PERSISTENT in known and _persistent(known[PERSISTENT]),
        dual=_dual(known[DUAL]) if DUAL in known else None,
        hdcp=_hdcp(known[HDCP]) if HDCP in known else None,
    )


def _split(value: str) -> tuple[str, bytes]:
    kind, comma, payload = value.partition(",")
    if not comma:
        raise _invalid(Code.INVALID_EXTENSION, "type,payload", "no comma")
    if len(kind) != 4 or not is_text(kind):
        raise _invalid(Code.EXTENSION_TYPE, "a type of 4 characters", f"one of {len(kind)} characters")
    try:
        return kind, base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        found = "blanks in it" if " " in payload else "other characters or a cut end"
        raise _invalid(Code.EXTENSION_PAYLOAD, "a payload in Base64", found) from None


def _seconds(kind: str, payload: bytes, count: int) -> tuple[int, ...]:
    size = 4 * count
    seconds = struct.unpack(f">{count}I", payload) if len(payload) == size else ()
    if not seconds or not all(1 <= each <= MAX_SECONDS for each in seconds):
        expected = f"{kind} with 1 to {MAX_SECONDS} seconds in 4 bytes, big-endian" + ", twice" * (count == 2)
        found = " and ".join(map(str, seconds)) if seconds else f"{len(payload)} bytes"
        raise _invalid(Code.INVALID_EXTENSION, expected, found)
    return seconds


def _dual(payload: bytes) -> tuple[int, int]:
    storage, playback = _seconds(DUAL, payload, 2)
    return storage, playback


def _persistent(payload: bytes) -> bool:
    if payload:
        raise _invalid(Code.INVALID_EXTENSION, f"{PERSISTENT} with nothing after the comma", f"{len(payload)} bytes")
    return True


def _hdcp(payload: bytes) -> HdcpLevel:
    if payload not in HDCP_LEVELS:
        expected = f"{HDCP} with one byte: 00 none, 01 type 0, 02 type 1"
        raise _invalid(
            Code.INVALID_EXTENSION, expected, payload.hex() if len(payload) == 1 else f"{len(payload)} bytes"
        )
    return HDCP_LEVELS[payload]


def _invalid(code: Code, expected: str, found: str) -> Refusal:
    return Refusal(code, "fpExtension", expected=expected, found=found)
