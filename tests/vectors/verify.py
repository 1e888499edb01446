"""A second opinion on the vectors: opens every message and says what is in it, or which check it breaks.

Written from docs/messages.md. It shares no code with the project, so where the two disagree about a byte, one of
them is wrong. `python tests/vectors/verify.py` checks all files; it needs only the package `cryptography`.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# tag: name, sizes that are legal, required
SPC_TAGS = {
    "3d1a10b8bffac2ec": ("sk_r1", [112], True),
    "b349d4809e910687": ("integrity", [16], True),
    "89c90f12204106b2": ("anti_replay_seed", [16], True),
    "71b5595ac1521133": ("r2", [21], True),
    "19f9d4e5ab7609cb": ("return_request", range(0, 65536, 8), True),
    "1bf7f53f5d5d5a1f": ("asset_id", range(2, 201), True),
    "47aa7ad3440577de": ("transaction_id", [8], True),
    "67b8fb79ecce1a13": ("supported", range(4, 400, 4), True),
    "5d81bcbcc7f61703": ("used", [4], True),
    "abb0256a31843974": ("streaming", [8], False),
    "eb8efdf2b25ab3a0": ("playback", [16], False),
    "9c02af3253c07fb2": ("capabilities", [16], False),
    "94c17cd676c69b59": ("device_identity", range(36, 65536), False),
}
CKC_TAGS = {
    "58b38165af0e3d5a": ("content_key", [32], True),
    "ea74c4645d5efee9": ("r1", [44], True),
    "47acf6a418cd091a": ("duration", [16], False),
    "2e52f1530d8ddb4a": ("hdcp", [16], False),
    "6375d9727060218c": ("offline_key", [32, 48], False),
}
PLAYBACK_STATES = ("f4dee5a2", "a5d6739e", "4f834330", "5991bf20")
KEY_TYPES = ("1a4bde7e", "3dfe45a0", "27b59bde", "3df2d9fb", "18f06048")
HDCP_LEVELS = ("ef72894ca7895b78", "40791ac78bd5c571", "285a0863bba8e1d3")
SERVER_PROTOCOLS = (1, 2)
BEHIND_THE_ENVELOPE = (4, 6, 7, 8, 9, 10, 11, 14)


class Refused(Exception):
    """The message breaks a rule: its public number, and the row of the table of checks (or the cause)."""

    def __init__(self, number: int, check: int | None = None) -> None:
        super().__init__(f"{number} (check {check})")
        self.number, self.check = number, check


def need(truth: object, number: int, check: int | None = None) -> None:
    if not truth:
        raise Refused(number, check)


def aes(mode: modes.CBC | modes.ECB, key: bytes, data: bytes, *, encrypt: bool = False) -> bytes:
    cipher = Cipher(algorithms.AES(key), mode)
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(data) + context.finalize()


def derive(ask: bytes, info: bytes, size: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869), one block of output."""
    pseudorandom = hmac.digest(b"sees-sim/d-substitute/v1", ask, "sha256")
    return hmac.digest(pseudorandom, info + b"\x01", "sha256")[:size]


def read_blocks(payload: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    while at < len(payload):
        need(len(payload) - at >= 16, -42585, 6)
        tag, size, length = payload[at : at + 8].hex(), *struct.unpack_from(">II", payload, at + 8)
        need(size % 16 == 0 and length <= size and at + 16 + size <= len(payload), -42585, 6)
        need(tag not in found, -42591, 7)
        found[tag] = payload[at + 16 : at + 16 + length]
        at += 16 + size
    return found


def check_tags(found: dict[str, bytes], known: dict[str, Any]) -> dict[str, bytes]:
    for tag, value in found.items():
        need(tag not in known or len(value) in known[tag][1], -42581, 8)
    for tag, (_, _, required) in known.items():
        need(tag in found or not required, -42583, 9)
    return {known[tag][0]: value for tag, value in found.items() if tag in known}


class KeyServer:
    """Opens SPCs and tokens with the keys of `keys.json`."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.ask = bytes.fromhex(keys["ask"])
        self.token_keys = {bytes.fromhex(name): bytes.fromhex(key) for name, key in keys["token_keys"].items()}
        self.rsa = {}
        for pair in keys["rsa"].values():
            certificate = base64.b64decode(pair["certificate"])
            private = serialization.load_pem_private_key(pair["private_key"].encode(), None)
            self.rsa[hashlib.sha1(certificate).digest()] = private

    def open_spc(self, spc: bytes) -> dict[str, Any]:
        version = int.from_bytes(spc[:4], "big")
        is_ckc = version == 1 and spc[4:8] == b"SIM1" and spc[24:28] == (len(spc) - 28).to_bytes(4, "big")
        need(len(spc) >= 8 and version in (1, 2) and not is_ckc, -42580, 1)
        need(spc[4:8] == b"SIM1", -9001, 1)
        rsa_size = {1: 128, 2: 256}[version]
        start = 24 + rsa_size + 24
        need(len(spc) >= start, -42580, 1)
        private = self.rsa.get(spc[24 + rsa_size : 44 + rsa_size])
        need(private, -42605, 2)
        length = int.from_bytes(spc[start - 4 : start], "big")
        need(length > 0 and length % 16 == 0 and start + length == len(spc), -42585, 3)
        digest = {1: hashes.SHA1(), 2: hashes.SHA256()}[version]
        try:
            key = private.decrypt(spc[24 : 24 + rsa_size], padding.OAEP(padding.MGF1(digest), digest, None))  # type: ignore[union-attr]
        except ValueError:
            raise Refused(-42605, 4) from None
        need(len(key) == 16, -42605, 4)
        found = read_blocks(aes(modes.CBC(spc[8:24]), key, spc[start:]))
        values = check_tags(found, SPC_TAGS)
        return {"version": version, **self._read(found, values)}

    def _read(self, found: dict[str, bytes], values: dict[str, bytes]) -> dict[str, Any]:
        asked = values["return_request"]
        returned = list(dict.fromkeys(asked[at : at + 8].hex() for at in range(0, len(asked), 8)))
        need(all(tag in found and tag not in CKC_TAGS for tag in returned), -42583, 10)
        supported = struct.unpack(f">{len(values['supported']) // 4}I", values["supported"])
        used = int.from_bytes(values["used"], "big")
        need(used in supported and used in SERVER_PROTOCOLS, -42590, 11)
        playback = None
        if "playback" in values:
            created, state, session = struct.unpack(">I4s8s", values["playback"])
            need(state.hex() in PLAYBACK_STATES, -42585, 14)
            playback = {"created": created, "state": state.hex(), "session": session.hex()}
        dask = derive(self.ask, b"dask" + values["r2"], 16)
        plain = aes(modes.CBC(values["sk_r1"][:16]), dask, values["sk_r1"][16:])
        mac = hmac.digest(derive(self.ask, b"skr1-integrity" + values["r2"], 32), plain[:80], "sha256")[:16]
        need(mac == plain[80:96] == values["integrity"], -42589, 12)
        hexes = ("asset_id", "r2", "anti_replay_seed", "transaction_id")
        return {
            **{name: values[name].hex() for name in hexes},
            "sk": plain[:16].hex(),
            "device_id": plain[16:36].hex(),
            "r1": plain[36:80].hex(),
            "return_tags": returned,
            "playback": playback,
            "returned": {tag: found[tag] for tag in returned},
        }

    def open_token(self, text: str | None) -> dict[str, Any]:
        need(text and len(text) <= 8192 and re.fullmatch(r"[A-Za-z0-9_-]*", text), -4010)
        assert text is not None
        need(len(text) % 4 != 1, -4010)
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        need(base64.urlsafe_b64encode(data).decode().rstrip("=") == text, -4010)
        need(data[:4] == b"\1\0\0\1" and len(data) >= 36 and data[4:8] in self.token_keys, -4010)
        try:
            restrictions = dict(json.loads(AESGCM(self.token_keys[data[4:8]]).decrypt(data[8:20], data[20:], data[:8])))
        except InvalidTag:
            raise Refused(-4010) from None
        always, optional = ("account", "contentKey", "iv", "expires"), ("cookie", "deviceId", "rentalDuration")
        need(set(always) <= set(restrictions) <= {*always, *optional, "fpExtension", "kid"}, -4010)
        return {
            "account": restrictions["account"],
            "content_key": restrictions["contentKey"],
            "iv": restrictions["iv"],
            "expires": restrictions["expires"],
            "cookie": restrictions.get("cookie"),
            "device_id": restrictions.get("deviceId"),
            "rental": restrictions.get("rentalDuration", 0),
            "extensions": restrictions.get("fpExtension", []),
            "kid": restrictions.get("kid"),
        }

    def redeem(self, token: str | None, body: bytes, now: float, issued: set[str]) -> dict[str, Any]:
        """Decide about one request; `issued` holds the SPCs that a license was issued for, and grows."""
        need(len(body) <= 65536, -9004)
        allowed = self.open_token(token)
        need(now < allowed["expires"], -4011)
        try:
            spc = self.open_spc(body)
        except Refused as refused:
            # Whatever only the server's keys can find in an SPC has one number for the sender.
            raise Refused(-4001, -42585 if refused.check in BEHIND_THE_ENVELOPE else refused.number) from None
        need(allowed["device_id"] in (None, spc["device_id"]), -9003)
        if allowed["rental"] and spc["playback"] is None:
            raise Refused(-4001, -42583)
        once = spc["sk"] + spc["device_id"] + spc["r1"]
        need(once not in issued, -9002)
        issued.add(once)
        return {name: allowed[name] for name in ("content_key", "iv", "rental")}


def open_ckc(ckc: bytes, spc: dict[str, Any]) -> dict[str, Any]:
    """Open a CKC as the device that sent `spc` does."""
    length = int.from_bytes(ckc[24:28], "big")
    need(ckc[:8] == b"\0\0\0\1SIM1" and 0 < length == len(ckc) - 28 and length % 16 == 0, -42585, 3)
    r1 = bytes.fromhex(spc["r1"])
    key = aes(modes.ECB(), hashlib.sha1(r1).digest()[:16], bytes.fromhex(spc["anti_replay_seed"]), encrypt=True)
    try:
        found = read_blocks(aes(modes.CBC(ckc[8:24]), key, ckc[28:]))
    except Refused:
        raise Refused(-42589, 12) from None
    values = check_tags(found, CKC_TAGS)
    need(values["r1"] == r1, -42589, 12)
    for tag, value in spc["returned"].items():
        need(found.get(tag) == value, -42583, 10)
    duration = None
    if "duration" in values:
        lease, rental, key_type = struct.unpack(">II4s", values["duration"][:12])
        need(key_type.hex() in KEY_TYPES, -42585, 3)
        duration = {"lease": lease, "rental": rental, "key_type": key_type.hex()}
    hdcp = values["hdcp"][:8].hex() if "hdcp" in values else None
    need(hdcp is None or hdcp in HDCP_LEVELS, -42585, 3)
    offline_key = None
    if "offline_key" in values:
        block = values["offline_key"]
        version, content_id, storage, playback = struct.unpack(">I4x16sII", block[:32])
        need(version == len(block) // 16 - 1, -42585, 3)
        title_id = block[32:] or bytes(16)
        offline_key = {"content_id": content_id.hex(), "title_id": title_id.hex()}
        offline_key |= {"storage": storage, "playback": playback}
    content_key = aes(modes.ECB(), bytes.fromhex(spc["sk"]), values["content_key"][16:])
    return {
        "offline_key": offline_key,
        "content_key": content_key.hex(),
        "iv": values["content_key"][:16].hex(),
        "duration": duration,
        "hdcp": hdcp,
    }


def check_store(stored: dict[str, str]) -> None:
    """Refuse to seal what the key store should not hold."""
    need(all(len(stored[name]) == 32 for name in ("content_key", "iv")), -42584, 13)


# ------------------------------------------------------------------------------------------------- the vectors


def outcome(action: Any, *arguments: Any, second: str | None = "check") -> dict[str, Any]:
    """Return what a vector would say: {"opens": …} or {"refused": …}."""
    try:
        opened = action(*arguments)
    except Refused as refused:
        said = {"number": refused.number} | ({second: refused.check} if second else {})
        return {"refused": said}
    return {"opens": {name: value for name, value in opened.items() if name != "returned"}}


def disagreements(folder: Path) -> list[str]:
    """Return one line per vector that this verifier sees differently, and a count as the last one."""
    files = {
        name: json.loads((folder / f"{name}.json").read_text()) for name in ("spc", "ckc", "tokens", "redemptions")
    }
    vectors = {name: {vector["name"]: vector for vector in file["vectors"]} for name, file in files.items()}
    server = KeyServer(json.loads((folder / "keys.json").read_text()))
    spcs = {name: base64.b64decode(vector["spc"]) for name, vector in vectors["spc"].items()}
    seen: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    for name, vector in vectors["spc"].items():
        seen.append((f"SPC {name}", vector, outcome(server.open_spc, spcs[name])))
    for name, vector in vectors["ckc"].items():
        if "seal" in vector:
            found = outcome(check_store, vector["seal"])
        else:
            found = outcome(open_ckc, base64.b64decode(vector["ckc"]), server.open_spc(spcs[vector["answers"]]))
        seen.append((f"CKC {name}", vector, found))
    for name, vector in vectors["tokens"].items():
        seen.append((f"token {name}", vector, outcome(server.open_token, vector["token"], second=None)))
    for name, vector in vectors["redemptions"].items():
        issued: set[str] = set()
        for number, request in enumerate(vector["requests"]):
            token = vectors["tokens"][request["token"]]["token"]
            body = bytes(request["zeros"]) if "zeros" in request else spcs[request["spc"]]
            found = outcome(server.redeem, token, body, request["now"], issued, second="cause")
            expected = {"opens": request["issued"]} if "issued" in request else request
            seen.append((f"redemption {name}, request {number}", expected, found))
    return [
        f"{name}: found {found}" for name, vector, found in seen if any(vector.get(key) != found[key] for key in found)
    ] + [f"{len(seen)} outcomes compared"]


if __name__ == "__main__":
    *different, count = disagreements(Path(__file__).parent)
    print("\n".join([*different, f"{count}, {len(different)} differ"]))
    sys.exit(1 if different else 0)
