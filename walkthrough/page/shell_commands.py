"""Shell commands that reproduce what the inspector shows, with nothing but curl, openssl, od and python3.

Every command prints its value in hex. Bytes flow through pipes, keys stand in the open: they are those of a virtual
device, and the learner is meant to try.
"""

from fairplay.session_key import HU_SALT, SALT

HEX = "od -An -v -tx1 | tr -d ' \\n'"
CBC = "openssl enc -d -aes-128-cbc -nopad"


def fetch(url: str) -> str:
    """Print the bytes of a message that the page holds."""
    return f"curl -s {url}"


def part(source: str, offset: int, length: int) -> str:
    """Cut `length` bytes at `offset` out of what `source` prints."""
    return f"{source} | tail -c +{offset + 1} | head -c {length}"


def rest(source: str, offset: int) -> str:
    """Leave away the first `offset` bytes of what `source` prints."""
    return f"{source} | tail -c +{offset + 1}"


def decrypt(source: str, key: bytes, iv: bytes) -> str:
    """Decrypt what `source` prints (AES-128-CBC, no padding)."""
    return f"{source} | {CBC} -K {key.hex()} -iv {iv.hex()}"


def decrypt_block(source: str, key: bytes) -> str:
    """Decrypt the one block that `source` prints (AES-128-ECB)."""
    return f"{source} | openssl enc -d -aes-128-ecb -nopad -K {key.hex()}"


def shown(source: str) -> str:
    """Print in hex what `source` prints."""
    return f"{source} | {HEX}"


def derived_key(ask: bytes, r2: bytes, info: bytes, size: int) -> str:
    """D-SIM: HKDF-SHA-256 (RFC 5869) in one line of Python."""
    return _python(
        f"prk = hmac.digest({SALT!r}, bytes.fromhex('{ask.hex()}'), 'sha256'); "
        f"info = {info!r} + bytes.fromhex('{r2.hex()}'); "
        f"print(hmac.digest(prk, info + bytes([1]), 'sha256')[:{size}].hex())",
        "hmac",
    )


def mac(key: bytes, data: bytes) -> str:
    """HMAC-SHA-256, the first 16 bytes."""
    inputs = f"bytes.fromhex('{key.hex()}'), bytes.fromhex('{data.hex()}')"
    return _python(f"print(hmac.digest({inputs}, 'sha256')[:16].hex())", "hmac")


def device_id(seed: str) -> str:
    """The device id that grows from a seed. The seed goes in as hex: it may hold any character."""
    return _python(
        f"print(hashlib.sha256({HU_SALT!r} + bytes.fromhex('{seed.encode().hex()}')).digest()[:20].hex())", "hashlib"
    )


def ckc_key(r1: bytes, anti_replay_seed: bytes) -> str:
    """The key of the CKC's payload: the anti-replay seed, encrypted under SHA-1(R1)."""
    key = f"$(python3 -c \"import hashlib; print(hashlib.sha1(bytes.fromhex('{r1.hex()}')).hexdigest()[:32])\")"
    seed = f"python3 -c \"import sys; sys.stdout.buffer.write(bytes.fromhex('{anti_replay_seed.hex()}'))\""
    return shown(f"{seed} | openssl enc -aes-128-ecb -nopad -K {key}")


def certificate_hash(expressplay: str) -> str:
    """SHA-1 of the certificate that provisioning gives out."""
    return f"curl -s {expressplay}/_sim/fairplay.cer | openssl dgst -sha1 -r | cut -d ' ' -f 1"


def json_member(name: str) -> str:
    """Print one member of a JSON object: a text as it is, anything else as JSON."""
    code = f"value = json.load(sys.stdin)['{name}']; print(value if isinstance(value, str) else json.dumps(value))"
    return _python(code, "json, sys")


def _python(code: str, module: str) -> str:
    return f'python3 -c "import {module}; {code}"'
