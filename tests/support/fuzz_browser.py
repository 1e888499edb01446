"""Targets of scripts/fuzz in fairplay-eme.js: its SPCs and its CKCs, each held against what the Python device does.

Node runs the script, without a browser: its messages need none.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fuzz_target import Target

from expressplay_mock.credentials import Credentials
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.ckc import ckc_key, open_ckc, read_frame
from fairplay.errors import CkcError
from fairplay.layout import CKC_HEADER, CKC_VERSION, MARK
from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents, open_spc
from hosting.process import running_program
from sees_testing.safari import SCRIPT

RUNNER = Path(__file__).with_suffix(".js")
Ask = Callable[[dict[str, Any]], dict[str, Any]]


@contextmanager
def browser_targets(credentials: Credentials, contents: SpcContents, ckc: bytes) -> Iterator[dict[str, Target]]:
    """Yield the targets by name; `ckc` answers the SPC of `contents`."""
    command = ["node", str(RUNNER), str(SCRIPT)]
    with running_program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        given, said = node.stdin, node.stdout

        def ask(question: dict[str, Any]) -> dict[str, Any]:
            given.write(json.dumps(question) + "\n")
            given.flush()
            answer: dict[str, Any] = json.loads(said.readline())
            assert "broken" not in answer, answer["broken"]
            return answer

        yield {
            "script-spc": Target(lambda data: _make_spc(ask, credentials, data), (b"a content id\0a seed", b"\xff")),
            "script-ckc": Target(lambda data: _open_ckc(ask, contents, data), _ckcs(contents, ckc)),
        }


def _make_spc(ask: Ask, credentials: Credentials, data: bytes) -> None:
    """For any names of content and device the script makes an SPC that the key server takes, or none."""
    asset_id, _, rest = data.partition(b"\0")
    seed = rest.decode("utf-8", "replace")
    made = ask(
        {
            "certificate": credentials.certificate.hex(),
            "ask": credentials.ask.hex(),
            "asset_id": asset_id.hex(),
            "seed": seed,
            "now": int.from_bytes(data[:4], "big"),
        }
    )
    if "error" in made:
        assert not 2 <= len(asset_id) <= 200, made["error"]
        return
    opened = open_spc(bytes.fromhex(made["spc"]), credentials.redemption_keys().fairplay)
    assert (opened.asset_id, opened.device_id) == (asset_id, device_id_of(seed).hex())


def _ckcs(contents: SpcContents, ckc: bytes) -> tuple[bytes, ...]:
    iv, payload = read_frame(ckc)
    return b"\0" + ckc, b"\1" + cbc_decrypt(_key(contents), iv, payload)


def _key(contents: SpcContents) -> bytes:
    return ckc_key(contents.block.r1, contents.anti_replay_seed)


def _open_ckc(ask: Ask, contents: SpcContents, data: bytes) -> None:
    """Both devices find the same in a CKC. An odd first byte has the rest sealed: a payload by whoever has the key."""
    ckc = data[1:]
    if data[:1] and data[0] % 2:
        payload = ckc[: len(ckc) // 16 * 16] or bytes(16)
        sealed = cbc_encrypt(_key(contents), bytes(16), payload)
        ckc = CKC_HEADER.pack(CKC_VERSION, MARK, bytes(16), len(sealed)) + sealed
    returned = {tag.hex(): contents.values[tag].hex() for tag in contents.return_tags}
    keys = {"sk": contents.block.sk.hex(), "r1": contents.block.r1.hex(), "returned": returned}
    keys["anti_replay_seed"] = contents.anti_replay_seed.hex()
    found = ask({"ckc": ckc.hex(), "keys": keys})
    assert found == found | _found_in_python(ckc, contents), found


def _found_in_python(ckc: bytes, contents: SpcContents) -> dict[str, Any]:
    try:
        content = open_ckc(ckc, contents).content
    except CkcError as error:
        return {"error": error.number}
    return {"contentKey": content.key.hex(), "iv": content.iv.hex()}
