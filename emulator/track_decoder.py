"""Decrypt and decode one track as the device's player does, segment by segment, and tell whether it played.

Nothing is kept of a segment once it is decoded. Under the right key the frames are compared with the fingerprints of
the clear source (`frames.json`). Where nobody knows these, decoding without a fault is the only sign, and it is worth
something only if other keys do not decode: the first segments are decoded under random keys as well.
Needs PyAV, the extra `video`, and imports it in functions: the other commands do without.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from emulator.containers import (
    PACKED,
    PlaybackError,
    TrackKind,
    container_of,
    has_sample_groups,
    is_cut,
    open_container,
    require_av,
    stream_of,
)
from emulator.decoding import decrypted, first_fault, new_decoder, with_iv
from emulator.verdict import TrackResult, Verdict

if TYPE_CHECKING:
    from av import AudioFrame, Packet, VideoFrame

    from emulator.decoding import Decoder

KEY_SIZE = 16  # bytes, AES-128
TRIAL_KEYS = 16
"""Random keys that are tried where no fingerprints are known. One alone would let a wrong key of the HEVC title that
was measured (one second, pictures only) pass one time in five."""
CLEARLY = 8
"""Frames by which decoding must have got further than under random keys, beside twice as far, to acquit the key."""
TRIAL_SEGMENTS = 10
"""Segments of a track that are decoded under the random keys, as long as one of them still decodes."""


class TrackDecoder:
    """Plays one track under one key: `feed` it the segments, then `finish`.

    `key` and `iv` have 16 bytes each; the IV is that of the CKC, which a FairPlay player takes (None: the one noted in
    the track). `expected` are the fingerprints of the frames, or None. With `partial` the end of the track is not
    played, and the fingerprints behind it do not count. Raises `ValueError` for a key or IV of another size,
    `PlaybackError` where PyAV is missing. No bytes of a track raise anything.
    """

    def __init__(
        self, kind: TrackKind, key: bytes | None, iv: bytes | None = None, expected: Sequence[str] | None = None
    ) -> None:
        _check(key, iv)
        self.kind, self.key, self.iv, self.expected = kind, key, iv, expected
        self.partial = False
        self.frames = 0
        self.samples: list[int] = []
        """How many whole samples each segment held."""
        self.encrypted = self.sample_groups = False
        self.prints: list[str] = []
        """The fingerprints of the frames so far, where there are some to compare with."""
        self.fault: tuple[int, int, str] | None = None
        """The first fault: segment, frame, what it was."""
        self._stored: set[str] = set()
        self._context: Decoder | None = None
        self._unreadable = self._cut = ""
        self._trials = [os.urandom(KEY_SIZE) for _ in range(TRIAL_KEYS)]
        self._furthest = (-1, -1)

    def feed(self, data: bytes) -> None:
        """Decode one segment: its init segment and itself, joined; or the part of a transport stream."""
        if self._unreadable or (self.fault and self.expected is None):
            return
        if self.iv is not None:
            data = with_iv(data, self.iv)
        number = len(self.samples)
        self.sample_groups |= has_sample_groups(data)
        try:
            self._survey(number, data)
            if self.encrypted and self.key is None:
                return
            self._decode(number, data)
        except PlaybackError as error:
            if number:
                self._cut = self._cut or f"segment {number + 1} cannot be read"
            else:
                self._unreadable = str(error)
            return
        if self.expected is None and self.encrypted and number < TRIAL_SEGMENTS:
            self._try_other_keys(number, data)

    def finish(self) -> TrackResult:
        """Return how the track played."""
        if self._context is not None and not self.fault:
            self._take(len(self.samples), None)
        if self._unreadable:
            return self._result(Verdict.UNPLAYABLE, self._unreadable)
        if self.encrypted and self.key is None:
            detail = f"The {self.kind} track is encrypted and there is no key: none of its samples was decoded."
            return self._result(Verdict.NO_KEY, detail)
        return self._compared() if self.expected is not None else self._judged()

    def _survey(self, number: int, data: bytes) -> None:
        """Count the whole samples of a segment, and tell whether any is encrypted; decode nothing."""
        from av import FFmpegError

        whole, empty = 0, True
        packed = container_of(data) in PACKED
        self.encrypted |= packed and self.key is not None
        with open_container(data) as container:
            index = stream_of(container, self.kind).index
            try:
                # All streams, since one of several may rightly have nothing in a segment.
                for packet in container.demux():
                    empty &= not packet.size
                    if packet.size and not packet.is_corrupt and packet.stream.index == index:
                        whole += 1
                        self.encrypted |= packet.has_sidedata("encryption_info")
                        if self.expected is not None:
                            self._stored.add(hashlib.sha256(packet).hexdigest())
            except FFmpegError:
                self._cut = self._cut or f"segment {number + 1} breaks off after {whole} samples"
        self.samples.append(whole)
        if not packed and is_cut(data):
            self._cut = self._cut or f"segment {number + 1} is cut short, after {whole} samples"
        if empty:
            self._cut = self._cut or f"segment {number + 1} holds no samples"

    def _decode(self, number: int, data: bytes) -> None:
        """Decode a segment, going on where the last one ended."""
        from av import FFmpegError

        with open_container(data, self.key) as container:
            stream = stream_of(container, self.kind)
            self._context = self._context or new_decoder(stream.codec_context)
            try:
                for packet in container.demux(stream):
                    if packet.size:
                        self._take(number, decrypted(packet, data, self.key, self.iv))
            except FFmpegError:
                self._note(number, "cannot be read")

    def _take(self, number: int, packet: Packet[Any] | None) -> None:
        """Decode a packet (None: the end) and note the frames that come out."""
        from av import FFmpegError

        known = self.expected is not None
        if self.kind == "audio" and packet is not None:
            self.frames += 1
            if known:
                self.prints.append(hashlib.sha256(packet).hexdigest())
        try:
            frames = cast("list[AudioFrame | VideoFrame]", cast("Decoder", self._context).decode(packet))
        except FFmpegError:
            self._note(number, "does not decode")
            if self.kind == "video" and packet is not None:
                self.frames += 1
                self.prints += [""] if known else []  # a lost picture keeps its place
            return
        if any(frame.is_corrupt for frame in frames):
            self._note(number, "is corrupt")
        if self.kind == "video":
            self.frames += len(frames)
            if known:
                self.prints += [_picture_print(cast("VideoFrame", frame)) for frame in frames]

    def _note(self, number: int, text: str) -> None:
        """Note a fault of the frame that is being decoded (an audio frame is counted before it is)."""
        place = self.frames - (self.kind == "audio" and self.frames > 0)
        self.fault = self.fault or (number, place, f"frame {place} {text}")

    def _try_other_keys(self, number: int, data: bytes) -> None:
        """Decode the segment under each random key that has decoded all before it."""
        start = self.frames - self.samples[-1]
        for key in [*self._trials]:
            place = first_fault(self.kind, data, key, self.iv)
            if place is not None:
                self._trials.remove(key)
                self._furthest = max(self._furthest, (number, max(start, 0) + place))

    def _result(self, verdict: Verdict, detail: str, frames: int = 0, fix: str = "") -> TrackResult:
        expected = None if self.expected is None else len(self._wanted())
        return TrackResult(self.kind, verdict, frames, expected, detail, fix or verdict.fix)

    def _wanted(self) -> Sequence[str]:
        expected = self.expected or ()
        return expected[: len(self.prints)] if self.partial and self.prints else expected

    def _judged(self) -> TrackResult:
        """Judge a track of whose frames nothing is known."""
        if self._cut:
            detail = f"The {self.kind} track is not whole: {self._cut}."
            return self._result(Verdict.DAMAGED, detail, self.frames)
        if self.fault is None and self.frames:
            every = f"All {self.frames} {self.kind} frames were decoded without a fault"
            if self.encrypted and self._trials:
                count = f"{len(self._trials)} of {TRIAL_KEYS} random keys"
                return self._result(Verdict.CANNOT_TELL, f"{every}, but so they were under {count}.", self.frames)
            return self._result(Verdict.PLAYED, f"{every}.", self.frames)
        if self.fault is None:
            return self._result(Verdict.DAMAGED, f"The {self.kind} track has no frames.")
        number, place, text = self.fault
        if self.encrypted and self.sample_groups:
            return self._in_sample_groups()
        if self.encrypted and not self._got_further(number, place):
            return self._result(Verdict.WRONG_KEY, f"The {self.kind} track does not decode under this key ({text}).")
        detail = f"The {self.kind} track decodes no further than segment {number + 1} ({text})."
        return self._result(Verdict.DAMAGED, detail, self.frames)

    def _got_further(self, number: int, place: int) -> bool:
        """Tell whether decoding got clearly further than under any random key, so that the key is not to blame."""
        segment, frame = self._furthest
        return not self._trials and (number > segment or place > 2 * frame + CLEARLY)

    def _compared(self) -> TrackResult:
        """Judge a track by the fingerprints of its frames."""
        expected, prints = self._wanted(), self.prints
        frames = sum(got == wanted for got, wanted in zip(prints, expected, strict=False))
        fault = self.fault[2] if self.fault else None
        if prints == list(expected) and prints and fault is None:
            return self._result(
                Verdict.PLAYED, f"All {frames} {self.kind} frames are those of the clear source.", frames
            )
        if not self.partial and sum(self.samples) != len(expected):
            detail = f"The {self.kind} track has {sum(self.samples)} whole samples where {len(expected)} belong."
            return self._result(Verdict.DAMAGED, detail, frames)
        fault = fault or "other frames came out"
        # A frame of the clear source proves the key, wherever it came out. But cbcs leaves a sample shorter than
        # a cipher block as it is (AAC's first often is): what lies in the track in the clear proves nothing.
        if self.encrypted and not set(expected) & set(prints) - self._stored:
            if self.sample_groups:
                return self._in_sample_groups()
            detail = f"The key does not fit the {self.kind} track: nothing encrypted came out right ({fault})."
            return self._result(Verdict.WRONG_KEY, detail)
        detail = f"Only {frames} of {len(expected)} {self.kind} frames are those of the clear source ({fault})."
        return self._result(Verdict.DAMAGED, detail, frames)

    def _in_sample_groups(self) -> TrackResult:
        detail = f"The keys of the {self.kind} track are in sample groups (seig), which this player does not follow."
        return self._result(Verdict.UNPLAYABLE, detail, fix="package each key period with an init segment of its own")


def play_track(
    kind: TrackKind, data: bytes, key: bytes | None, expected: Sequence[str] | None, *, iv: bytes | None = None
) -> TrackResult:
    """Play a track that is in memory as a whole: its init segment and all its media segments, joined."""
    decoder = TrackDecoder(kind, key, iv, expected)
    decoder.feed(data)
    return decoder.finish()


def fingerprints(kind: TrackKind, data: bytes, key: bytes | None = None) -> list[str]:
    """Return the SHA-256 of each frame of a track in hexadecimal, as frames.json holds them.

    For video it is that of the decoded picture (yuv420p, planes in order, no row padding): H.264 is exact
    in integers, so every decoder gives the same. For audio it is that of the coded AAC frame: decoders
    compute in floats and may differ in the last bit. Raises `PlaybackError` for a track that does not decode.
    """
    decoder = TrackDecoder(kind, key, expected=())
    decoder.feed(data)
    result = decoder.finish()
    if result.verdict in (Verdict.NO_KEY, Verdict.UNPLAYABLE):
        raise PlaybackError(result.detail)
    if decoder.fault:
        raise PlaybackError(f"The {kind} track does not decode: {decoder.fault[2]}.")
    return decoder.prints


def _check(key: bytes | None, iv: bytes | None) -> None:
    require_av()
    for name, value in (("key", key), ("IV", iv)):
        if value is not None and len(value) != KEY_SIZE:
            raise ValueError(f"A content {name} has {KEY_SIZE} bytes, this one {len(value)}.")


def _picture_print(picture: VideoFrame) -> str:
    digest = hashlib.sha256()
    for plane in picture.reformat(format="yuv420p").planes:
        rows, stride = memoryview(plane), plane.line_size
        for start in range(0, plane.height * stride, stride):
            digest.update(rows[start : start + plane.width])
    return digest.hexdigest()
