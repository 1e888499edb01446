"""The one field table of SPC and CKC. It drives packing, unpacking, the size checks, annotation and the docs.

Integers are unsigned and big-endian. A `Layout` is a run of fields of fixed size; a `Tag` is one kind of TLLV
block, with the sizes that its value may have and the layout of that value where it has parts. Each row says where
its fact comes from; one that names no source was seen in the public SPC vectors.
"""

from collections.abc import Mapping
from enum import IntFlag
from typing import Any

from fairplay.fields import Field, Kind, Layout, Source, WireCode
from fairplay.fields import Tag as Tag

MARK = b"SIM1"
CKC_VERSION = 1

# ---------------------------------------------------------------------------------------------- the envelopes

_MARK_FIELD = Field("mark", 4, "reserved in FairPlay; here always SIM1", Kind.TEXT, Source.SIMULATION)
_IV_MEANING = "IV of the encrypted payload (AES-128-CBC)"
_LENGTH_MEANING = "bytes that follow, a multiple of 16"


def _spc_header(rsa_bytes: int, oaep: str, source: Source) -> Layout:
    return Layout(
        Field("version", 4, "SPC version: chooses RSA size and OAEP hash", Kind.UINT, source),
        _MARK_FIELD,
        Field("payload IV", 16, _IV_MEANING, source=source),
        Field("wrapped SPC key", rsa_bytes, f"the SPC key under the certificate's RSA key, {oaep}", source=source),
        Field("certificate hash", 20, "SHA-1 of the certificate (DER): chooses the private key", source=source),
        Field("payload length", 4, _LENGTH_MEANING, Kind.UINT, source),
    )


SPC_HEADERS: Mapping[int, Layout] = {
    1: _spc_header(128, "RSA-1024 OAEP, SHA-1", Source.VECTORS),
    2: _spc_header(256, "RSA-2048 OAEP, SHA-256", Source.SDK),
}
CKC_HEADER = Layout(
    Field("version", 4, "CKC version: 1, the only one here", Kind.UINT, Source.LICENSES),
    _MARK_FIELD,
    Field("payload IV", 16, _IV_MEANING, source=Source.LICENSES),
    Field("payload length", 4, _LENGTH_MEANING, Kind.UINT, Source.LICENSES),
)

# ------------------------------------------------------------------------------------------------ TLLV blocks

TLLV_HEADER = Layout(
    Field("tag", 8, "what the block holds"),
    Field("block length", 4, "value and padding, a multiple of 16", Kind.UINT),
    Field("value length", 4, "value without padding", Kind.UINT),
)


class PlaybackState(WireCode):
    """What the player is doing when it asks for a key."""

    READY = ("f4dee5a2", "ready to start, key needed")
    PLAYING = ("a5d6739e", "playing or paused, lease answer needed")
    LEASE_ENDING = ("4f834330", "playing, lease about to end, key needed")
    HALTED = ("5991bf20", "halted")


class KeyType(WireCode):
    """Which durations limit a key."""

    LEASE = ("1a4bde7e", "lease")
    RENTAL = ("3dfe45a0", "rental")
    LEASE_AND_RENTAL = ("27b59bde", "lease and rental")
    PERSIST = ("3df2d9fb", "persistent, unlimited")
    PERSIST_RENTAL = ("18f06048", "persistent, limited by the rental seconds")


class HdcpLevel(WireCode):
    """How an output must be protected, from the weakest level to the strongest."""

    NONE = ("ef72894ca7895b78", "no HDCP")
    TYPE_0 = ("40791ac78bd5c571", "HDCP type 0")
    TYPE_1 = ("285a0863bba8e1d3", "HDCP type 1")

    def covers(self, needed: "HdcpLevel") -> bool:
        """Tell whether an output of this level may show what needs the other one."""
        strength = list(HdcpLevel)
        return strength.index(self) >= strength.index(needed)


class Capability(IntFlag):
    """What a device can do: the bits of the low word of its capabilities."""

    HDCP_TYPE_1 = 1 << 0
    OFFLINE_KEY = 1 << 1
    CHECK_IN = 1 << 2
    OFFLINE_KEY_V2 = 1 << 3
    SECURITY_BASELINE = 1 << 4
    SECURITY_MAIN = 1 << 5


STREAMING = {
    bytes.fromhex("abb0256a31843974"): "AirPlay",
    bytes.fromhex("5f9c8132b59f2fde"): "digital AV adapter",
}
DEVICE_CLASSES = {
    bytes.fromhex("00000000"): "unknown",
    bytes.fromhex("00000001"): "living room",
    bytes.fromhex("00000002"): "mobile",
    bytes.fromhex("00000003"): "desktop",
    bytes.fromhex("00000004"): "spatial",
    bytes.fromhex("00000005"): "wearable",
    bytes.fromhex("0000007f"): "Apple, other",
    bytes.fromhex("00000080"): "partner, living room",
    bytes.fromhex("000000ff"): "partner, other",
}
_CAPABILITIES = {
    Capability.HDCP_TYPE_1: "HDCP type 1",
    Capability.OFFLINE_KEY: "offline key, dual expiry",
    Capability.CHECK_IN: "check-in",
    Capability.OFFLINE_KEY_V2: "offline key, version 2",
    Capability.SECURITY_BASELINE: "security level baseline",
    Capability.SECURITY_MAIN: "security level main",
}
DURATION_MARK = bytes.fromhex("86d34a3a")
NO_LEASE = 0xFFFFFFFF
_NO_LIMIT = {bytes(4): "no limit"}

SKR1_VALUE = Layout(
    Field("SK..R1 IV", 16, "IV of the block below"),
    Field("SK..R1 ciphertext", 96, "SK, HU, R1 and integrity under DASk (AES-128-CBC)"),
)
SKR1_PLAINTEXT = Layout(
    Field("SK", 16, "session key: encrypts the content key in the CKC"),
    Field("HU", 20, "hardware-unique id of the device: the device_id that is logged and compared", source=Source.FORUM),
    Field("R1", 44, "random: comes back in the CKC, and is an input of the CKC key"),
    Field("integrity", 16, "MAC over SK, HU and R1; Apple's meaning is secret", source=Source.SIMULATION),
)
PLAYBACK_VALUE = Layout(
    Field("creation time", 4, "when the device made the SPC, by its own clock", Kind.TIME, Source.SERVERS),
    Field(
        "playback state", 4, "what the player is doing", source=Source.SERVERS, names=PlaybackState.names(), closed=True
    ),
    Field("playback session", 8, "the same for every SPC of one playback", source=Source.SERVERS),
)
_CAPABILITY_BITS = {bit.to_bytes(8, "big"): meaning for bit, meaning in _CAPABILITIES.items()}
CAPABILITIES_VALUE = Layout(
    Field("high word", 8, "unused", Kind.BITS, Source.SDK),
    Field("low word", 8, "one bit for each capability", Kind.BITS, Source.SDK, names=_CAPABILITY_BITS),
)
STREAMING_VALUE = Layout(
    Field("target", 8, "anything unnamed: this device's own screen", source=Source.SERVERS, names=STREAMING),
)
DEVICE_IDENTITY_VALUE = Layout(
    Field("version", 4, "of this block", Kind.UINT, Source.SDK),
    Field("class", 4, "what kind of device", source=Source.SDK, names=DEVICE_CLASSES),
    Field("vendor hash", 8, "names the maker", source=Source.SDK),
    Field("product hash", 8, "names the model", source=Source.SDK),
    Field("REE version", 4, "of the platform's rich environment", source=Source.SDK),
    Field("TEE version", 4, "of the platform's trusted environment", source=Source.SDK),
    Field("OS version", 4, "of the operating system", source=Source.SDK),
)
ENCRYPTED_KEY_VALUE = Layout(
    Field("content IV", 16, "IV of the media samples, in clear", source=Source.LICENSES),
    Field("encrypted content key", 16, "the CEK under SK (AES-128-ECB, one block)", source=Source.LICENSES),
)
DURATION_VALUE = Layout(
    Field("lease", 4, "seconds from the SPC's creation", Kind.UINT, Source.LICENSES, names={b"\xff" * 4: "no lease"}),
    Field(
        "rental", 4, "seconds from the download of the CKC", Kind.UINT, Source.LICENSES, names={bytes(4): "no rental"}
    ),
    Field("key type", 4, "which of the two durations hold", source=Source.LICENSES, names=KeyType.names(), closed=True),
    Field(
        "constant", 4, "never anything else", source=Source.LICENSES, names={DURATION_MARK: "as always"}, closed=True
    ),
)
HDCP_VALUE = Layout(
    Field("level", 8, "what the output must protect", source=Source.SDK, names=HdcpLevel.names(), closed=True),
    Field("random", 8, "filler", source=Source.SDK),
)
OFFLINE_KEY_VALUE = Layout(
    Field("version", 4, "1, or 2 with a title ID", Kind.UINT, Source.SDK),
    Field("reserved", 4, "zeros", source=Source.SDK),
    Field("content ID", 16, "what is kept on the device", source=Source.SDK),
    Field(
        "storage", 4, "seconds from the download in which playback must begin", Kind.UINT, Source.SDK, names=_NO_LIMIT
    ),
    Field("playback", 4, "seconds from the first play", Kind.UINT, Source.SDK, names=_NO_LIMIT),
)
TITLE_ID_VALUE = Layout(Field("title ID", 16, "joins the keys of a title, in version 2", source=Source.SDK))


def _tag(code: str, name: str, meaning: str, smallest: int, largest: int, **more: Any) -> Tag:
    return Tag(bytes.fromhex(code), name, meaning, smallest, largest, **more)


def _exact(code: str, name: str, meaning: str, size: int, **more: Any) -> Tag:
    return _tag(code, name, meaning, size, size, **more)


_MAX_SIZE = 0xFFFFFFF0
_REQUIRED: dict[str, Any] = {"required": True}
_LICENSE: dict[str, Any] = {"source": Source.LICENSES}

# fmt: off
SKR1 = _exact("3d1a10b8bffac2ec", "SK..R1", "holds the device id, sealed", 112, layout=SKR1_VALUE, **_REQUIRED)
INTEGRITY = _exact("b349d4809e910687", "SK..R1 integrity", "must equal the MAC in SK..R1", 16, **_REQUIRED)
ANTI_REPLAY = _exact("89c90f12204106b2", "anti-replay seed", "input of the CKC key", 16, **_REQUIRED)
R2 = _exact("71b5595ac1521133", "R2", "input of the derivation of DASk", 21, **_REQUIRED)
RETURN_REQUEST = _tag("19f9d4e5ab7609cb", "return request", "tags that the CKC must bring back", 0, _MAX_SIZE,
                      step=8, kind=Kind.TAGS, **_REQUIRED)
ASSET_ID = _tag("1bf7f53f5d5d5a1f", "asset ID", "the content id", 2, 200, kind=Kind.TEXT, **_REQUIRED)
TRANSACTION_ID = _exact("47aa7ad3440577de", "transaction ID", "names this exchange", 8, **_REQUIRED)
SUPPORTED = _tag("67b8fb79ecce1a13", "protocol versions supported", "by the device", 4, 4 * 99,
                 step=4, kind=Kind.VERSIONS, **_REQUIRED)
USED = _exact("5d81bcbcc7f61703", "protocol version used", "one of those", 4, kind=Kind.VERSIONS, **_REQUIRED)
STREAMING_INDICATOR = _exact("abb0256a31843974", "streaming indicator", "where the picture goes", 8,
                             source=Source.SERVERS, layout=STREAMING_VALUE)
PLAYBACK = _exact("eb8efdf2b25ab3a0", "media playback state", "when and why a key is asked", 16,
                  source=Source.SERVERS, layout=PLAYBACK_VALUE)
CAPABILITIES = _exact("9c02af3253c07fb2", "capabilities", "what the device can do", 16,
                      source=Source.SDK, layout=CAPABILITIES_VALUE)
DEVICE_IDENTITY = _tag("94c17cd676c69b59", "device identity", "the model, never the single device",
                       DEVICE_IDENTITY_VALUE.size, _MAX_SIZE, source=Source.SDK, layout=DEVICE_IDENTITY_VALUE)

ENCRYPTED_KEY = _exact("58b38165af0e3d5a", "encrypted content key", "what the license is about", 32,
                       layout=ENCRYPTED_KEY_VALUE, **_REQUIRED, **_LICENSE)
R1 = _exact("ea74c4645d5efee9", "R1", "proves that this CKC answers the SPC", 44, **_REQUIRED, **_LICENSE)
DURATION = _exact("47acf6a418cd091a", "content key duration", "how long the key may be used", 16,
                  layout=DURATION_VALUE, **_LICENSE)
HDCP = _exact("2e52f1530d8ddb4a", "HDCP enforcement", "what the output must protect", 16,
              source=Source.SDK, layout=HDCP_VALUE)
OFFLINE_KEY = _tag("6375d9727060218c", "offline key",
                   "when a kept key may begin to play, and for how long (dual expiry)",
                   OFFLINE_KEY_VALUE.size, OFFLINE_KEY_VALUE.size + TITLE_ID_VALUE.size, step=TITLE_ID_VALUE.size,
                   source=Source.SDK, layout=OFFLINE_KEY_VALUE, more=TITLE_ID_VALUE)
# fmt: on


def _by_code(*tags: Tag) -> Mapping[bytes, Tag]:
    return {tag.code: tag for tag in tags}


SPC_TAGS = _by_code(
    SKR1, INTEGRITY, ANTI_REPLAY, R2, RETURN_REQUEST, ASSET_ID, TRANSACTION_ID, SUPPORTED, USED,
    STREAMING_INDICATOR, PLAYBACK, CAPABILITIES, DEVICE_IDENTITY,
)  # fmt: skip
CKC_TAGS = _by_code(ENCRYPTED_KEY, R1, DURATION, HDCP, OFFLINE_KEY)
