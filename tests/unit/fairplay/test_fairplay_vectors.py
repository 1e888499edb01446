"""The vectors: fairplay/ and a verifier that shares no code with it find in each what it says, or refuse it."""

import ast
import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import vectors

from fairplay.ckc import ContentKey, License, open_ckc, seal_ckc
from fairplay.errors import CkcError, FairPlayError, KeyNotFound, SpcError
from fairplay.spc import SpcContents, open_spc

SERVER = vectors.key_server()


def described(contents: SpcContents) -> dict[str, Any]:
    playback = contents.playback
    return {
        "version": contents.version,
        "asset_id": contents.asset_id.hex(),
        "device_id": contents.device_id,
        "sk": contents.block.sk.hex(),
        "r1": contents.block.r1.hex(),
        "r2": contents.r2.hex(),
        "anti_replay_seed": contents.anti_replay_seed.hex(),
        "transaction_id": contents.transaction_id.hex(),
        "return_tags": [tag.hex() for tag in contents.return_tags],
        "playback": {
            "created": playback.created,
            "state": playback.state.value.hex(),
            "session": playback.session.hex(),
        }
        if playback
        else None,
    }


def license_described(opened: License) -> dict[str, Any]:
    duration = opened.duration
    return {
        "content_key": opened.content.key.hex(),
        "iv": opened.content.iv.hex(),
        "duration": {"lease": duration.lease, "rental": duration.rental, "key_type": duration.key_type.value.hex()}
        if duration
        else None,
        "hdcp": opened.hdcp.value.hex() if opened.hdcp else None,
        "offline_key": {
            "content_id": kept.content_id.hex(),
            "title_id": kept.title_id.hex(),
            "storage": kept.storage,
            "playback": kept.playback,
        }
        if (kept := opened.offline_key)
        else None,
    }


def refusal(error: FairPlayError) -> dict[str, int]:
    return {"number": error.number, "check": error.check}


@pytest.mark.parametrize("name", vectors.SPC)
def test_an_spc(name: str) -> None:
    vector = vectors.SPC[name]
    if "opens" in vector:
        contents = open_spc(vectors.spc_bytes(name), SERVER)
        assert described(contents) == vector["opens"]
        assert bool(contents.warnings) == (name == "newer protocol")
    else:
        with pytest.raises(SpcError) as caught:
            open_spc(vectors.spc_bytes(name), SERVER)
        assert refusal(caught.value) == vector["refused"]


@pytest.mark.parametrize("name", vectors.CKC)
def test_a_ckc(name: str) -> None:
    vector = vectors.CKC[name]
    sent = open_spc(vectors.spc_bytes(vector["answers"]), SERVER)
    if "opens" in vector:
        assert license_described(open_ckc(base64.b64decode(vector["ckc"]), sent)) == vector["opens"]
        return
    with pytest.raises(FairPlayError) as caught:
        seal_stored(sent, vector["seal"]) if "seal" in vector else open_ckc(base64.b64decode(vector["ckc"]), sent)
    assert refusal(caught.value) == vector["refused"]


def seal_stored(sent: SpcContents, stored: dict[str, str]) -> bytes:
    content = ContentKey(bytes.fromhex(stored["content_key"]), bytes.fromhex(stored["iv"]))
    return seal_ckc(sent, content, random=bytes)


def test_every_cause_has_a_vector() -> None:
    refused = {side: shown(found) for side, found in ((SpcError, vectors.SPC), (CkcError, vectors.CKC))}
    # The one check of an SPC's answer is made when the CKC is sealed.
    assert causes(SpcError) - refused[SpcError] == {(KeyNotFound.number, KeyNotFound.check)}
    assert (KeyNotFound.number, KeyNotFound.check) in refused[CkcError]
    assert causes(CkcError) == refused[CkcError] - {(KeyNotFound.number, KeyNotFound.check)}


def shown(found: dict[str, dict[str, Any]]) -> set[tuple[int, int]]:
    return {
        (vector["refused"]["number"], vector["refused"]["check"]) for vector in found.values() if "refused" in vector
    }


def causes(side: type[FairPlayError]) -> set[tuple[int, int]]:
    return {(error.number, error.check) for error in side.__subclasses__()}


def test_the_verifier_agrees_on_every_vector() -> None:
    *different, count = vectors.verifier().disagreements(vectors.FOLDER)
    assert different == []
    assert count == "192 outcomes compared"


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("spc", ("-42591", "-42592")),
        ("spc", (vectors.SPC["v2 ready"]["opens"]["device_id"], "00" * 20)),
        ("ckc", ('"rental": 172800', '"rental": 172801')),
        ("tokens", ("viewer-7", "viewer-8")),
        ("redemptions", ("-9002", "-9003")),
    ],
)
def test_the_verifier_would_notice(tmp_path: Path, file: str, change: tuple[str, str]) -> None:
    for path in vectors.FOLDER.glob("*.json"):
        shutil.copy(path, tmp_path)
    path = tmp_path / f"{file}.json"
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    assert len(vectors.verifier().disagreements(tmp_path)) > 1


def test_the_verifier_shares_no_code_with_the_project() -> None:
    tree = ast.parse((vectors.FOLDER / "verify.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    packages = {name.partition(".")[0] for name in imported}
    assert packages == {"base64", "hashlib", "hmac", "json", "re", "struct", "sys", "pathlib", "typing", "cryptography"}


def test_a_renewal_yields_the_same_bytes() -> None:
    from _vectors import ckc, keys, spc, tokens

    test_keys = keys.load(vectors.FOLDER / "keys.json")
    renewed = [spc.spc_vectors(test_keys), ckc.ckc_vectors(test_keys), tokens.token_vectors(test_keys)]
    for made, stored in zip(renewed, (vectors.SPC, vectors.CKC, vectors.TOKENS), strict=True):
        assert json.loads(json.dumps(list(made))) == list(stored.values())
    assert list(tokens.redemption_vectors()) == list(vectors.REDEMPTIONS.values())


def test_the_keys_are_marked_as_published() -> None:
    assert vectors.KEYS["notice"].startswith("TEST KEYS")
