"""The vectors of tests/vectors as Python values, and the verifier that shares no code with the project."""

import base64
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from expressplay_mock.tokens.sealed_token import TokenKeys
from fairplay.certificate import certificate_hash
from fairplay.spc import KeyServer

FOLDER = Path(__file__).parents[1] / "vectors"


def read(name: str) -> dict[str, dict[str, Any]]:
    """Return the vectors of one file by their names."""
    return {vector["name"]: vector for vector in json.loads((FOLDER / f"{name}.json").read_text())["vectors"]}


KEYS = json.loads((FOLDER / "keys.json").read_text())
SPC, CKC, TOKENS, REDEMPTIONS = map(read, ("spc", "ckc", "tokens", "redemptions"))


def spc_bytes(name: str) -> bytes:
    """Return the SPC of a vector."""
    return base64.b64decode(SPC[name]["spc"])


def key_server() -> KeyServer:
    """Return what opens the SPCs."""
    pairs = KEYS["rsa"].values()
    private_keys: Any = {
        certificate_hash(base64.b64decode(pair["certificate"])): load_pem_private_key(
            pair["private_key"].encode(), None
        )
        for pair in pairs
    }
    return KeyServer(private_keys, bytes.fromhex(KEYS["ask"]))


def token_keys() -> TokenKeys:
    """Return what opens the tokens."""
    keys = {bytes.fromhex(key_id): bytes.fromhex(key) for key_id, key in KEYS["token_keys"].items()}
    return TokenKeys(bytes.fromhex(KEYS["current_token_key"]), keys)


def verifier() -> ModuleType:
    """Load tests/vectors/verify.py."""
    spec = importlib.util.spec_from_file_location("verify", FOLDER / "verify.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
