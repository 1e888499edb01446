"""The vectors of tokens and of redemptions: a token and an SPC in, a license or a number out."""

import base64
import json
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from _vectors.keys import Stream, TestKeys, Vector
from _vectors.spc import CONTENT, DEVICE, NOW
from expressplay_mock.tokens.sealed_token import MAX_LENGTH, PREFIX, Token, TokenKeys, seal

INVALID = {"number": -4010}
TOO_MANY_BYTES = 65_537

UNBOUND = Token("1001", CONTENT.key, CONTENT.iv, expires=NOW + 300, cookie="viewer-7")
BOUND = Token("1001", CONTENT.key, CONTENT.iv, expires=NOW + 300, cookie="viewer-7", device_id=DEVICE.hex())
RENTAL = Token("1001", CONTENT.key, CONTENT.iv, NOW + 300, "viewer-7", DEVICE.hex(), 172_800, ("wxyz,AAAA",))
ANONYMOUS = Token("1001", CONTENT.key, CONTENT.iv, expires=NOW + 0.5)
NAMED = Token("1001", CONTENT.key, CONTENT.iv, NOW + 300, cookie="viewer-7", kid="^film-1")
FOREIGN = Token("1001", CONTENT.key, CONTENT.iv, NOW + 300, cookie="Zuschauer ü")


def token_vectors(keys: TestKeys) -> Iterator[Vector]:
    """Yield every token vector."""
    for name, about, token in (
        ("cookie-bound", "registers the device that redeems it", UNBOUND),
        ("device-bound", "one device may redeem it", BOUND),
        ("rental", "device-bound, with a rental duration and an extension", RENTAL),
        ("anonymous", "neither cookie nor device; expires in half a second", ANONYMOUS),
        ("named key", "the kid that came with the content key, which restricts nothing", NAMED),
        ("cookie beyond ASCII", "restrictions are UTF-8", FOREIGN),
    ):
        sealed = seal(token, keys.tokens, Stream(f"token {name}"))
        yield {"name": name, "about": about, "token": sealed, "opens": expectation(token)}
    older = next(key_id for key_id in keys.tokens.keys if key_id != keys.tokens.current)
    sealed = seal(UNBOUND, TokenKeys(older, keys.tokens.keys), Stream("token older key"))
    yield {"name": "older key", "about": "keys rotate: older ones still open", "token": sealed,
           "opens": expectation(UNBOUND)}  # fmt: skip
    for name, about, text in _broken_tokens(keys):
        yield {"name": name, "about": about, "token": text, "refused": INVALID}


def _broken_tokens(keys: TestKeys) -> Iterator[tuple[str, str, str | None]]:
    good = seal(UNBOUND, keys.tokens, Stream("token to be broken"))
    data = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    yield "none", "no token at all", None
    yield "empty", "an empty text", ""
    yield "too long", f"{MAX_LENGTH + 1} characters", "A" * (MAX_LENGTH + 1)
    yield "padded", "one = at the end: base64url without padding is the only form", good + "="
    yield "standard alphabet", "+ and / in place of - and _", _with_both(keys)
    yield "line break", "a line feed at the end", good + "\n"
    yield "whole URL", "the URL was given in place of its token", f"https://example/?ExpressPlayToken={good}"
    yield "odd length", "a length that no bytes encode to", good + "A" * (-(len(good) - 1) % 4)
    yield "unused bits", "another last character for the same bytes", _other_last_character(keys)
    for name, position in (("prefix", 2), ("key id", 8), ("nonce", 20), ("restrictions", 40), ("tag", len(good) - 3)):
        yield f"changed {name}", f"one character at {position} was changed", _changed(good, position)
    yield "cut", "the last 4 characters are missing", good[:-4]
    yield "shortest", "a byte less than any token has", _encode(data[:35])
    yield "other prefix", "01000002 in place of 01000001", _encode(PREFIX[:3] + b"\2" + data[4:])
    yield "JSON web token", "a token of another kind", "eyJhbGciOiJIUzI1NiJ9"
    yield "unknown key id", "sealed by another service", seal(UNBOUND, keys.retired_tokens, Stream("token of others"))
    same_id = TokenKeys(keys.tokens.current, {keys.tokens.current: bytes(32)})
    yield "another key", "sealed under another key of a known id", seal(UNBOUND, same_id, Stream("token, zero key"))
    associated, nonce = PREFIX + keys.tokens.current, Stream("token moon phase")(12)
    restrictions = [["account", "1001"], ["contentKey", "00" * 16], ["iv", "00" * 16], ["expires", 9e9], ["moon", 1]]
    sealed = AESGCM(keys.tokens.keys[keys.tokens.current]).encrypt(nonce, json.dumps(restrictions).encode(), associated)
    yield "unknown restriction", "what is not understood cannot be enforced", _encode(associated + nonce + sealed)


def expectation(token: Token) -> Vector:
    """Return what a token vector says of its content."""
    return {
        "account": token.account,
        "content_key": token.content_key.hex(),
        "iv": token.iv.hex(),
        "expires": token.expires,
        "cookie": token.cookie,
        "device_id": token.device_id,
        "rental": token.rental,
        "extensions": list(token.extensions),
        "kid": token.kid,
    }


def redemption_vectors() -> Iterator[Vector]:
    """Yield every redemption vector: requests in turn to one service that has issued nothing yet."""
    mine, other = "v2 ready", "another device"
    yield _redemption("registration", "a cookie-bound token: any device", _issued("cookie-bound", mine))
    yield _redemption("bound", "the device that the token names", _issued("device-bound", mine))
    yield _redemption("rental", "the license is limited", _issued("rental", mine, rental=172_800))
    yield _redemption("anonymous", "neither cookie nor device", _issued("anonymous", mine))
    yield _redemption("SPC v1", "an older device", _issued("cookie-bound", "v1 ready"))
    yield _redemption("other device", "the token names another one", _refused("device-bound", other, -9003))
    yield _redemption("expired", "at the second of its expiry", _refused("device-bound", mine, -4011, now=NOW + 300))
    yield _redemption("last moment", "a millisecond before", _issued("device-bound", mine, now=NOW + 299.999))
    yield _redemption("replay", "one SPC, one license", _issued("cookie-bound", mine),
                      _refused("device-bound", mine, -9002), _issued("device-bound", "v2 playing"))  # fmt: skip
    yield _redemption("altered replay", "what the MAC does not cover makes no SPC a new one",
                      _issued("cookie-bound", "no optional tag"),
                      _refused("device-bound", "altered where no MAC is", -9002))  # fmt: skip
    yield _redemption("no replay", "a refusal uses nothing up", _refused("device-bound", mine, -4011, now=NOW + 300),
                      _issued("device-bound", mine))  # fmt: skip
    yield _redemption("token first", "a bad token and a bad SPC", _refused("cut", "v2 empty", -4010))
    yield _redemption("expiry before SPC", "an expired token and a bad SPC",
                      _refused("device-bound", "v2 empty", -4011, now=NOW + 300))  # fmt: skip
    yield _redemption("bad SPC", "the number of the check is the cause",
                      _refused("device-bound", "v2 flipped HU", -4001, cause=-42589))  # fmt: skip
    yield _redemption("broken inside", "what only the server's keys can find has one number for the sender",
                      _refused("device-bound", "v2 no R2", -4001, cause=-42585),
                      _refused("device-bound", "v2 wrapped key", -4001, cause=-42585))  # fmt: skip
    yield _redemption("no mark", "a real SPC is never processed",
                      _refused("cookie-bound", "v2 no mark", -4001, cause=-9001))  # fmt: skip
    yield _redemption("rental without a place", "no playback state, so no duration could be returned",
                      _refused("rental", "no optional tag", -4001, cause=-42583))  # fmt: skip
    large = {"token": "cookie-bound", "zeros": TOO_MANY_BYTES, "now": NOW, "refused": {"number": -9004, "cause": None}}
    yield _redemption("too large", "a body over 64 KiB is refused unread", large)


def _redemption(name: str, about: str, *requests: Vector) -> Vector:
    return {"name": name, "about": about, "requests": list(requests)}


def _issued(token: str, spc: str, now: float = NOW, rental: int = 0) -> Vector:
    opens = {"content_key": CONTENT.key.hex(), "iv": CONTENT.iv.hex(), "rental": rental}
    return {"token": token, "spc": spc, "now": now, "issued": opens}


def _refused(token: str, spc: str, number: int, cause: int | None = None, now: float = NOW) -> Vector:
    return {"token": token, "spc": spc, "now": now, "refused": {"number": number, "cause": cause}}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _changed(text: str, position: int) -> str:
    other = "B" if text[position] != "B" else "C"
    return text[:position] + other + text[position + 1 :]


def _tries(keys: TestKeys) -> Iterator[str]:
    for count in range(100):
        token = Token("1001", CONTENT.key, CONTENT.iv, NOW + 300, cookie="c" * (1 + count % 32))
        yield seal(token, keys.tokens, Stream(f"token, try {count}"))


def _with_both(keys: TestKeys) -> str:
    text = next(text for text in _tries(keys) if "-" in text and "_" in text)
    return text.replace("-", "+").replace("_", "/")


def _other_last_character(keys: TestKeys) -> str:
    """Set an unused bit: with a remainder of 3 characters the last has two unused bits, with 2 it has four."""
    text = next(text for text in _tries(keys) if len(text) % 4 and text[-1].isalpha() and text[-1] not in "Zz")
    return text[:-1] + chr(ord(text[-1]) + 1)
