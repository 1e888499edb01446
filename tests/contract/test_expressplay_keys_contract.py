"""Where a content key comes from: contentKey, kek with ek or kid, or kid alone. Quotes what the pages say."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from expressplay_mock.tokens.key_storage import read_key_storage
from expressplay_mock.toml_file import BadFile
from fairplay.ckc import open_ckc

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

# RFC 3394, section 4.1.
CEK, KEK = "00112233445566778899aabbccddeeff", "000102030405060708090a0b0c0d0e0f"
EK = "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
KID = "ab" * 16
STORAGE = {KID: bytes.fromhex(CEK), "^film": bytes.fromhex(EK), "^damaged": bytes(24)}


@pytest.fixture(scope="module")
def mock(new_mock: Callable[..., Mock]) -> Mock:
    return new_mock(key_storage=STORAGE)


def content_key_of(mock: Mock, **asked: str) -> str:
    spc, contents = mock.spc()
    key: bytes = open_ckc(mock.redeem(mock.token(contentKey=None, **asked), spc).data, contents).content.key
    return key.hex()


def number(mock: Mock, **asked: Any) -> int:
    answer = mock.ask(errorFormat="json", **{"contentKey": None, **asked})
    assert answer.status_code == 400
    assert not any(secret in answer.text for secret in (CEK, KEK, EK))
    code: int = answer.json["errorCode"]
    return code


@pytest.mark.parametrize("size", [16, 24, 32])
def test_ek(mock: Mock, size: int) -> None:
    """ek: hex of the CEK wrapped with AES Key Wrap (RFC 3394) under kek."""
    kek = bytes(range(size))
    assert content_key_of(mock, kek=kek.hex().upper(), ek=aes_key_wrap(kek, bytes.fromhex(CEK)).hex()) == CEK


def test_kid(mock: Mock) -> None:
    """kid: 32 hex digits, or ^ and a string of at most 64 characters: id in the key storage."""
    assert content_key_of(mock, kid=KID) == CEK
    assert content_key_of(mock, kid=KID.upper()) == CEK
    assert content_key_of(mock, kek=KEK, kid="^film") == CEK


@pytest.mark.parametrize("kid", [KID, "^film-1", "cd" * 16])
def test_kid_with_content_key(mock: Mock, kid: str) -> None:
    """Both examples of the vendor send kid with contentKey; a key from storage must match the one provided."""
    spc, contents = mock.spc()
    token = mock.token(contentKey=CEK, kid=kid)
    assert open_ckc(mock.redeem(token, spc).data, contents).content.key.hex() == CEK
    (decision,) = [
        entry["decision"]
        for entry in mock.client.get("/_sim/journal").get_json()["entries"][-4:]
        if entry["summary"].startswith("token request")
    ][-1:]
    assert decision["kid"] == kid


def test_the_vendors_two_examples(new_mock: Callable[..., Mock]) -> None:
    """The two FairPlay token requests of the vendor's page, with keys of our own: kid with contentKey."""
    mock = new_mock()
    authenticator = mock.credentials.account.authenticator
    for kid in ("1530ab1d7a99e8f2a1b1b1a1c1d1e1f1", "^exampleKeyId"):
        query = {"customerAuthenticator": authenticator, "kid": kid, "contentKey": CEK, "iv": "0f" * 16}
        answer = mock.client.get("/hms/fp/token", query_string={**query, "rentalDuration": "3600"})
        assert answer.status_code == 200, answer.text
        assert "ExpressPlayToken=AQAAA" in answer.text


def test_no_key_gets_into_the_journal(mock: Mock) -> None:
    mock.client.delete("/_sim/journal")
    mock.ask(contentKey=None, kek=KEK, ek=EK)
    mock.ask(contentKey=CEK, kek=KEK, ek=EK, kid=KID)
    assert KID not in mock.client.get("/_sim/journal").text, "a kid looks like a content key"
    mock.ask(contentKey=CEK, kid=KID)
    journal = mock.client.get("/_sim/journal").text
    assert KID in journal
    assert not any(secret in journal for secret in (CEK, KEK, EK))


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (-4018, {"kek": KEK}),
        (-4024, {"kek": KEK, "ek": EK, "kid": "^film"}),
        (-4024, {"ek": EK}),
        (-4024, {"ek": EK, "kid": "^film"}),
        (-4024, {"kek": KEK, "ek": EK[:-2]}),
        (-4024, {"kek": KEK[:-2], "ek": EK}),
        (-4024, {"kek": "00" * 16, "ek": EK}),
        (-4024, {"kek": "00" * 16, "kid": "^film"}),
        (-4024, {"kek": KEK, "kid": "^damaged"}),
        (-2005, {"contentKey": CEK, "kek": KEK}),
        (-2005, {"contentKey": CEK, "kek": KEK, "ek": EK}),
        (-2005, {"contentKey": KEK, "kid": KID}),
        (-6005, {"contentKey": CEK, "kid": "^film"}),
        (-4020, {"contentKey": CEK, "kid": "x"}),
        (-4020, {"kid": KID[:-1]}),
        (-4020, {"kid": "film"}),
        (-4020, {"kid": ""}),
        (-4021, {"kid": "^" + "k" * 65}),
        (-4022, {"kid": "^" + "k" * 64}),
        (-4022, {"kid": "^"}),
        (-4022, {"kid": "cd" * 16}),
        (-6005, {"kid": "^film"}),
        (-6005, {"kek": KEK, "kid": KID}),
    ],
)
def test_exclusivity_and_forms(mock: Mock, code: int, asked: dict[str, str]) -> None:
    """kek: with it exactly one of kid, ek; contentKey otherwise (ours: which number says so)."""
    assert number(mock, **asked) == code


def test_without_a_key_storage(new_mock: Callable[..., Mock]) -> None:
    """-4019 key storage failed (ours: a mock that has none)."""
    assert number(new_mock(), kid=KID) == -4019


def test_a_file_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(f'[keys]\n"{KID.upper()}" = "{CEK}"\n"^film" = "{EK}"\n')
    assert read_key_storage(path) == {KID: bytes.fromhex(CEK), "^film": bytes.fromhex(EK)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("keys", "a mistake at end of document$"),
        (f'[keys]\n"{KID}" = {CEK}\n', "a mistake at line 2, column"),
        (f'keys = {{"{CEK}" = 1, "{CEK}" = 2}}', "a mistake at line 1, column"),
        ("d = 2026-13-45", "expected TOML, found a mistake"),
        ("[kyes]\n", "one table"),
        ("[keys]\n[more]\n", "one table"),
        ("keys = 1\n", "one table"),
        (f'[keys]\nfilm = "{CEK}"\n', "32 hexadecimal digits, or"),
        (f'[keys]\n"{KID}" = "{CEK}00"\n', "a key of another form"),
        (f'[keys]\n"{KID}" = 5\n', "a key of another form"),
        (f'[keys]\n"{KID}" = "{CEK}"\n"{KID.upper()}" = "{CEK}"\n', "twice"),
    ],
)
def test_a_file_that_holds_no_keys(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "keys.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadFile, match=reason) as caught:
        read_key_storage(path)
    assert CEK not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_wrapped_key_of_the_page_opens_with_its_kek(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "mock.md").read_text()
    [stored] = re.findall(r"```toml\n(\[keys\]\n.*?)```", page, re.DOTALL)
    [(kid, kek)] = re.findall(r"`kid=(\S+)&kek=([0-9a-f]+)`", page)
    path = tmp_path / "keys.toml"
    path.write_text(stored)
    storage = read_key_storage(path)
    [in_clear] = [key for name, key in storage.items() if name != kid]
    assert aes_key_unwrap(bytes.fromhex(kek), storage[kid]) == in_clear
