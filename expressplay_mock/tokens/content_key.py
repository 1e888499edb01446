"""Where the content key of a token comes from: the request says it in exactly one of four ways.

| parameters | the content key is |
|---|---|
| `contentKey`, with `kid` or without | in the request, in clear |
| `kek` and `ek` | in the request, wrapped under `kek` |
| `kek` and `kid` | in the key storage, wrapped under `kek` |
| `kid` | in the key storage, in clear |

`kid` beside `contentKey` is what both of the vendor's FairPlay examples send. Where the key storage has that kid,
the two keys must be equal, as the vendor's glossary has it; otherwise the kid is carried and means nothing more.

Wrapped means AES Key Wrap (RFC 3394). Documented but for one thing: which number says that two ways were mixed.
"""

import hmac
from collections.abc import Mapping

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import from_hex
from expressplay_mock.tokens.key_storage import CLEAR, WRAPPED, KeyStorage, check_kid, stored_key

KEK_SIZES = (16, 24, 32)
"""Bytes of a key-encryption key: AES-128, -192 and -256."""

_NAMES = ("contentKey", "kek", "ek", "kid")


def content_key(values: Mapping[str, str], storage: KeyStorage | None) -> bytes:
    """Return the content key, 16 bytes.

    Raises `Refusal`: -2005 and -2027 for contentKey, -4018 to -4022 for kid, -4024 for kek and ek, -6005 where the
    stored key is not of the kind that was asked for.
    """
    match [name for name in _NAMES if name in values]:
        case ["contentKey"]:
            return _in_clear(values["contentKey"])
        case ["contentKey", "kid"]:
            key = _in_clear(values["contentKey"])
            _check_equal(key, storage, values["kid"])
            return key
        case ["kek", "ek"]:
            wrapped = from_hex(values["ek"], Code.INVALID_WRAPPED_KEY, "ek", (WRAPPED,))
            return _unwrap(values["kek"], wrapped)
        case ["kek", "kid"]:
            return _unwrap(values["kek"], _of_size(stored_key(storage, values["kid"]), WRAPPED))
        case ["kid"]:
            return _of_size(stored_key(storage, values["kid"]), CLEAR)
        case ["kek"]:
            raise Refusal(Code.MISSING_KID, "kek", expected="exactly one of ek and kid with it", found="neither")
        case []:
            raise Refusal(
                Code.MISSING_CONTENT_KEY,
                "contentKey",
                expected="it once, or kek with ek or kid, or kid alone",
                found="none of them",
                fix="send contentKey, or name a stored key by kid",
            )
        case mixed:
            code = Code.MISSING_CONTENT_KEY if "contentKey" in mixed else Code.INVALID_WRAPPED_KEY
            raise Refusal(
                code,
                ", ".join(mixed),
                expected="contentKey alone or with kid, kek with ek, kek with kid, or kid alone",
                found="another combination",
                fix="say in one way only which key it is",
            )


def _in_clear(digits: str) -> bytes:
    return from_hex(digits, Code.CONTENT_KEY_NOT_HEX, "contentKey", (CLEAR,))


def _check_equal(key: bytes, storage: KeyStorage | None, kid: str) -> None:
    """Raise `Refusal` (-2005, or -6005 for a wrapped one) where the storage has another key under `kid`."""
    name = check_kid(kid)
    if storage is None or name not in storage:
        return
    if not hmac.compare_digest(_of_size(storage[name], CLEAR), key):
        raise Refusal(
            Code.MISSING_CONTENT_KEY,
            "contentKey and kid",
            expected="the key that is stored under this kid",
            found="another key in contentKey",
            fix="send one of the two, or both for the same key",
        )


def _unwrap(kek: str, wrapped: bytes) -> bytes:
    key = from_hex(kek, Code.INVALID_WRAPPED_KEY, "kek", KEK_SIZES)
    try:
        return aes_key_unwrap(key, wrapped)
    except InvalidUnwrap:
        raise Refusal(
            Code.INVALID_WRAPPED_KEY,
            "kek",
            expected="the key that wrapped the content key (AES Key Wrap, RFC 3394)",
            found="another one, or a damaged wrapped key",
            fix="wrap the content key again, under the kek that is sent",
        ) from None


def _of_size(key: bytes, size: int) -> bytes:
    if len(key) != size:
        kinds = {CLEAR: "a content key in clear, since no kek came with kid", WRAPPED: "a wrapped key for this kek"}
        found = {CLEAR: "a key in clear", WRAPPED: "a wrapped key"}[len(key)]
        fix = "send kid without kek" if size == WRAPPED else "send the kek that wraps the stored key"
        raise Refusal(Code.INVALID_KEY_DATA, "stored key", expected=kinds[size], found=found, fix=fix)
    return key
