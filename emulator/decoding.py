"""What libav does for a piece of media: decoders that fail where they would conceal, packets in clear, one picture.

PyAV is imported in functions: it comes with the extra `video`, which the other commands do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from emulator.containers import MAX_PIXELS, MP4, PlaybackError, TrackKind, container_of, open_container, stream_of
from emulator.sample_aes import decrypt_frame
from fairplay.aes import BLOCK

if TYPE_CHECKING:
    from av import AudioCodecContext, Packet, VideoCodecContext, VideoFrame

    Decoder = AudioCodecContext | VideoCodecContext


def still_png(data: bytes, key: bytes | None, at_frame: int, iv: bytes | None = None) -> bytes:
    """Return the picture `at_frame` (from 0) of a piece of video as a PNG. Raises `PlaybackError` if there is none."""
    for number, frame in enumerate(_pictures(data if iv is None else with_iv(data, iv), key, iv)):
        if number == at_frame:
            from av import VideoCodecContext

            image = frame.reformat(format="rgb24")
            png = VideoCodecContext.create("png", "w")
            png.width, png.height, png.pix_fmt = image.width, image.height, "rgb24"
            png.time_base = Fraction(1)  # the encoder asks for one; a PNG holds no time
            return b"".join(bytes(packet) for packet in (*png.encode(image), *png.encode(None)))
    raise PlaybackError(f"The video track has no frame {at_frame}.")


def _pictures(data: bytes, key: bytes | None, iv: bytes | None) -> Iterator[VideoFrame]:
    from av import FFmpegError

    try:
        with open_container(data, key) as container:
            stream = stream_of(container, "video")
            context = new_decoder(stream.codec_context)
            for packet in container.demux(stream):
                whole = decrypted(packet, data, key, iv) if packet.size else None
                yield from cast("list[VideoFrame]", context.decode(whole))
    except FFmpegError:
        raise PlaybackError("The video track does not decode as far as that frame.") from None


def first_fault(kind: TrackKind, data: bytes, key: bytes, iv: bytes | None) -> int | None:
    """Return the frame of a segment at which decoding under a key fails first; None if it does not fail."""
    from av import FFmpegError

    place = 0
    try:
        with open_container(data, key) as container:
            stream = stream_of(container, kind)
            context = new_decoder(stream.codec_context)
            for packet in container.demux(stream):
                frames = context.decode(decrypted(packet, data, key, iv) if packet.size else None)
                if any(frame.is_corrupt for frame in frames):
                    return place
                place += len(frames) if kind == "video" else 1
    except (FFmpegError, PlaybackError):
        return place
    return None


def with_iv(data: bytes, iv: bytes) -> bytes:
    """Put the CKC's IV in the place of the constant IV of the track's encryption box, where it has one.

    The box `tenc` (ISO/IEC 23001-7, 8.2), counted from its name: name 4, version and flags 4, reserved 1,
    pattern 1, protected 1, per-sample IV size 1, KID 16, constant IV size 1, constant IV 16.
    """
    at = data.find(b"tenc")
    if at < 0 or data[at + 10 : at + 12] != b"\x01\x00" or data[at + 28 : at + 29] != b"\x10":
        return data
    return data[: at + 29] + iv + data[at + 29 + len(iv) :]


def new_decoder(source: Decoder) -> Decoder:
    """Return a decoder of its own for a stream, told to fail where it would otherwise conceal."""
    from av import CodecContext

    context = cast("Decoder", CodecContext.create(source.name, "r"))
    context.extradata = source.extradata
    context.options = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}
    # One thread: with more, a fault surfaces some frames after the sample that caused it.
    context.thread_count = 1
    return context


def decrypted(packet: Packet[Any], data: bytes, key: bytes | None, iv: bytes | None) -> Packet[Any]:
    """Return a packet in clear: of MP4 libav has decrypted it, of the other containers it is done here."""
    if key is None or container_of(data) == MP4:
        return packet
    from av import Packet

    codec = packet.stream.codec_context.name
    clear = decrypt_frame(codec, bytes(packet), key, iv or bytes(BLOCK))
    if clear is None:
        raise PlaybackError(f"There is no SAMPLE-AES for {codec} in a transport stream.")
    return Packet(clear)
