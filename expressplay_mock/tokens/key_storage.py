"""The key storage: content keys that a token request names by `kid` instead of sending them.

It is read from a TOML file (`--key-storage FILE`) when the mock starts:

    [keys]
    "00112233445566778899aabbccddeeff" = "<32 hex digits>"     # a content key in clear, for kid alone
    "^film-1" = "<48 hex digits>"                              # wrapped (RFC 3394), for kid with kek
"""

import re
from collections.abc import Mapping
from pathlib import Path

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import bytes_of_hex, is_text
from expressplay_mock.toml_file import BadFile, read_toml

MAX_NAME = 64
"""Characters of a kid after `^`."""
CLEAR, WRAPPED = 16, 24
"""Bytes of a content key in clear, and under AES Key Wrap."""

KeyStorage = Mapping[str, bytes]
"""Keys (`CLEAR` or `WRAPPED` bytes) by kid, as `check_kid` returns it. Never shown to anybody."""

_HEX_128 = re.compile(r"[0-9A-Fa-f]{32}", re.ASCII)


def check_kid(kid: str) -> str:
    """Return the kid in the one form that keys are stored under. Raises `Refusal` (-4020, -4021 or -4022)."""
    if not kid.startswith("^"):
        if not _HEX_128.fullmatch(kid):
            raise _refusal(Code.KID_NOT_HEX, "32 hexadecimal digits, or ^ and a string", f"{len(kid)} characters")
        return kid.lower()
    length = len(kid) - 1
    if length > MAX_NAME:
        raise _refusal(Code.KID_TOO_LONG, f"at most {MAX_NAME} characters after ^", f"{length}")
    if length == 0 or not is_text(kid):
        raise _refusal(Code.INVALID_KID, f"^ and 1 to {MAX_NAME} characters of text", "^ alone, or other bytes")
    return kid


def stored_key(storage: KeyStorage | None, kid: str) -> bytes:
    """Return the key under `kid`. Raises `Refusal`: -4019 without a storage, -4022 for an unknown kid."""
    name = check_kid(kid)
    if storage is None:
        raise _refusal(Code.KEY_STORAGE_FAILED, "a key storage", "none: the mock was started without --key-storage")
    if name not in storage:
        raise _refusal(Code.INVALID_KID, "the kid of a stored key", f"one that none of the {len(storage)} keys has")
    return storage[name]


def read_key_storage(path: Path) -> KeyStorage:
    """Read a key storage file. Raises `BadFile`."""
    content = read_toml(path, "key storage")
    keys = content.pop("keys", None)
    if content or not isinstance(keys, dict):
        raise BadFile(f"key storage {path}: expected one table [keys] and nothing else, found another shape")
    storage: dict[str, bytes] = {}
    for kid, digits in keys.items():
        try:
            name = check_kid(kid)
        except Refusal as refusal:
            raise BadFile(f"key storage {path}: {refusal.hint}") from None
        if name in storage:
            raise BadFile(f"key storage {path}: a kid occurs twice, in upper and lower case")
        key = bytes_of_hex(digits, (CLEAR, WRAPPED)) if isinstance(digits, str) else None
        if key is None:
            raise BadFile(
                f"key storage {path}: a key of another form. Expected {2 * CLEAR} hexadecimal digits in clear, "
                f"or {2 * WRAPPED} under AES Key Wrap"
            )
        storage[name] = key
    return storage


def _refusal(code: Code, expected: str, found: str) -> Refusal:
    return Refusal(code, "kid", expected=expected, found=found)
