"""A second implementation of the client, written from docs/messages.md and the HTTP interfaces alone.

It shares no line with the project: where the two disagree about a byte, one of them is wrong.
"""

import base64
import hashlib
import hmac
import os
import struct
import uuid
from dataclasses import dataclass, field

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SK_R1, INTEGRITY, AR, R2 = "3d1a10b8bffac2ec", "b349d4809e910687", "89c90f12204106b2", "71b5595ac1521133"
RETURN, ASSET, TRANSACTION = "19f9d4e5ab7609cb", "1bf7f53f5d5d5a1f", "47aa7ad3440577de"
SUPPORTED, USED, PLAYBACK = "67b8fb79ecce1a13", "5d81bcbcc7f61703", "eb8efdf2b25ab3a0"
CK, R1, DURATION = "58b38165af0e3d5a", "ea74c4645d5efee9", "47acf6a418cd091a"


def cbc(key: bytes, iv: bytes, data: bytes, *, decrypt: bool = False) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(data) + context.finalize()


def ecb(key: bytes, block: bytes, *, decrypt: bool = False) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    context = cipher.decryptor() if decrypt else cipher.encryptor()
    return context.update(block) + context.finalize()


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 for at most 32 bytes: one block of output."""
    extracted = hmac.new(b"sees-sim/d-substitute/v1", key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()[:length]


def block(tag: str, value: bytes) -> bytes:
    padded = value + os.urandom(16 - len(value) % 16)
    return bytes.fromhex(tag) + struct.pack(">II", len(padded), len(value)) + padded


def unblock(payload: bytes) -> dict[str, bytes]:
    found = {}
    while payload:
        tag, size, length = payload[:8].hex(), *struct.unpack(">II", payload[8:16])
        found[tag] = payload[16 : 16 + length]
        payload = payload[16 + size :]
    return found


@dataclass
class Message:
    """One SPC in the making; every part can be changed before `seal`."""

    certificate: bytes
    ask: bytes
    device_id: bytes
    asset_id: bytes
    now: int = 1_700_000_000
    mark: bytes = b"SIM1"
    sk: bytes = field(default_factory=lambda: os.urandom(16))
    r1: bytes = field(default_factory=lambda: os.urandom(44))
    r2: bytes = field(default_factory=lambda: os.urandom(21))
    ar: bytes = field(default_factory=lambda: os.urandom(16))
    transaction: bytes = field(default_factory=lambda: os.urandom(8))
    flipped_bit_of_hu: int | None = None

    def seal(self) -> bytes:
        dask = hkdf(self.ask, b"dask" + self.r2, 16)
        mac_key = hkdf(self.ask, b"skr1-integrity" + self.r2, 32)
        secret = self.sk + self.device_id + self.r1
        mac = hmac.new(mac_key, secret, hashlib.sha256).digest()[:16]
        iv = os.urandom(16)
        sealed = bytearray(iv + cbc(dask, iv, secret + mac))
        if self.flipped_bit_of_hu is not None:
            # A bit of ciphertext block n flips the same bit of plaintext block n + 1, where HU begins.
            sealed[16 + self.flipped_bit_of_hu // 8] ^= 0x80 >> self.flipped_bit_of_hu % 8
        state = struct.pack(">I", self.now) + bytes.fromhex("f4dee5a2") + os.urandom(8)
        payload = b"".join(
            (
                block(SK_R1, bytes(sealed)),
                block(INTEGRITY, mac),
                block(AR, self.ar),
                block(R2, self.r2),
                block(RETURN, bytes.fromhex(ASSET + TRANSACTION)),
                block(ASSET, self.asset_id),
                block(TRANSACTION, self.transaction),
                block(SUPPORTED, struct.pack(">I", 1)),
                block(USED, struct.pack(">I", 1)),
                block(PLAYBACK, state),
            )
        )
        key, payload_iv = os.urandom(16), os.urandom(16)
        public_key = x509.load_der_x509_certificate(self.certificate).public_key()
        assert isinstance(public_key, RSAPublicKey)
        version, algorithm = (1, hashes.SHA1()) if public_key.key_size == 1024 else (2, hashes.SHA256())
        oaep = padding.OAEP(padding.MGF1(algorithm), algorithm, None)
        wrapped = public_key.encrypt(key, oaep)
        head = struct.pack(">I4s", version, self.mark) + payload_iv + wrapped
        head += hashlib.sha1(self.certificate).digest() + struct.pack(">I", len(payload))
        return head + cbc(key, payload_iv, payload)

    def open(self, ckc: bytes) -> dict[str, bytes]:
        """Return the content key as "key", the IV as "iv", and the duration block if there is one."""
        assert ckc[:8] == b"\0\0\0\x01SIM1"
        assert struct.unpack(">I", ckc[24:28])[0] == len(ckc) - 28
        key = ecb(hashlib.sha1(self.r1).digest()[:16], self.ar)
        found = unblock(cbc(key, ckc[8:24], ckc[28:], decrypt=True))
        assert found[R1] == self.r1
        assert found[ASSET] == self.asset_id
        assert found[TRANSACTION] == self.transaction
        license_ = {"iv": found[CK][:16], "key": ecb(self.sk, found[CK][16:], decrypt=True)}
        return license_ | ({"duration": found[DURATION]} if DURATION in found else {})


@dataclass
class Stranger:
    """A client with nothing but two base URLs; `device_id` is whatever it says it is."""

    sees: str
    expressplay: str
    device_id: bytes
    cookie: str
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.http.trust_env = False
        factory = self.http.get(f"{self.expressplay}/_sim/provisioning", timeout=10).json()
        self.certificate, self.ask = base64.b64decode(factory["certificate"]), bytes.fromhex(factory["ask"])

    def entitle(self, request_type: int, content_id: str) -> dict[str, object]:
        request = {
            "messageID": str(uuid.uuid4()),
            "version": 1,
            "requestType": request_type,
            "contentID": content_id,
            "customerCookie": self.cookie,
        }
        answer: dict[str, object] = self.http.post(f"{self.sees}/sees/SEESServlet", json=request, timeout=10).json()
        assert answer["messageID"] == request["messageID"]
        return answer

    def message(self, content_id: str, **changes: object) -> Message:
        parts: dict[str, object] = {
            "certificate": self.certificate,
            "ask": self.ask,
            "device_id": self.device_id,
            "asset_id": content_id.encode(),
        }
        return Message(**{**parts, **changes})  # type: ignore[arg-type]

    def redeem(self, token_url: object, spc: bytes) -> requests.Response:
        headers = {"Content-Type": "application/octet-stream"}
        return self.http.post(str(token_url), data=spc, headers=headers, timeout=10)

    def register(self, content_id: str) -> None:
        message = self.message(content_id)
        answer = self.redeem(self.entitle(2, content_id)["epTokenURL"], message.seal())
        assert answer.status_code == 200, answer.text
        message.open(answer.content)
