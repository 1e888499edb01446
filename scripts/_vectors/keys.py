"""The test keys of the vectors, and random bytes that are the same at every renewal."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from expressplay_mock.tokens.sealed_token import TokenKeys
from fairplay.certificate import ApplicationCertificate, load_certificate

NOTICE = "TEST KEYS of a simulation. They are published, so they protect nothing. Never use them for anything else."
VERSIONS = {"v1": 1024, "v2": 2048}

Vector = dict[str, Any]
Number = tuple[int, int]
"""Of a refusal: the number, and the row of the table of checks."""


class Stream:
    """Bytes that look random and depend on a label alone: SHA-256 of the label and a counter."""

    def __init__(self, label: str) -> None:
        self.label = label.encode()
        self.count = 0

    def __call__(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        data = b""
        while len(data) < size:
            data += hashlib.sha256(self.label + self.count.to_bytes(8, "big")).digest()
            self.count += 1
        return data[:size]


@dataclass(frozen=True)
class RepeatableKey:
    """An RSA public key whose OAEP takes its seed from a `Stream`, so that a renewal yields the same bytes."""

    modulus: int
    exponent: int
    key_size: int
    random: Stream

    def encrypt(self, message: bytes, padding: OAEP) -> bytes:
        """Return `message` under RSA-OAEP with an empty label (RFC 8017, section 7.1.1)."""
        digest = padding.algorithm.name.replace("-", "")
        size, hash_size = self.key_size // 8, padding.algorithm.digest_size
        seed = self.random(hash_size)
        block = hashlib.new(digest, b"").digest()
        block += bytes(size - 2 * hash_size - 2 - len(message)) + b"\x01" + message
        masked = _xor(block, _mask(seed, len(block), digest))
        masked_seed = _xor(seed, _mask(masked, hash_size, digest))
        number = int.from_bytes(masked_seed + masked, "big")
        return pow(number, self.exponent, self.modulus).to_bytes(size, "big")


@dataclass(frozen=True)
class TestKeys:
    """What `keys.json` holds, ready for use."""

    ask: bytes
    other_ask: bytes
    certificates: dict[str, bytes]
    tokens: TokenKeys
    retired_tokens: TokenKeys

    def certificate(self, version: str, random: Stream) -> ApplicationCertificate:
        """Return a certificate that wraps SPC keys repeatably."""
        loaded = load_certificate(self.certificates[version])
        numbers = loaded.public_key.public_numbers()
        key: Any = RepeatableKey(numbers.n, numbers.e, loaded.public_key.key_size, random)
        return ApplicationCertificate(loaded.hash, key, loaded.spc_version)


def load(path: Path) -> TestKeys:
    """Read `keys.json`."""
    data = json.loads(path.read_text())
    token_keys = {bytes.fromhex(key_id): bytes.fromhex(key) for key_id, key in data["token_keys"].items()}
    unknown = Stream("a token key of another service")
    unknown_id = unknown(4)
    return TestKeys(
        ask=bytes.fromhex(data["ask"]),
        other_ask=Stream("the ASk of another provider")(16),
        certificates={name: base64.b64decode(data["rsa"][name]["certificate"]) for name in VERSIONS},
        tokens=TokenKeys(bytes.fromhex(data["current_token_key"]), token_keys),
        retired_tokens=TokenKeys(unknown_id, {unknown_id: unknown(32)}),
    )


def new_keys() -> dict[str, Any]:
    """Make the content of `keys.json`: new RSA keys, the rest as always."""
    random = Stream("the test keys of the vectors")
    older, newer = random(4), random(4)
    return {
        "notice": NOTICE,
        "ask": random(16).hex(),
        "rsa": {name: _rsa(size) for name, size in VERSIONS.items()},
        "current_token_key": newer.hex(),
        "token_keys": {older.hex(): random(32).hex(), newer.hex(): random(32).hex()},
    }


def refused(number: int, check: int | None) -> dict[str, int | None]:
    """Return what a vector says of a refusal: its number, and the row of the table of checks."""
    return {"number": number, "check": check}


def text(data: bytes) -> str:
    """Return Base64."""
    return base64.b64encode(data).decode()


def _rsa(size: int) -> dict[str, str]:
    key = generate_private_key(public_exponent=65537, key_size=size)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SEES SIMULATION test vectors")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=36500))
    certificate = builder.sign(key, SHA256()).public_bytes(Encoding.DER)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"certificate": base64.b64encode(certificate).decode(), "private_key": pem.decode()}


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _mask(seed: bytes, size: int, digest: str) -> bytes:
    blocks = (hashlib.new(digest, seed + count.to_bytes(4, "big")).digest() for count in range(size // 20 + 1))
    return b"".join(blocks)[:size]
