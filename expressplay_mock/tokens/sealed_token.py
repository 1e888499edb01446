"""The token: a sealed list of restrictions that travels through the client, who can neither read nor change it.

    01 00 00 01 | key id (4) | nonce (12) | AES-256-GCM(restrictions), 16 bytes longer than they are

in base64url without padding, so that it starts with `AQAAA` as real tokens do. Prefix and key id are associated
data. The layout is this project's own: real tokens are opaque. It is encrypted and not only signed, since it
carries the content key past the client.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from expressplay_mock.errors import Code, Refusal
from fairplay.ckc import ContentKey
from fairplay.layout import NO_LEASE
from fairplay.randomness import RandomBytes

PREFIX = bytes.fromhex("01000001")
KEY_ID_SIZE = 4
NONCE_SIZE = 12
KEY_SIZE = 32
TAG_SIZE = 16
MAX_LENGTH = 8192
"""Characters of a token: far above what any set of parameters makes, and within every server's header limit."""

MAX_COOKIE = 32
"""Characters of a customer cookie."""

_DEVICE_ID = re.compile(r"[0-9a-f]{40}", re.ASCII)
_CIPHERTEXT_START = len(PREFIX) + KEY_ID_SIZE + NONCE_SIZE
_MIN_SIZE = _CIPHERTEXT_START + TAG_SIZE
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """What a token allows: one account's content key, under restrictions.

    `content_key` and `iv` are 16 bytes, `expires` is in Unix seconds, `rental` in seconds with 0 for none.
    Without `device_id` (40 lower-case hex digits) any device may redeem the token; if it has a `cookie` (1 to
    32 characters), that device thereby registers. `extensions` are carried as they came, `type,payload`, and so
    is the `kid` that came with a content key.
    """

    account: str
    content_key: bytes = field(repr=False)
    iv: bytes
    expires: float
    cookie: str | None = None
    device_id: str | None = None
    rental: int = 0
    extensions: tuple[str, ...] = ()
    kid: str | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for what no license can be made of; the rules are FairPlay's and the token service's."""
        ContentKey(self.content_key, self.iv)
        if self.device_id is not None and not _DEVICE_ID.fullmatch(self.device_id):
            raise ValueError("device id: expected 40 lower-case hex digits")
        if self.cookie is not None and not 1 <= len(self.cookie) <= MAX_COOKIE:
            raise ValueError(f"cookie: expected 1 to {MAX_COOKIE} characters, found {len(self.cookie)}")
        if not 0 <= self.rental < NO_LEASE:
            raise ValueError(f"rental: expected 0 to {NO_LEASE - 1} seconds, found {self.rental}")


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Token keys (32 bytes) by key id (4 bytes): `current` seals, all of them open, so that keys can rotate."""

    current: bytes
    keys: Mapping[bytes, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Raise `ValueError` for another size, or a current key that is not there."""
        sizes = {(len(key_id), len(key)) for key_id, key in self.keys.items()}
        if self.current not in self.keys or sizes != {(KEY_ID_SIZE, KEY_SIZE)}:
            raise ValueError(f"token keys: expected {KEY_SIZE} bytes for each id of {KEY_ID_SIZE}, the current one too")


def new_token_keys(random: RandomBytes) -> TokenKeys:
    """Make a first key."""
    key_id = random(KEY_ID_SIZE)
    return TokenKeys(current=key_id, keys={key_id: random(KEY_SIZE)})


def seal(token: Token, keys: TokenKeys, random: RandomBytes) -> str:
    """Return the text of `token`: 7-bit, safe in a URL."""
    associated = PREFIX + keys.current
    nonce = random(NONCE_SIZE)
    sealed = AESGCM(keys.keys[keys.current]).encrypt(nonce, _write_restrictions(token), associated)
    return base64.urlsafe_b64encode(associated + nonce + sealed).rstrip(b"=").decode("ascii")


def open_token(text: str | None, keys: TokenKeys) -> Token:
    """Open the text of a token. Raises `Refusal` (-4010) for any other text, and for none."""
    sealed = _decode(text)
    key_id = sealed[len(PREFIX) :][:KEY_ID_SIZE]
    if not sealed.startswith(PREFIX) or len(sealed) < _MIN_SIZE:
        raise _invalid(
            f"at least {_MIN_SIZE} bytes that start with {PREFIX.hex()}",
            f"{len(sealed)} bytes that start with {sealed[: len(PREFIX)].hex() or 'nothing'}",
        )
    if key_id not in keys.keys:
        raise _invalid("a key id of this service", key_id.hex(), "redeem the token where it was made")
    nonce = sealed[len(PREFIX) + KEY_ID_SIZE : _CIPHERTEXT_START]
    try:
        plaintext = AESGCM(keys.keys[key_id]).decrypt(
            nonce, sealed[_CIPHERTEXT_START:], sealed[: len(PREFIX) + KEY_ID_SIZE]
        )
    except InvalidTag:
        raise _invalid("the token as it was made", "one that was altered or cut") from None
    return _read_restrictions(plaintext)


def _decode(text: str | None) -> bytes:
    """Undo base64url where there is exactly one way to write it, so that no second text opens the same token."""
    if not text:
        raise _invalid(
            "ExpressPlayToken in the query string or as a header", "none", "post the SPC to the whole token URL"
        )
    if len(text) > MAX_LENGTH:
        raise _invalid(f"at most {MAX_LENGTH} characters", f"{len(text)}")
    if not _BASE64URL.fullmatch(text):
        raise _invalid("the characters A-Z a-z 0-9 - _ only", "others", "do not re-encode the token")
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise _invalid("base64url", f"{len(text)} characters, which no bytes encode to") from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii") != text:
        raise _invalid("zeros in the unused bits of the last character", "another last character")
    return decoded


def _write_restrictions(token: Token) -> bytes:
    always = [
        ("account", token.account),
        ("contentKey", token.content_key.hex()),
        ("iv", token.iv.hex()),
        ("expires", token.expires),
    ]
    where_stated = [
        ("cookie", token.cookie),
        ("deviceId", token.device_id),
        ("rentalDuration", token.rental),
        ("fpExtension", token.extensions),
        ("kid", token.kid),
    ]
    restrictions = always + [(name, value) for name, value in where_stated if value]
    return json.dumps(restrictions, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _read_restrictions(plaintext: bytes) -> Token:
    restrictions = dict(json.loads(plaintext))
    try:
        token = Token(
            account=restrictions.pop("account"),
            content_key=bytes.fromhex(restrictions.pop("contentKey")),
            iv=bytes.fromhex(restrictions.pop("iv")),
            expires=restrictions.pop("expires"),
            cookie=restrictions.pop("cookie", None),
            device_id=restrictions.pop("deviceId", None),
            rental=restrictions.pop("rentalDuration", 0),
            extensions=tuple(restrictions.pop("fpExtension", ())),
            kid=restrictions.pop("kid", None),
        )
    except (KeyError, ValueError):
        raise _invalid("restrictions as this release writes them", "others") from None
    if restrictions:
        # A restriction that is not understood cannot be enforced, so the token must not be honoured.
        raise _invalid("restrictions that this release knows", ", ".join(restrictions))
    return token


def _invalid(expected: str, found: str, fix: str | None = None) -> Refusal:
    return Refusal(Code.INVALID_TOKEN, "token", expected=expected, found=found, fix=fix)
