"""What a dishonest client could do to the bytes of an SPC. The experiments show who notices.

Nothing here needs a secret of another device: an attacker has his own device, its SPCs, and the wire.
"""

import re

from fairplay import layout, tllv
from fairplay.aes import BLOCK, cbc_decrypt
from fairplay.envelope import read_envelope
from fairplay.spc import SpcContents


def flip_hu_bit(spc: bytes, contents: SpcContents, bit: int = 0) -> bytes:
    """Return `spc` with one bit changed, so that bit `bit` (0 to 127, 0 the highest) of its HU is flipped.

    CBC is malleable twice over. In SK..R1 a bit flipped in the first ciphertext block flips the same bit of the
    second plaintext block, which is where HU begins; it garbles SK, and leaves R1 and the integrity bytes alone.
    That ciphertext block is itself encrypted in the payload, right behind the SK..R1 IV: so the same bit of the
    payload block that holds the IV is flipped, on the wire and without any key. (`contents` is used only to find
    where in the payload SK..R1 lies.) A bare comparison of the integrity bytes would not notice; the MAC does.
    """
    if not 0 <= bit < BLOCK * 8:
        raise ValueError(f"bit of HU: expected 0 to {BLOCK * 8 - 1}, found {bit}")
    position = _skr1_offset(spc, contents) + bit // 8
    altered = bytearray(spc)
    altered[position] ^= 0x80 >> bit % 8
    return bytes(altered)


def _skr1_offset(spc: bytes, contents: SpcContents) -> int:
    """Return where in the SPC the value of the SK..R1 block begins (with its IV)."""
    payload = read_envelope(spc).open(contents.spc_key)
    block = next(block for block in tllv.blocks(payload) if block.tag == layout.SKR1.code)
    return len(spc) - len(payload) + block.offset + layout.TLLV_HEADER.size


def with_block_in_front(spc: bytes, contents: SpcContents, wanted: bytes) -> bytes:
    """Return `spc` with the encrypted block that begins `wanted` moved to the front of the payload.

    The block before it becomes the envelope's IV, so the block decrypts to what it held, and a server takes it for the
    first header. Takes no key. (`contents` is used only to find the block; an attacker tries each.)
    """
    envelope = read_envelope(spc)
    start = len(spc) - len(envelope.payload)
    place = envelope.open(contents.spc_key).index(wanted)
    if place % BLOCK or not place:
        raise ValueError(f"expected a block behind the first one, found offset {place}")
    before, block = (envelope.payload[at : at + BLOCK] for at in (place - BLOCK, place))
    head = spc[:start].replace(envelope.iv, before)
    return head + block + spc[start + BLOCK :]


def read_hint(answer: str) -> bytes:
    """Return the four bytes of a length that a server quotes as found; empty where it quotes none."""
    quoted = re.search(r"found (\d+)", answer)
    return int(quoted[1]).to_bytes(4, "big") if quoted else b""


def read_without_mac(spc: bytes, contents: SpcContents) -> tuple[bytes, bytes, bytes]:
    """Return integrity bytes, integrity tag and HU of an SPC, as a server sees them that computes no MAC.

    `contents` lends the keys; they are the same for an SPC that was altered on its way.
    """
    values = {block.tag: block.value for block in tllv.blocks(read_envelope(spc).open(contents.spc_key))}
    iv, ciphertext = layout.SKR1_VALUE.unpack(values[layout.SKR1.code])
    _, device_id, _, stated = layout.SKR1_PLAINTEXT.unpack(cbc_decrypt(contents.derived.dask, iv, ciphertext))
    return stated, values[layout.INTEGRITY.code], device_id
