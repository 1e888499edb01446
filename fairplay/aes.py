"""The three uses of AES-128 in FairPlay's messages. Inputs are multiples of 16 bytes; nothing is padded."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

BLOCK = 16


def cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Return `data` under AES-128-CBC."""
    return Cipher(AES(key), CBC(iv)).encryptor().update(data)


def cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Return the plaintext of `data` under AES-128-CBC."""
    return Cipher(AES(key), CBC(iv)).decryptor().update(data)


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """Return one 16-byte block under AES-128-ECB, as FairPlay wraps content keys and derives CKC keys."""
    return Cipher(AES(key), ECB()).encryptor().update(block)  # noqa: S305 - one block: no pattern to show


def decrypt_block(key: bytes, block: bytes) -> bytes:
    """Undo `encrypt_block`."""
    return Cipher(AES(key), ECB()).decryptor().update(block)  # noqa: S305 - one block: no pattern to show
