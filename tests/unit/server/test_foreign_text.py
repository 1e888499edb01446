"""A secret is recognised in a foreign text whatever its case and encoding, and in parts."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.foreign_text import WINDOW, repeats

CEK = "b6580f3ce2914ad7709d3bc81e5fa462"
AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"
SECRETS = (AUTHENTICATOR, CEK)
KEY = bytes.fromhex(CEK)

TELLING = {
    "as it is": CEK,
    "capitals": CEK.upper(),
    "30 of 32 digits": CEK[:30],
    "from the middle": f"x{CEK[11:21]}y",
    "a GUID": "b6580f3c-e291-4ad7-709d-3bc81e5fa462",
    "with colons": ":".join(CEK[at : at + 2] for at in range(0, 32, 2)),
    "with blanks": " ".join(CEK),
    "percent-encoded": "".join(f"%{ord(digit):02x}" for digit in CEK),
    "percent-encoded twice": quote(quote("".join(f"%{ord(digit):02X}" for digit in CEK))),
    "character references": "".join(f"&#{ord(digit)};" for digit in CEK),
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in CEK),
    "Base64": base64.b64encode(KEY).decode(),
    "Base64 for URLs": base64.urlsafe_b64encode(KEY).decode().rstrip("="),
    "Base64 of the digits": base64.b64encode(CEK.encode()).decode(),
    "the authenticator in a query": f"customerAuthenticator={quote(AUTHENTICATOR)}&iv=0",
    "its digits alone": AUTHENTICATOR[3:],
    "the authenticator in Base64": base64.b64encode(AUTHENTICATOR.encode()).decode(),
}


@pytest.mark.parametrize("text", TELLING.values(), ids=TELLING.keys())
def test_what_repeats_a_secret(text: str) -> None:
    assert repeats(f"bad request: {text} was sent", SECRETS)


@pytest.mark.parametrize("shift", range(3))
def test_base64_of_more_than_the_secret(shift: int) -> None:
    assert repeats(base64.b64encode(bytes(range(65, 65 + shift)) + KEY + b"more").decode(), SECRETS)


@pytest.mark.parametrize(
    "text", ["", "authenticator invalid", CEK[: WINDOW - 1], "b6580f3c-0000", "http://127.0.0.1:8001/hms/fp/rights/"]
)
def test_what_does_not(text: str) -> None:
    assert not repeats(text, SECRETS)


@given(st.text(), st.text(max_size=20))
def test_any_text_has_an_answer(text: str, secret: str) -> None:
    assert repeats(text, [secret]) in (True, False)


@given(st.binary(min_size=300, max_size=700))
def test_tokens_repeat_nothing(token: bytes) -> None:
    assert not repeats(f"http://127.0.0.1/?ExpressPlayToken={base64.urlsafe_b64encode(token).decode()}", SECRETS)


@pytest.mark.parametrize("digits", ["1" * 5000, "0" * 5000, "0" * 5000 + "1" * 5000, "9" * 1_000_000])
def test_a_reference_to_no_character_is_text(digits: str) -> None:
    assert not repeats(f"bad request: &#{digits}; was sent", SECRETS)


def test_leading_zeros_hide_nothing() -> None:
    assert repeats("".join(f"&#{'0' * 5000}{ord(digit)};" for digit in CEK), SECRETS)
