"""SK..R1, the sealed block that carries the device id (HU), and D-SIM, which stands in for Apple's D function.

Apple derives DASk from (ASk, R2) by a secret function, and what its 16 integrity bytes mean is not public. D-SIM
puts open ones in their place, of the same sizes, so that no offset moves:

    DASk      = HKDF-SHA-256(key ASk, salt "sees-sim/d-substitute/v1", info "dask" || R2)             16 bytes
    MAC key   = HKDF-SHA-256(key ASk, salt "sees-sim/d-substitute/v1", info "skr1-integrity" || R2)   32 bytes
    integrity = HMAC-SHA-256(MAC key, SK || HU || R1), first 16 bytes
    SK..R1    = IV || AES-128-CBC(DASk, IV, SK || HU || R1 || integrity)

A bare comparison of two equal 16-byte values would let anyone who flips a bit in the first ciphertext block flip
the matching bit of HU, at the price of a garbled SK that nobody checks. Hence a MAC.
"""

import functools
import hashlib
import hmac
from dataclasses import dataclass, field

from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.errors import IntegrityMismatch
from fairplay.layout import SKR1_PLAINTEXT, SKR1_VALUE

SALT = b"sees-sim/d-substitute/v1"
HU_SALT = b"sees-sim/hu/v1"
ASK_SIZE = 16
"""Bytes of an ASk."""


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """What D-SIM derives for one R2: `dask` (16 bytes) decrypts SK..R1, `mac_key` (32 bytes) proves it."""

    dask: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `ValueError` for keys of another size."""
        if (len(self.dask), len(self.mac_key)) != (16, 32):
            raise ValueError(f"DASk and MAC key: expected 16 and 32 bytes, found {len(self.dask)}, {len(self.mac_key)}")


@dataclass(frozen=True, slots=True)
class SessionKeyBlock:
    """The plaintext of SK..R1: session key `sk` (16 bytes), `device_id` (HU, 20 bytes), `r1` (44 bytes)."""

    sk: bytes = field(repr=False)
    device_id: bytes
    r1: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `ValueError` for another size than the field table has: a short part would move all that follow."""
        SKR1_PLAINTEXT.check(SK=self.sk, HU=self.device_id, R1=self.r1)


def device_id_of(seed: str) -> bytes:
    """Return the HU (20 bytes) of the virtual device grown from `seed`. Another seed is another device."""
    return hashlib.sha256(HU_SALT + seed.encode()).digest()[:20]


def derive(ask: bytes, r2: bytes) -> DerivedKeys:
    """D-SIM v1: return the keys for `r2` (21 bytes) under `ask` (16 bytes)."""
    extracted = _extract(ask)
    return DerivedKeys(_expand(extracted, b"dask" + r2)[:16], _expand(extracted, b"skr1-integrity" + r2))


def integrity(keys: DerivedKeys, block: SessionKeyBlock) -> bytes:
    """Return the 16-byte MAC over SK, HU and R1."""
    return hmac.digest(keys.mac_key, block.sk + block.device_id + block.r1, "sha256")[:16]


def seal(keys: DerivedKeys, block: SessionKeyBlock, iv: bytes) -> bytes:
    """Return the 112-byte value of the SK..R1 tag."""
    plaintext = SKR1_PLAINTEXT.pack(block.sk, block.device_id, block.r1, integrity(keys, block))
    return SKR1_VALUE.pack(iv, cbc_encrypt(keys.dask, iv, plaintext))


def unseal(keys: DerivedKeys, value: bytes, integrity_tag: bytes) -> SessionKeyBlock:
    """Open the 112-byte `value` of SK..R1.

    Raises `IntegrityMismatch` unless the tag, the decrypted bytes 80 to 95 and the recomputed MAC are equal. The
    comparison takes the same time wherever they differ.
    """
    iv, ciphertext = SKR1_VALUE.unpack(value)
    sk, device_id, r1, stated = SKR1_PLAINTEXT.unpack(cbc_decrypt(keys.dask, iv, ciphertext))
    block = SessionKeyBlock(sk, device_id, r1)
    if not hmac.compare_digest(integrity(keys, block) * 2, stated + integrity_tag):
        raise IntegrityMismatch
    return block


@functools.lru_cache(maxsize=8)
def _extract(ask: bytes) -> bytes:
    """HKDF-Extract (RFC 5869), once for each ASk."""
    return hmac.digest(SALT, ask, "sha256")


def _expand(extracted: bytes, info: bytes) -> bytes:
    """HKDF-Expand (RFC 5869) to the 32 bytes of its first block."""
    return hmac.digest(extracted, info + b"\x01", "sha256")
