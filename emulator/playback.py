"""Decrypt and decode one track as the device's player does, and tell whether what was meant came out.

A track is held in memory: its init segment and all its media segments, joined. libav removes the cbcs
encryption under the content key; the frames are then compared with the fingerprints of the clear source
(`frames.json`). Needs PyAV, the extra `video`; nothing else of the emulator does.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, VideoFrame, VideoStream
    from av.container import InputContainer

Kind = Literal["video", "audio"]
KEY_SIZE = 16  # bytes, AES-128


class PlaybackError(Exception):
    """A track cannot be read, or PyAV is missing; the text is one sentence for a person."""


class Verdict(Enum):
    """How playing a track ended."""

    PLAYED = "played"  # every frame is that of the clear source
    NO_KEY = "no key"  # encrypted, and no key was given: nothing was decoded
    WRONG_KEY = "wrong key"  # all samples are there, and no frame of the clear source came out
    DAMAGED = "damaged"  # not such a track, samples missing, or only some frames came out


@dataclass(frozen=True)
class TrackResult:
    """The outcome of one track: `frames` of `expected` came out as in the clear source, at their places.

    Where nothing is known of the clear source, `expected` is None and `frames` counts what was decoded.
    """

    kind: Kind
    verdict: Verdict
    frames: int
    expected: int | None
    detail: str


def play_track(
    kind: Kind, data: bytes, key: bytes | None, expected: Sequence[str] | None, *, iv: bytes | None = None
) -> TrackResult:
    """Play a track under a content key (16 bytes, or None) and compare it with the clear source.

    `iv` is the content IV of the CKC (16 bytes): a FairPlay player takes it from there, so that a wrong
    one ends as a wrong key does. Without it the one noted in the track is used.

    `expected` holds the fingerprints of that kind from frames.json; where it is None, decoding all samples
    without a fault counts. Without a key an encrypted track is not decoded at all; a clear one plays. No track
    raises, whatever its bytes: PlaybackError is for a missing PyAV, ValueError for a key or IV that is not 16 bytes.
    """

    def result(verdict: Verdict, detail: str, frames: int = 0) -> TrackResult:
        return TrackResult(kind, verdict, frames, None if expected is None else len(expected), detail)

    _require_av(key, iv)
    data = data if iv is None else _with_iv(data, iv)
    try:
        stored, encrypted = _survey(kind, data)
        if encrypted and key is None:
            detail = f"The {kind} track is encrypted and there is no key: none of its samples was decoded."
            return result(Verdict.NO_KEY, detail)
        prints, fault = _decode(kind, data, key)
    except PlaybackError as error:
        return result(Verdict.DAMAGED, str(error))

    if expected is None:
        if fault is None and prints:
            return result(Verdict.PLAYED, f"All {len(prints)} {kind} frames were decoded without a fault.", len(prints))
        verdict = Verdict.WRONG_KEY if encrypted and fault else Verdict.DAMAGED
        return result(verdict, f"The {kind} track does not decode under this key ({fault or 'it has no frames'}).")
    frames = sum(got == wanted for got, wanted in zip(prints, expected, strict=False))
    if prints == list(expected) and prints and fault is None:
        return result(Verdict.PLAYED, f"All {frames} {kind} frames are those of the clear source.", frames)
    if len(stored) != len(expected):
        detail = f"The {kind} track has {len(stored)} whole samples where {len(expected)} belong."
        return result(Verdict.DAMAGED, detail, frames)
    fault = fault or "other frames came out"
    # A frame of the clear source proves the key, wherever it came out. But cbcs leaves a sample shorter than
    # a cipher block as it is (AAC's first often is): what lies in the track in the clear proves nothing.
    if encrypted and not set(expected) & set(prints) - set(stored):
        detail = f"The key does not fit the {kind} track: nothing encrypted came out right ({fault})."
        return result(Verdict.WRONG_KEY, detail)
    detail = f"Only {frames} of {len(expected)} {kind} frames are those of the clear source ({fault})."
    return result(Verdict.DAMAGED, detail, frames)


def fingerprints(kind: Kind, data: bytes, key: bytes | None = None) -> list[str]:
    """Return the SHA-256 of each frame of a track in hexadecimal, as frames.json holds them.

    For video it is that of the decoded picture (yuv420p, planes in order, no row padding): H.264 is exact
    in integers, so every decoder gives the same. For audio it is that of the coded AAC frame: decoders
    compute in floats and may differ in the last bit. Raises PlaybackError for a track that does not decode.
    """
    _require_av(key)
    _refuse_without_key(kind, data, key)
    prints, fault = _decode(kind, data, key)
    if fault:
        raise PlaybackError(f"The {kind} track does not decode: {fault}.")
    return prints


def still_png(data: bytes, key: bytes | None, at_frame: int) -> bytes:
    """Return the picture `at_frame` (from 0) of a video track as a PNG; PlaybackError if there is none."""
    _require_av(key)
    _refuse_without_key("video", data, key)
    from av import FFmpegError, VideoCodecContext

    try:
        with _open(data, key) as container:
            stream = _stream(container, "video")
            for number, frame in enumerate(container.decode(stream)):
                if number == at_frame:
                    image = cast("VideoFrame", frame).reformat(format="rgb24")
                    png = VideoCodecContext.create("png", "w")
                    png.width, png.height, png.pix_fmt = image.width, image.height, "rgb24"
                    png.time_base = Fraction(1)  # the encoder asks for one; a PNG holds no time
                    return b"".join(bytes(packet) for packet in (*png.encode(image), *png.encode(None)))
    except FFmpegError:
        raise PlaybackError(f"The video track does not decode as far as frame {at_frame}.") from None
    raise PlaybackError(f"The video track has no frame {at_frame}.")


def _require_av(key: bytes | None, iv: bytes | None = None) -> None:
    """Check for PyAV and the sizes of key and IV, and keep libav's own remarks off standard error."""
    try:
        from av import logging
    except ImportError:
        raise PlaybackError("There is no PyAV to decode video with.") from None
    logging.set_libav_level(logging.PANIC)
    for name, value in (("key", key), ("IV", iv)):
        if value is not None and len(value) != KEY_SIZE:
            raise ValueError(f"A content {name} has {KEY_SIZE} bytes, this one {len(value)}.")


def _refuse_without_key(kind: Kind, data: bytes, key: bytes | None) -> None:
    if key is None and _survey(kind, data)[1]:
        raise PlaybackError(f"The {kind} track is encrypted and there is no key.")


def _with_iv(data: bytes, iv: bytes) -> bytes:
    """Put the CKC's IV in the place of the constant IV of the track's encryption box, where it has one.

    The box `tenc` (ISO/IEC 23001-7, 8.2), counted from its name: name 4, version and flags 4, reserved 1,
    pattern 1, protected 1, per-sample IV size 1, KID 16, constant IV size 1, constant IV 16.
    """
    at = data.find(b"tenc")
    if at < 0 or data[at + 10 : at + 12] != b"\x01\x00" or data[at + 28 : at + 29] != b"\x10":
        return data
    return data[: at + 29] + iv + data[at + 29 + len(iv) :]


def _open(data: bytes, key: bytes | None) -> InputContainer:
    import av

    options = {"decryption_key": key.hex()} if key else {}
    try:
        return av.open(io.BytesIO(data), "r", format="mov", container_options=options)
    except (av.FFmpegError, ValueError):
        # Without the cause: its arguments are nothing a person could use.
        raise PlaybackError("The track is no fragmented MP4 with its init segment first.") from None


def _stream(container: InputContainer, kind: Kind) -> VideoStream | AudioStream:
    """Return the one stream of a kind, its decoder told to fail where it would otherwise conceal."""
    # libav gives no codec context to a stream whose codec it does not know.
    streams = [stream for stream in container.streams if stream.type == kind and stream.codec_context]
    if len(streams) != 1:
        raise PlaybackError(f"The track has {len(streams)} {kind} streams that can be decoded, expected 1.")
    stream = cast("VideoStream | AudioStream", streams[0])
    stream.codec_context.options = {"err_detect": "explode"}
    # One thread: with more, a fault surfaces some frames after the sample that caused it.
    stream.codec_context.thread_count = 1
    return stream


def _survey(kind: Kind, data: bytes) -> tuple[list[str], bool]:
    """Return the SHA-256 of each whole sample as it is stored, and whether any is encrypted; decode nothing."""
    from av import FFmpegError

    stored: list[str] = []
    encrypted = False
    with _open(data, None) as container:
        try:
            for packet in container.demux(_stream(container, kind)):
                if packet.size and not packet.is_corrupt:
                    stored.append(hashlib.sha256(packet).hexdigest())
                    encrypted = encrypted or packet.has_sidedata("encryption_info")
        except FFmpegError:
            raise PlaybackError(f"The {kind} track breaks off after {len(stored)} samples.") from None
    return stored, encrypted


def _decode(kind: Kind, data: bytes, key: bytes | None) -> tuple[list[str], str | None]:
    """Decode a whole track; return its fingerprints and the first fault met on the way."""
    from av import FFmpegError

    prints: list[str] = []
    faults: list[str] = []
    with _open(data, key) as container:
        try:
            for packet in container.demux(_stream(container, kind)):
                place = len(prints)
                if kind == "audio" and packet.size:
                    prints.append(hashlib.sha256(packet).hexdigest())
                try:
                    frames = cast("list[AudioFrame | VideoFrame]", packet.decode())
                except FFmpegError:
                    faults.append(f"frame {place} does not decode")
                    if kind == "video":
                        prints.append("")  # a lost picture keeps its place
                    continue
                if any(frame.is_corrupt for frame in frames):
                    faults.append(f"frame {place} is corrupt")
                if kind == "video":
                    prints += [_picture_print(cast("VideoFrame", frame)) for frame in frames]
        except FFmpegError:
            faults.append(f"the sample after frame {len(prints)} cannot be read")
    return prints, faults[0] if faults else None


def _picture_print(picture: VideoFrame) -> str:
    digest = hashlib.sha256()
    for plane in picture.reformat(format="yuv420p").planes:
        rows, stride = memoryview(plane), plane.line_size
        for start in range(0, plane.height * stride, stride):
            digest.update(rows[start : start + plane.width])
    return digest.hexdigest()
