"""CKCs that a hostile key server could answer an SPC with: it knows every key, so nothing but a check can stop them."""

import os
from collections.abc import Mapping

from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.ckc import ContentKey, ckc_key, read_frame, seal_ckc
from fairplay.layout import CKC_HEADER, CKC_VERSION, MARK
from fairplay.spc import SpcContents

MOST = 0xFFFFFFFF
"""The largest number that a length field holds."""


def framed(spc: SpcContents, payload: bytes) -> bytes:
    """Seal a payload, whatever it is, as the CKC that answers an SPC."""
    sealed = cbc_encrypt(ckc_key(spc.block.r1, spc.anti_replay_seed), bytes(16), payload)
    return CKC_HEADER.pack(CKC_VERSION, MARK, bytes(16), len(sealed)) + sealed


def hostile_ckcs(spc: SpcContents) -> Mapping[str, bytes]:
    """Return answers to `spc` by what is wrong with them. None is a CKC to be opened."""
    good = seal_ckc(spc, ContentKey(bytes(16), bytes(16)), random=os.urandom)
    iv, sealed = read_frame(good)
    payload = cbc_decrypt(ckc_key(spc.block.r1, spc.anti_replay_seed), iv, sealed)
    values = {block.tag: block.value for block in tllv.blocks(payload)}

    def frame(length: int, rest: bytes = sealed) -> bytes:
        return CKC_HEADER.pack(CKC_VERSION, MARK, iv, length) + rest

    def lengths(block: int, value: int) -> bytes:
        return framed(spc, layout.TLLV_HEADER.pack(layout.R1.code, block, value) + payload)

    def with_values(**changes: bytes | None) -> bytes:
        changed = {**values, **{getattr(layout, name).code: value for name, value in changes.items()}}
        written = tllv.write([(tag, value) for tag, value in changed.items() if value is not None], os.urandom)
        return framed(spc, written)

    duplicate = tllv.write([*values.items(), (layout.R1.code, values[layout.R1.code])], os.urandom)
    return {
        "nothing": b"",
        "a header alone": good[:28],
        "half a header": good[:27],
        "cut by a byte": good[:-1],
        "cut by a block": good[:-16],
        "a byte more": good + b"\0",
        "twice": good + good,
        "another version": b"\0\0\0\2" + good[4:],
        "another mark": good[:4] + b"REAL" + good[8:],
        "a payload of length 0": frame(0, b""),
        "length 0 before a payload": frame(0),
        "the largest length": frame(MOST),
        "a length of 2^31": frame(1 << 31),
        "a MiB of zeros": frame(1 << 20, bytes(1 << 20)),
        "a MiB that decrypts to zeros": framed(spc, bytes(1 << 20)),
        "a MiB of empty blocks": framed(spc, b"".join(n.to_bytes(8, "big") + bytes(8) for n in range(1 << 16))),
        "another IV": frame(len(sealed))[:8] + bytes(16) + good[24:],
        "blocks of length 0": framed(spc, bytes(64)),
        "a block of the largest length": lengths(MOST, 44),
        "a block of 2^31 bytes": lengths(1 << 31, 44),
        "a block beyond the end": lengths(len(payload) + 16, 44),
        "a value of the largest length": lengths(48, MOST),
        "a value longer than its block": lengths(48, 49),
        "a block of 47 bytes": lengths(47, 44),
        "half a block header": framed(spc, payload[:-16]),
        "a tag twice": framed(spc, duplicate),
        "no R1": with_values(R1=None),
        "an empty R1": with_values(R1=b""),
        "a short R1": with_values(R1=values[layout.R1.code][:-1]),
        "another R1": with_values(R1=bytes(44)),
        "no key": with_values(ENCRYPTED_KEY=None),
        "an empty key": with_values(ENCRYPTED_KEY=b""),
        "a short key": with_values(ENCRYPTED_KEY=bytes(31)),
        "a long key": with_values(ENCRYPTED_KEY=bytes(33)),
        "a huge key": with_values(ENCRYPTED_KEY=bytes(1 << 16)),
        "no returned tag": with_values(TRANSACTION_ID=None),
        "another returned tag": with_values(TRANSACTION_ID=bytes(8)),
        "an empty returned tag": with_values(ASSET_ID=b""),
        "an empty duration": with_values(DURATION=b""),
        "a short duration": with_values(DURATION=bytes(15)),
        "an unknown key type": with_values(DURATION=bytes(16)),
        "a short output level": with_values(HDCP=bytes(8)),
        "an unknown output level": with_values(HDCP=bytes(16)),
        "a short offline key": with_values(OFFLINE_KEY=bytes(31)),
        "an offline key of version 0": with_values(OFFLINE_KEY=bytes(32)),
        "a huge offline key": with_values(OFFLINE_KEY=bytes(4096)),
    }
