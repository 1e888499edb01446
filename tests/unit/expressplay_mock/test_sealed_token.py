"""The sealed token: what goes in comes out, and no other text opens."""

import base64
import os
import string
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.tokens.sealed_token import (
    MAX_LENGTH,
    PREFIX,
    Token,
    TokenKeys,
    new_token_keys,
    open_token,
    seal,
)

KEYS = new_token_keys(os.urandom)
TOKEN = Token(
    account="1001",
    content_key=bytes(range(16)),
    iv=bytes(16),
    expires=1_700_000_000.25,
    cookie="viewer-7",
    device_id="ab" * 20,
    rental=3600,
    extensions=("wxyz,AAAA",),
)
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=32)
tokens = st.builds(
    Token,
    account=st.from_regex(r"[0-9]{1,18}", fullmatch=True),
    content_key=st.binary(min_size=16, max_size=16),
    iv=st.binary(min_size=16, max_size=16),
    expires=st.floats(0, 4e9),
    cookie=st.none() | texts,
    device_id=st.none() | st.from_regex(r"[0-9a-f]{40}", fullmatch=True),
    rental=st.integers(0, 2**32 - 2),
    extensions=st.lists(texts, max_size=3).map(tuple),
)


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def refused(text: str | None, keys: TokenKeys = KEYS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        open_token(text, keys)
    assert caught.value.code is Code.INVALID_TOKEN
    return caught.value


@given(tokens)
def test_what_is_sealed_is_what_opens(token: Token) -> None:
    assert open_token(seal(token, KEYS, os.urandom), KEYS) == token


@given(
    st.text(max_size=200) | st.text(ALPHABET, max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1"))
)
def test_any_other_text_is_an_invalid_token(text: str) -> None:
    refused(text)


@given(st.binary(max_size=120))
def test_any_bytes_behind_the_prefix_and_key_id_are_an_invalid_token(rest: bytes) -> None:
    refused(encode(PREFIX + KEYS.current + rest))


def test_one_changed_character_is_refused_wherever_it_is() -> None:
    sealed = seal(TOKEN, KEYS, os.urandom)
    for position, character in enumerate(sealed):
        other = ALPHABET[(ALPHABET.index(character) + 1) % len(ALPHABET)]
        refused(sealed[:position] + other + sealed[position + 1 :])


@pytest.mark.parametrize("cookie", ["a", "ab", "abc"], ids=["remainder 0", "remainder 1", "remainder 2"])
def test_every_other_last_character_is_refused(cookie: str) -> None:
    # With a length that is no multiple of four, bits of the last character are unused: they must be zero.
    sealed = seal(replace(TOKEN, cookie=cookie), KEYS, os.urandom)
    for other in set(ALPHABET) - {sealed[-1]}:
        refused(sealed[:-1] + other)


def test_cut_or_lengthened_tokens_are_refused() -> None:
    sealed = seal(TOKEN, KEYS, os.urandom)
    for length in range(len(sealed)):
        refused(sealed[:length])
    for more in ("A", "==", "\n", " "):
        refused(sealed + more)


def test_the_unused_bits_are_named_when_they_are_set() -> None:
    sealed = next(
        text for length in range(1, 5) if len(text := seal(replace(TOKEN, cookie="c" * length), KEYS, os.urandom)) % 4
    )
    same_bytes = sealed[:-1] + ALPHABET[ALPHABET.index(sealed[-1]) + 1]
    assert "unused bits" in refused(same_bytes).hint


def test_it_starts_as_real_tokens_do() -> None:
    assert seal(TOKEN, KEYS, os.urandom).startswith("AQAAA")


def test_it_is_never_the_same_twice_but_for_its_keys_and_random_bytes() -> None:
    assert seal(TOKEN, KEYS, os.urandom) != seal(TOKEN, KEYS, os.urandom)
    assert seal(TOKEN, KEYS, bytes) == seal(TOKEN, KEYS, bytes)


def test_keys_rotate_without_breaking_older_tokens() -> None:
    older, newer = new_token_keys(os.urandom), new_token_keys(os.urandom)
    both = TokenKeys(newer.current, {**older.keys, **newer.keys})
    assert open_token(seal(TOKEN, older, os.urandom), both) == TOKEN
    assert open_token(seal(TOKEN, both, os.urandom), newer) == TOKEN
    assert "key id" in refused(seal(TOKEN, older, os.urandom), newer).hint


def test_another_key_of_the_same_id_opens_nothing() -> None:
    refused(seal(TOKEN, KEYS, os.urandom), TokenKeys(KEYS.current, {KEYS.current: os.urandom(32)}))


def test_a_restriction_that_is_not_understood_is_refused() -> None:
    plaintext = b'[["account","1"],["contentKey","%s"],["iv","%s"],["expires",9e9],["moonPhase",1]]'
    associated, nonce = PREFIX + KEYS.current, bytes(12)
    sealed = AESGCM(KEYS.keys[KEYS.current]).encrypt(nonce, plaintext % (b"00" * 16, b"00" * 16), associated)
    assert "moonPhase" in refused(encode(associated + nonce + sealed)).hint


def test_the_mistakes_that_people_make_are_named() -> None:
    sealed = seal(TOKEN, KEYS, os.urandom)
    assert "found none" in refused(None).hint
    assert "characters A-Z" in refused(f"http://127.0.0.1/hms/fp/rights/?ExpressPlayToken={sealed}").hint
    assert "start with 01000001" in refused("eyJhbGciOiJIUzI1NiJ9").hint
    assert str(MAX_LENGTH) in refused("A" * (MAX_LENGTH + 1)).hint


def test_no_secret_shows() -> None:
    assert TOKEN.content_key.hex() not in repr(TOKEN)
    assert repr(TOKEN.content_key) not in repr(TOKEN)
    assert KEYS.keys[KEYS.current].hex() not in repr(KEYS)
    assert repr(KEYS.keys[KEYS.current]) not in repr(KEYS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"content_key": bytes(15)},
        {"iv": bytes(17)},
        {"device_id": "AB" * 20},
        {"device_id": ""},
        {"cookie": ""},
        {"cookie": "c" * 33},
        {"rental": -1},
        {"rental": 0xFFFFFFFF},
    ],
)
def test_a_token_that_no_license_can_be_made_of_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        replace(TOKEN, **wrong)


@pytest.mark.parametrize(
    ("current", "keys"), [(b"1234", {}), (b"1234", {b"1234": bytes(31)}), (b"12", {b"12": bytes(32)})]
)
def test_token_keys_have_their_sizes_and_the_current_one(current: bytes, keys: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match="token keys: expected 32 bytes"):
        TokenKeys(current, keys)
