"""Decrypt and decode one track as the device's player does, and tell whether what was meant came out.

A track is held in memory: its init segment and all its media segments, joined. libav removes the cbcs
encryption under the content key; the frames are then compared with the fingerprints of the clear source
(`frames.json`). Needs PyAV, the extra `video`; nothing else of the emulator does.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.container import InputContainer

Kind = Literal["video", "audio"]


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
    """The outcome of one track: `frames` of `expected` came out as in the clear source, at their places."""

    kind: Kind
    verdict: Verdict
    frames: int
    expected: int
    detail: str


@dataclass(frozen=True)
class _Reading:
    """What one pass over a track gave: fingerprints in order, and the first fault on the way."""

    samples: int
    encrypted: bool
    prints: list[str]
    fault: str | None


def play_track(kind: Kind, data: bytes, key: bytes | None, expected: Sequence[str]) -> TrackResult:
    """Play a track under a content key (16 bytes, or None) and compare it with the clear source.

    `expected` holds the fingerprints of that kind from frames.json. Without a key an encrypted track is
    not decoded at all; a clear one plays. No input raises, only a missing PyAV does (PlaybackError).
    """

    def result(verdict: Verdict, detail: str, frames: int = 0) -> TrackResult:
        return TrackResult(kind, verdict, frames, len(expected), detail)

    _require_av()
    try:
        reading = _read(kind, data, key)
    except PlaybackError as error:
        return result(Verdict.DAMAGED, str(error))
    if reading.encrypted and key is None:
        return result(
            Verdict.NO_KEY,
            f"The {kind} track is encrypted and there is no key: none of its samples was decoded.",
        )
    frames = sum(got == wanted for got, wanted in zip(reading.prints, expected, strict=False))
    if reading.prints == list(expected) and reading.fault is None:
        return result(Verdict.PLAYED, f"All {frames} {kind} frames are those of the clear source.", frames)
    if reading.samples != len(expected):
        detail = f"The {kind} track has {reading.samples} samples where {len(expected)} belong."
        return result(Verdict.DAMAGED, detail, frames)
    fault = reading.fault or "what came out is not the clear source"
    # A single frame of the clear source proves the key, wherever it came out.
    if reading.encrypted and set(expected).isdisjoint(reading.prints):
        detail = f"The key does not fit the {kind} track: no frame of the clear source came out ({fault})."
        return result(Verdict.WRONG_KEY, detail)
    detail = f"Only {frames} of {len(expected)} {kind} frames are those of the clear source ({fault})."
    return result(Verdict.DAMAGED, detail, frames)


def fingerprints(kind: Kind, data: bytes, key: bytes | None = None) -> list[str]:
    """Return the SHA-256 of each frame of a track in hexadecimal, as frames.json holds them.

    For video it is that of the decoded picture (yuv420p, planes in order, no row padding): H.264 is exact
    in integers, so every decoder gives the same. For audio it is that of the coded AAC frame: decoders
    compute in floats and may differ in the last bit. Raises PlaybackError for anything but a whole track.
    """
    reading = _read(kind, data, key)
    if reading.encrypted and key is None:
        raise PlaybackError(f"The {kind} track is encrypted and there is no key.")
    if reading.fault:
        raise PlaybackError(f"The {kind} track does not decode: {reading.fault}.")
    return reading.prints


def still_png(data: bytes, key: bytes | None, at_frame: int) -> bytes:
    """Return the picture `at_frame` (from 0) of a video track as a PNG. Raises PlaybackError if there is none."""
    from av import VideoCodecContext

    with _open(data, key) as container:
        for number, picture in enumerate(_pictures(container)):
            if number == at_frame:
                png = VideoCodecContext.create("png", "w")
                image = picture.reformat(format="rgb24")
                png.width, png.height, png.pix_fmt = image.width, image.height, "rgb24"
                png.time_base = picture.time_base
                return b"".join(bytes(packet) for packet in (*png.encode(image), *png.encode(None)))
    raise PlaybackError(f"The video track has no frame {at_frame}.")
