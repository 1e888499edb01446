"""SAMPLE-AES of transport streams and packed audio: against an encryption after the specification, and for real."""

import io
from collections.abc import Callable
from typing import Any

import av
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from emulator.containers import container_of
from emulator.sample_aes import decrypt_frame
from emulator.track_decoder import TrackDecoder
from emulator.verdict import Verdict

KEY, IV = bytes(range(16)), bytes(range(16, 32))


def encryptor() -> Callable[[bytes], bytes]:
    return Cipher(AES(KEY), CBC(IV)).encryptor().update


def encrypt_unit(unit: bytes) -> bytes:
    """A NAL unit as the specification encrypts it: block by block, then guarded against start codes."""
    if unit[0] & 0x1F not in (1, 5) or len(unit) <= 48:
        return unit
    encrypt, out, place = encryptor(), bytearray(unit[:32]), 32
    while len(unit) - place > 16:
        out += encrypt(unit[place : place + 16])
        out += unit[place + 16 : place + 160]
        place += 160
    out += unit[len(out) :]
    guarded, zeros = bytearray(), 0
    for byte in out:
        if zeros >= 2 and byte <= 3:
            guarded.append(3)
            zeros = 0
        guarded.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(guarded)


def encrypt_audio(frame: bytes, clear: int) -> bytes:
    whole = max(0, len(frame) - clear) // 16 * 16
    return frame[:clear] + encryptor()(frame[clear : clear + whole]) + frame[clear + whole :]


# What an encoder writes: no start code inside, and no zero at the end.
units = st.builds(
    lambda kind, body: bytes([kind]) + body.replace(b"\0\0", b"\0\7") + b"\x80",
    st.sampled_from([1, 5, 6, 7, 0x61, 0x65]),
    st.binary(max_size=700) | st.integers(0, 700).map(lambda size: b"\0\1\2" * (size // 3)),
)


@given(st.lists(units, min_size=1, max_size=4))
def test_every_nal_unit_comes_back(clear: list[bytes]) -> None:
    frame = b"".join(b"\0\0\0\1" + encrypt_unit(unit) for unit in clear)
    assert decrypt_frame("h264", frame, KEY, IV) == b"".join(b"\0\0\0\1" + unit for unit in clear)


@given(st.binary(max_size=200), st.booleans())
def test_every_audio_frame_comes_back(body: bytes, checksum: bool) -> None:
    header = bytes([0xFF, 0xF0 if checksum else 0xF1]) + bytes(7 if checksum else 5)
    frame = header + body
    assert decrypt_frame("aac", encrypt_audio(frame, len(header) + 16), KEY, IV) == frame
    assert decrypt_frame("ac3", encrypt_audio(body, 16), KEY, IV) == body


@given(st.sampled_from(["h264", "aac", "ac3", "eac3", "hevc"]), st.binary(max_size=300))
def test_any_bytes_are_a_frame(codec: str, frame: bytes) -> None:
    clear = decrypt_frame(codec, frame, KEY, IV)
    assert clear is None if codec == "hevc" else clear is not None


def stream_of(kind: str) -> bytes:
    """A short track in its container: MPEG-TS for pictures, packed AAC for sound; each frame encrypted."""
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts" if kind == "video" else "adts") as out:
        if kind == "video":
            more: Any = {"width": 96, "height": 64, "pix_fmt": "yuv420p"}
            video = out.add_stream("libx264", rate=24, options={"x264-params": "keyint=12:aud=1"}, **more)
            for number in range(24):
                frame = av.VideoFrame(96, 64, "yuv420p")
                for plane in frame.planes:
                    size = plane.buffer_size
                    plane.update(bytes((place * (7 + number)) % 251 for place in range(size)))
                for packet in video.encode(frame):
                    out.mux(_encrypted(packet))
            for packet in video.encode(None):
                out.mux(_encrypted(packet))
        else:
            audio = out.add_stream("aac", rate=48_000)
            for number in range(40):
                sound = av.AudioFrame("fltp", "stereo", 1024)
                sound.sample_rate = 48_000
                sound.pts = number * 1024
                for channel in sound.planes:
                    channel.update(bytes((place * (3 + number)) % 63 for place in range(channel.buffer_size)))
                for packet in audio.encode(sound):
                    out.mux(packet)
            for packet in audio.encode(None):
                out.mux(packet)
    data = file.getvalue()
    return data if kind == "video" else _encrypted_adts(data)


def _encrypted(packet: "av.Packet[Any]") -> "av.Packet[Any]":
    parts = bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    changed = av.Packet(b"".join(b"\0\0\0\1" + encrypt_unit(unit.rstrip(b"\0")) for unit in parts if unit))
    changed.stream, changed.time_base = packet.stream, packet.time_base
    changed.pts, changed.dts, changed.is_keyframe = packet.pts, packet.dts, packet.is_keyframe
    return changed


def _encrypted_adts(data: bytes) -> bytes:
    out, place = b"", 0
    while place < len(data):
        size = (data[place + 3] & 3) << 11 | data[place + 4] << 3 | data[place + 5] >> 5
        out += encrypt_audio(data[place : place + size], 7 + 16)
        place += size
    tag = b"PRIV" + (0).to_bytes(4, "big") + b"\0\0"
    return b"ID3\4\0\0" + bytes([0, 0, 0, len(tag)]) + tag + out


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_whole_track_plays_under_its_key_and_under_no_other(kind: str) -> None:
    data = stream_of(kind)
    assert container_of(data) == ("mpegts" if kind == "video" else "aac")
    for key, verdict in ((KEY, Verdict.PLAYED), (IV, Verdict.WRONG_KEY)):
        decoder = TrackDecoder("video" if kind == "video" else "audio", key, IV)
        decoder.feed(data)
        result = decoder.finish()
        assert (result.verdict, result.detail) == (verdict, result.detail)


def test_a_run_of_zeros_is_looked_at_once() -> None:
    # Begun anew at each zero, the search for start codes would take hours.
    zeros = bytes(2_000_000)
    assert decrypt_frame("h264", zeros, KEY, IV) == zeros
    assert decrypt_frame("h264", b"\x09" + zeros + b"\1\x09", KEY, IV) == b"\x09\0\0\0\1\x09"
