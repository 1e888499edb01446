"""The one field table of SPC and CKC. It drives packing, unpacking, the size checks, annotation and the docs.

Integers are unsigned and big-endian. A `Layout` is a run of fields of fixed size; a `Tag` is one kind of TLLV
block, with the sizes that its value may have and the layout of that value where it has parts.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MARK = b"SIM1"
CKC_VERSION = 1


class Origin(Enum):
    """Whose idea a field is."""

    FAIRPLAY = "FairPlay"
    SIMULATION = "this simulation"


class Kind(Enum):
    """How a field's bytes are read and shown."""

    UINT = "unsigned integer"
    BYTES = "bytes"
    TEXT = "text"
    TIME = "seconds since 1970, UTC"
    TAGS = "list of tags"
    VERSIONS = "list of versions"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `size` in bytes, what it means, and the names of its known values."""

    name: str
    size: int
    meaning: str
    kind: Kind = Kind.BYTES
    origin: Origin = Origin.FAIRPLAY
    secret: bool = False
    names: Mapping[bytes, str] = field(default_factory=dict)


class Layout:
    """Fields that follow one another without gaps."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self._struct = struct.Struct(">" + "".join(map(_format, fields)))
        self.size = self._struct.size

    def pack(self, *values: int | bytes) -> bytes:
        """Return the bytes of `values`, one per field in order. Integers for UINT and TIME, else bytes."""
        return self._struct.pack(*values)

    def unpack(self, data: bytes, offset: int = 0) -> tuple[Any, ...]:
        """Return one value per field from `data` at `offset`, which must hold at least `size` bytes."""
        return self._struct.unpack_from(data, offset)


def _format(item: Field) -> str:
    integer = item.kind in (Kind.UINT, Kind.TIME)
    return {4: "I", 8: "Q"}[item.size] if integer else f"{item.size}s"


@dataclass(frozen=True, slots=True)
class Tag:
    """One kind of TLLV block: its 8-byte code, and the value sizes it allows (`smallest`…`largest` by `step`)."""

    code: bytes
    name: str
    meaning: str
    smallest: int
    largest: int
    step: int = 1
    required: bool = False
    kind: Kind = Kind.BYTES
    secret: bool = False
    layout: Layout | None = None

    def allows(self, size: int) -> bool:
        """Tell whether a value of `size` bytes is legal."""
        return self.smallest <= size <= self.largest and (size - self.smallest) % self.step == 0

    @property
    def sizes(self) -> str:
        """The allowed sizes in words."""
        if self.smallest == self.largest:
            return f"{self.smallest} bytes"
        step = f", a multiple of {self.step}" if self.step > 1 else ""
        return f"{self.smallest} to {self.largest} bytes{step}"


# ---------------------------------------------------------------------------------------------- the envelopes

_RESERVED = Field("mark", 4, "reserved in FairPlay; here always SIM1", Kind.TEXT, Origin.SIMULATION)
_PAYLOAD_LENGTH = Field("payload length", 4, "bytes that follow, a multiple of 16", Kind.UINT)


def _spc_header(rsa_bytes: int, oaep: str) -> Layout:
    return Layout(
        Field("version", 4, "SPC version: chooses RSA size and OAEP hash", Kind.UINT),
        _RESERVED,
        Field("payload IV", 16, "IV of the encrypted payload (AES-128-CBC)"),
        Field("wrapped SPC key", rsa_bytes, f"the SPC key under the certificate's RSA key, {oaep}"),
        Field("certificate hash", 20, "SHA-1 of the application certificate (DER): chooses the private key"),
        _PAYLOAD_LENGTH,
    )


SPC_HEADERS: Mapping[int, Layout] = {
    1: _spc_header(128, "RSA-1024 OAEP, SHA-1"),
    2: _spc_header(256, "RSA-2048 OAEP, SHA-256"),
}
CKC_HEADER = Layout(
    Field("version", 4, "CKC version, always 1", Kind.UINT),
    _RESERVED,
    Field("payload IV", 16, "IV of the encrypted payload (AES-128-CBC)"),
    _PAYLOAD_LENGTH,
)

# ------------------------------------------------------------------------------------------------ TLLV blocks

TLLV_HEADER = Layout(
    Field("tag", 8, "what the block holds"),
    Field("block length", 4, "value and padding, a multiple of 16", Kind.UINT),
    Field("value length", 4, "value without padding", Kind.UINT),
)

PLAYBACK_STATES = {
    bytes.fromhex("f4dee5a2"): "ready to start, key needed",
    bytes.fromhex("a5d6739e"): "playing or paused, lease answer needed",
    bytes.fromhex("4f834330"): "playing, lease about to end, key needed",
    bytes.fromhex("5991bf20"): "halted",
}
KEY_TYPES = {
    bytes.fromhex("1a4bde7e"): "lease",
    bytes.fromhex("3dfe45a0"): "rental",
    bytes.fromhex("27b59bde"): "lease and rental",
    bytes.fromhex("3df2d9fb"): "persistent, unlimited",
    bytes.fromhex("18f06048"): "persistent, limited by the rental seconds",
}
HDCP_LEVELS = {
    bytes.fromhex("ef72894ca7895b78"): "no HDCP",
    bytes.fromhex("40791ac78bd5c571"): "HDCP type 0",
    bytes.fromhex("285a0863bba8e1d3"): "HDCP type 1",
}
STREAMING = {
    bytes.fromhex("abb0256a31843974"): "AirPlay",
    bytes.fromhex("5f9c8132b59f2fde"): "digital AV adapter",
}
DURATION_MARK = bytes.fromhex("86d34a3a")
NO_LEASE = 0xFFFFFFFF

SKR1_VALUE = Layout(
    Field("SK..R1 IV", 16, "IV of the block below"),
    Field("SK..R1 ciphertext", 96, "SK, HU, R1 and integrity under DASk (AES-128-CBC)"),
)
SKR1_PLAINTEXT = Layout(
    Field("SK", 16, "session key: encrypts the content key in the CKC", secret=True),
    Field("HU", 20, "hardware-unique id of the device: the device_id that ExpressPlay logs and compares"),
    Field("R1", 44, "random: comes back in the CKC, and is an input of the CKC key", secret=True),
    Field("integrity", 16, "MAC over SK, HU and R1", origin=Origin.SIMULATION),
)
PLAYBACK_VALUE = Layout(
    Field("creation time", 4, "when the device made the SPC, by its own clock", Kind.TIME),
    Field("playback state", 4, "what the player is doing", names=PLAYBACK_STATES),
    Field("playback session", 8, "the same for every SPC of one playback"),
)
CAPABILITIES_VALUE = Layout(
    Field("high word", 8, "unused", Kind.UINT),
    Field("low word", 8, "bit 0: HDCP type 1", Kind.UINT),
)
ENCRYPTED_KEY_VALUE = Layout(
    Field("content IV", 16, "IV of the media samples, in clear"),
    Field("encrypted content key", 16, "the CEK under SK (AES-128-ECB, one block)"),
)
DURATION_VALUE = Layout(
    Field("lease", 4, "seconds from the SPC's creation; ffffffff: no lease", Kind.UINT),
    Field("rental", 4, "seconds from the download of the CKC; 0: no rental", Kind.UINT),
    Field("key type", 4, "which of the two durations hold", names=KEY_TYPES),
    Field("constant", 4, "always 86d34a3a"),
)
HDCP_VALUE = Layout(
    Field("level", 8, "what the output must protect", names=HDCP_LEVELS),
    Field("random", 8, "filler"),
)


def _tag(code: str, name: str, meaning: str, smallest: int, largest: int, **more: Any) -> Tag:
    return Tag(bytes.fromhex(code), name, meaning, smallest, largest, **more)


def _exact(code: str, name: str, meaning: str, size: int, **more: Any) -> Tag:
    return _tag(code, name, meaning, size, size, **more)


_MOST = 0xFFFFFFF0
_REQUIRED: dict[str, Any] = {"required": True}

SKR1 = _exact("3d1a10b8bffac2ec", "SK..R1", "holds the device id, sealed", 112, layout=SKR1_VALUE, **_REQUIRED)
INTEGRITY = _exact("b349d4809e910687", "SK..R1 integrity", "must equal the MAC in SK..R1", 16, **_REQUIRED)
ANTI_REPLAY = _exact("89c90f12204106b2", "anti-replay seed", "input of the CKC key", 16, **_REQUIRED)
R2 = _exact("71b5595ac1521133", "R2", "input of the derivation of DASk", 21, **_REQUIRED)
RETURN_REQUEST = _tag(
    "19f9d4e5ab7609cb",
    "return request",
    "tags that the CKC must bring back",
    0,
    _MOST,
    step=8,
    kind=Kind.TAGS,
    **_REQUIRED,
)
ASSET_ID = _tag("1bf7f53f5d5d5a1f", "asset ID", "the content id", 2, 200, kind=Kind.TEXT, **_REQUIRED)
TRANSACTION_ID = _exact("47aa7ad3440577de", "transaction ID", "names this exchange", 8, **_REQUIRED)
SUPPORTED = _tag(
    "67b8fb79ecce1a13",
    "protocol versions supported",
    "by the device",
    4,
    4 * 99,
    step=4,
    kind=Kind.VERSIONS,
    **_REQUIRED,
)
USED = _exact("5d81bcbcc7f61703", "protocol version used", "one of those", 4, kind=Kind.VERSIONS, **_REQUIRED)
STREAMING_INDICATOR = _exact(
    "abb0256a31843974",
    "streaming indicator",
    "where the picture goes",
    8,
    layout=Layout(Field("target", 8, "anything unnamed: this device's own screen", names=STREAMING)),
)
PLAYBACK = _exact("eb8efdf2b25ab3a0", "media playback state", "when and why a key is asked", 16, layout=PLAYBACK_VALUE)
CAPABILITIES = _exact("9c02af3253c07fb2", "capabilities", "what the device can do", 16, layout=CAPABILITIES_VALUE)
DEVICE_IDENTITY = _tag("94c17cd676c69b59", "device identity", "the model, never the single device", 36, _MOST)

ENCRYPTED_KEY = _exact(
    "58b38165af0e3d5a",
    "encrypted content key",
    "what the license is about",
    32,
    layout=ENCRYPTED_KEY_VALUE,
    **_REQUIRED,
)
R1 = _exact("ea74c4645d5efee9", "R1", "the SPC's R1: proves that this CKC answers it", 44, secret=True, **_REQUIRED)
DURATION = _exact("47acf6a418cd091a", "content key duration", "how long the key may be used", 16, layout=DURATION_VALUE)
HDCP = _exact("2e52f1530d8ddb4a", "HDCP enforcement", "what the output must protect", 16, layout=HDCP_VALUE)


def _by_code(*tags: Tag) -> Mapping[bytes, Tag]:
    return {tag.code: tag for tag in tags}


SPC_TAGS = _by_code(
    SKR1, INTEGRITY, ANTI_REPLAY, R2, RETURN_REQUEST, ASSET_ID, TRANSACTION_ID, SUPPORTED, USED,
    STREAMING_INDICATOR, PLAYBACK, CAPABILITIES, DEVICE_IDENTITY,
)  # fmt: skip
CKC_TAGS = _by_code(ENCRYPTED_KEY, R1, DURATION, HDCP)
