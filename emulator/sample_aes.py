"""SAMPLE-AES in MPEG-2 transport streams and packed audio: one coded frame in, the same frame in clear out.

After Apple's "MPEG-2 Stream Encryption Format for HTTP Live Streaming": AES-128-CBC, the IV anew for each NAL unit or
audio frame. Of H.264, NAL units of types 1 and 5 longer than 48 bytes: 32 bytes clear, then one block of 16 encrypted
and up to 144 bytes clear, in turn. Of audio frames: 16 bytes behind the ADTS header clear (of AC-3 and Enhanced AC-3,
16 bytes in all), then every whole block. In fragmented MP4 (cbcs) libav does it.
"""

import re
from collections.abc import Callable

from fairplay.aes import BLOCK, cbc_decrypt

LEADER = 32
"""Bytes of a NAL unit that stay clear at its start."""
MAX_CLEAR_UNIT = 48
"""Bytes of a NAL unit up to which it stays clear as a whole."""
STRIDE = 160
"""Bytes from one encrypted block of a NAL unit to the next."""
SLICES = (1, 5)
"""Types of the NAL units that are encrypted."""
_START_CODE = re.compile(rb"(?<!\x00)\x00{2,}+\x01")
"""Zeros from the first on: begun at each of them, the search would be quadratic in a run that no 1 ends."""

Decrypt = Callable[[bytes], bytes]


def decrypt_frame(codec: str, frame: bytes, key: bytes, iv: bytes) -> bytes | None:
    """Return a frame of a codec (libav's name) in clear; None for a codec of which no encryption is defined."""

    def decrypt(blocks: bytes) -> bytes:
        return cbc_decrypt(key, iv, blocks)

    match codec:
        case "h264":
            return _decrypt_units(frame, decrypt)
        case "aac":
            # The last bit of the second byte of an ADTS header: no checksum, so 7 bytes in place of 9.
            header = 7 if frame[1:2] and frame[1] & 1 else 9
            return _decrypt_tail(frame, header + BLOCK, decrypt)
        case "ac3" | "eac3":
            return _decrypt_tail(frame, BLOCK, decrypt)
        case _:
            return None


def _decrypt_tail(frame: bytes, start: int, decrypt: Decrypt) -> bytes:
    end = start + max(0, len(frame) - start) // BLOCK * BLOCK
    return frame[:start] + decrypt(frame[start:end]) + frame[end:] if end > start else frame


def _decrypt_units(frame: bytes, decrypt: Decrypt) -> bytes:
    codes = [*_START_CODE.finditer(frame)]
    if not codes:
        return frame
    clear = bytearray(frame[: codes[0].start()])
    for code, following in zip(codes, [*codes[1:], None], strict=True):
        unit = frame[code.end() : following.start() if following else len(frame)]
        clear += b"\0\0\0\1" + _decrypt_unit(unit, decrypt)
    return bytes(clear)


def _decrypt_unit(unit: bytes, decrypt: Decrypt) -> bytes:
    if not unit or unit[0] & 0x1F not in SLICES:
        return unit
    # What was put in against start codes came after the encryption. What the encoder had put in stays.
    plain = bytearray(unit.rstrip(b"\0").replace(b"\0\0\3", b"\0\0"))
    if len(plain) <= MAX_CLEAR_UNIT:
        return unit
    places = [place for place in range(LEADER, len(plain), STRIDE) if len(plain) - place > BLOCK]
    blocks = decrypt(b"".join(plain[place : place + BLOCK] for place in places))
    for number, place in enumerate(places):
        plain[place : place + BLOCK] = blocks[number * BLOCK : (number + 1) * BLOCK]
    return bytes(plain)
