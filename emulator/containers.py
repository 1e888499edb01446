"""What a file of media is, and what it says of itself in the clear: container, streams, key ids, a cut end.

PyAV is imported in functions: it comes with the extra `video`, which the other commands do without.
"""

import io
import re
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

TrackKind = Literal["video", "audio"]
KINDS: tuple[TrackKind, ...] = ("video", "audio")
MP4 = "mov"
TRANSPORT_STREAM = "mpegts"
PACKED = ("mpegts", "aac", "ac3")
"""libav's names of the containers that SAMPLE-AES of HLS encrypts frame by frame."""
MAX_PIXELS = 8192 * 4352
"""Of one picture: 8K."""
_MP4_BOXES = (
    b"ftyp",
    b"styp",
    b"moov",
    b"moof",
    b"sidx",
    b"emsg",
    b"prft",
    b"free",
    b"skip",
    b"uuid",
    b"ssix",
    b"mdat",
)
_TS_PACKET = 188
MAX_KEY_IDS = 16
"""Key ids of one init segment, which has one for each of its tracks."""
_GROUPS = re.compile(rb"sgpd\x01...seig(....)(....)", re.DOTALL)
_SMALLEST_GROUP = 20
"""Bytes of the description of a sample group of type `seig`, at least."""


class PlaybackError(Exception):
    """A track cannot be read, or PyAV is missing; the text is one sentence for a person."""


class NoPyAv(PlaybackError):
    """PyAV is not installed."""


def container_of(data: bytes) -> str | None:
    """Return libav's name of the container that `data` is, by its first bytes; None if it is none of HLS."""
    if data[4:8] in _MP4_BOXES:
        return MP4
    if data[:1] == b"\x47" and data[_TS_PACKET : _TS_PACKET + 1] in (b"\x47", b""):
        return TRANSPORT_STREAM
    start = _id3_size(data)
    if data[start : start + 2] == b"\x0b\x77":
        return "ac3"
    if len(data) > start + 1 and data[start] == 0xFF and data[start + 1] & 0xF6 == 0xF0:
        return "aac"
    return None


def _id3_size(data: bytes) -> int:
    """Return the bytes of the ID3 tag that packed audio begins with (RFC 8216, 3.4); 0 where there is none."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def key_ids(data: bytes) -> tuple[str, ...]:
    """Return the default key ids of an init segment in hex, each once, at most MAX_KEY_IDS; none where it is clear.

    The box `tenc` (ISO/IEC 23001-7, 8.2), counted from its name: name 4, version and flags 4, reserved 1, pattern 1,
    protected 1, per-sample IV size 1, KID 16.
    """
    found: dict[str, None] = {}
    place = data.find(b"tenc")
    while place >= 0 and len(found) < MAX_KEY_IDS:
        if data[place + 10 : place + 11] == b"\1":
            found[data[place + 12 : place + 28].hex()] = None
        place = data.find(b"tenc", place + 4)
    return tuple(found)


def group_key_ids(data: bytes) -> set[str]:
    """Return the key ids that the sample groups of a fragment give to protected samples, in hex.

    The box `sgpd` of type `seig` (ISO/IEC 14496-12, 8.9.3, and 23001-7, 6), counted from its name: name 4, version 1,
    flags 3, type 4, length of a description 4, count 4; then each description: its length 4 where that was 0,
    reserved 1, pattern 1, protected 1, per-sample IV size 1, KID 16, and what follows.
    """
    found = set()
    place = 0
    while box := _GROUPS.search(data, place):  # behind the one before: boxes that overlap would be read again and again
        length, count = (int.from_bytes(field, "big") for field in box.groups())
        place = box.end()
        for _ in range(count):
            if place >= len(data):
                break
            size = length
            if not length:
                size, place = int.from_bytes(data[place : place + 4], "big"), place + 4
            entry = data[place : place + size]
            if entry[2:3] == b"\1" and len(entry) >= _SMALLEST_GROUP:
                found.add(entry[4:_SMALLEST_GROUP].hex())
            place += size
    return found


def has_sample_groups(data: bytes) -> bool:
    """Tell whether keys are given by sample groups (`seig`), which libav does not follow."""
    return b"seig" in data and b"sgpd" in data


def is_cut(data: bytes) -> bool:
    """Tell whether the last box of an MP4 reaches beyond the end of the data."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size == 0:
            return False
        if size < 8:
            return True
        place += size
    return place != len(data)


def require_av() -> None:
    """Check for PyAV, and keep libav's own remarks off standard error."""
    try:
        from av import logging
    except ImportError:
        raise NoPyAv("There is no PyAV to decode video with.") from None
    logging.set_libav_level(logging.PANIC)


def scheme_of(data: bytes) -> str:
    """Return how an init segment says that its samples are encrypted: cbcs, cenc …; empty where nothing is.

    The box `schm` (ISO/IEC 14496-12, 8.12.5), counted from its name: name 4, version and flags 4, scheme 4.
    """
    at = data.find(b"schm")
    return "" if at < 0 else data[at + 8 : at + 12].decode("latin-1")


def is_encrypted(data: bytes) -> bool:
    """Tell whether a piece of an MP4, its init segment first, has an encrypted sample. Raises `PlaybackError`."""
    with open_container(data) as container:
        from av import FFmpegError

        try:
            return any(packet.has_sidedata("encryption_info") for packet in container.demux())
        except FFmpegError:
            return False


def open_container(data: bytes, key: bytes | None = None) -> "InputContainer":
    """Open media with libav, MP4 decrypted under `key`. Raises `PlaybackError` if it is none that can be read."""
    require_av()
    import av

    kind = container_of(data)
    if kind is None:
        raise PlaybackError("The track is no MP4, no MPEG transport stream and no packed audio.")
    # libav need not decode to find out what is in an MP4, as it does else: the init segment says so.
    options = {"probesize": "32"} if kind == MP4 else {}
    if key and kind == MP4:
        options["decryption_key"] = key.hex()
    try:
        return av.open(io.BytesIO(data), "r", format=kind, container_options=options)
    except (av.FFmpegError, ValueError):
        # Without the cause: its arguments are nothing a person could use.
        raise PlaybackError("The track is no fragmented MP4 with its init segment first.") from None


def stream_of(container: "InputContainer", kind: TrackKind) -> "VideoStream | AudioStream":
    """Return the one stream of a kind that can be decoded. Raises `PlaybackError` if that is not one, or too large."""
    # libav gives no codec context to a stream whose codec it does not know.
    streams = [stream for stream in container.streams if stream.type == kind and stream.codec_context]
    if len(streams) != 1:
        raise PlaybackError(f"The track has {len(streams)} {kind} streams that can be decoded, expected 1.")
    stream = cast("VideoStream | AudioStream", streams[0])
    pictures = cast("VideoStream", stream).codec_context if kind == "video" else None
    if pictures and pictures.width * pictures.height > MAX_PIXELS:
        raise PlaybackError(f"The pictures have more than {MAX_PIXELS} pixels.")
    return stream


def kinds_in(data: bytes) -> tuple[TrackKind, ...]:
    """Return the kinds of track in a piece of media, video first. Raises `PlaybackError` where there is none."""
    with open_container(data) as container:
        found = {stream.type for stream in container.streams if stream.codec_context}
        named = ", ".join(sorted({str(stream.type) for stream in container.streams})) or "nothing"
    kinds = tuple(kind for kind in KINDS if kind in found)
    if not kinds:
        raise PlaybackError(f"The track has no video and no audio that this player's libav decodes, but {named}.")
    return kinds
