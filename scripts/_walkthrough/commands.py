"""The "try it" commands: each reproduces a number of the recorded run, from what the learner can see.

What a command should print is taken from the annotated messages, not from the command: tests/e2e/test_docs.py runs
it, and so checks one against the other.
"""

from collections.abc import Callable, Mapping, Sequence

from _walkthrough.blocks import Maker, Material
from _walkthrough.opened import field, token_bytes, token_of
from fairplay.layout import SKR1_VALUE
from fairplay.session_key import HU_SALT, device_id_of
from walkthrough.record.deployment import OTHER_SEED

SHELL_PYTHON = ".venv/bin/python -c"
RECORDING = "docs/recordings/walkthrough.binding.json"
ASSIGN = "import sys; {names} = map(bytes.fromhex, sys.argv[1:]); "
FILM_CEK = 'tomllib.load(open("server/content/catalog.toml", "rb"))["titles"]["film"]["keys"][0]["cek"]'


def _shell(command: str, output: str) -> str:
    return f"```console\n$ {command}\n{output}\n```"


def _python(names: Sequence[str], program: str, values: Sequence[bytes], output: str) -> str:
    """Return a command that runs a program of one line on byte strings given in hex."""
    assign = ASSIGN.format(names=", ".join(names)) if names else ""
    arguments = "".join(f" {value.hex()}" for value in values)
    return _shell(f"{SHELL_PYTHON} '{assign}{program}'{arguments}", output)


def _device_id(seed: str) -> str:
    return _shell(f"printf '{HU_SALT.decode()}{seed}' | sha256sum | cut -c 1-40", device_id_of(seed).hex())


def _token_head(source: Material) -> str:
    token = token_of(source, 10)
    head = token_bytes(source, 10)[:20].hex()
    program = "import base64, sys; print(base64.urlsafe_b64decode(sys.argv[1]).hex())"
    return _shell(f"{SHELL_PYTHON} '{program}' {token[:28]}", f"{head}{token_bytes(source, 10)[20:21].hex()}")


def _certificate(source: Material) -> str:
    program = (
        f'import base64, json; spc = json.load(open("{RECORDING}"))["steps"][10]["request"]["spc"]; '
        "print(base64.b64decode(spc)[280:300].hex())"
    )
    return _python((), program, (), field(source, "step 11", "SPC", "certificate hash").data.hex())


def _hu(source: Material) -> str:
    keys = source.recording["device_keys"]["step 11"]
    value = [field(source, "step 11", "SPC", f"SK..R1: {part.name}").data for part in SKR1_VALUE.fields]
    program = "from fairplay.aes import cbc_decrypt; print(cbc_decrypt(dask, iv, sealed)[16:36].hex())"
    return _python(
        ("dask", "iv", "sealed"),
        program,
        (bytes.fromhex(keys["dask"]), *value),
        source.recording["device"]["device_id"],
    )


def _integrity(source: Material) -> str:
    mac_key = bytes.fromhex(source.recording["device_keys"]["step 11"]["mac_key"])
    parts = [field(source, "step 11", "SPC", name).data for name in ("SK", "HU", "R1")]
    program = 'import hmac; print(hmac.digest(mac_key, sk + hu + r1, "sha256")[:16].hex())'
    printed = field(source, "step 11", "SPC", "SK..R1 integrity").data.hex()
    return _python(("mac_key", "sk", "hu", "r1"), program, (mac_key, *parts), printed)


def _ckc_key(source: Material) -> str:
    keys = source.recording["device_keys"]["step 11"]
    program = (
        "import hashlib; from fairplay.aes import encrypt_block; "
        "print(encrypt_block(hashlib.sha1(r1).digest()[:16], seed).hex())"
    )
    values = [bytes.fromhex(keys[name]) for name in ("r1", "anti_replay_seed")]
    return _python(("r1", "seed"), program, values, keys["ckc_key"])


def _cek(source: Material) -> str:
    sk = bytes.fromhex(source.recording["device_keys"]["step 11"]["sk"])
    sealed = field(source, "step 13", "CKC", "encrypted content key: encrypted content key").data
    program = (
        f"import tomllib; from fairplay.aes import decrypt_block; print(decrypt_block(sk, sealed).hex() == {FILM_CEK})"
    )
    return _python(("sk", "sealed"), program, (sk, sealed), "True")


COMMANDS: Mapping[str, Callable[[Material], str]] = {
    "device-id": lambda source: _device_id(source.recording["device"]["seed"]),
    "other-device-id": lambda _: _device_id(OTHER_SEED),
    "token-head": _token_head,
    "certificate": _certificate,
    "hu": _hu,
    "integrity": _integrity,
    "ckc-key": _ckc_key,
    "cek": _cek,
}

MAKERS: Mapping[str, Maker] = {"try": lambda source, argument: COMMANDS[argument](source)}
