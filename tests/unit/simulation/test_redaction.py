"""A customer authenticator is taken out of a text whatever stands around it and however it is encoded."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulation.redaction import REDACTED, decoded, without_authenticators

DIGITS = "0123456789abcdef0123456789ABCDEF"
AUTHENTICATOR = f"1001,{DIGITS}"

SPELLINGS = {
    "as it is": AUTHENTICATOR,
    "capitals": AUTHENTICATOR.upper(),
    "behind other digits and letters": f"x9999{AUTHENTICATOR}fx",
    "with a blank": f"1001, {DIGITS}",
    "percent-encoded comma": quote(AUTHENTICATOR),
    "of a form, with a blank": f"1001%2C+{DIGITS}",
    "of JSON": f"1001\\u002c{DIGITS}",
    "Base64 behind a word": "id-" + base64.b64encode(AUTHENTICATOR.encode()).decode(),
    "percent-encoded": "".join(f"%{ord(character):02x}" for character in AUTHENTICATOR),
    "percent-encoded twice": quote(quote(AUTHENTICATOR)),
    "character references": "".join(f"&#{ord(character)};" for character in AUTHENTICATOR),
    "full width": "".join(chr(ord(character) + 0xFEE0) for character in AUTHENTICATOR),
    "Base64": base64.b64encode(AUTHENTICATOR.encode()).decode(),
    "Base64 in a header": base64.b64encode(f"user:{AUTHENTICATOR}\xff\xfe".encode("latin-1")).decode(),
    "Base64 for URLs": base64.urlsafe_b64encode(AUTHENTICATOR.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("text", ["{}", "GET /cmiapi/getrecord/{} 404", "found '{}', expected %41 & é"])
def test_it_is_found(text: str, spelling: str) -> None:
    said = without_authenticators(text.format(spelling))
    assert REDACTED in said
    assert spelling not in said
    assert DIGITS[-8:].lower() not in said.lower()
    assert [word for word in said.split() if REDACTED not in word] == [w for w in text.split() if "{}" not in w]


@pytest.mark.parametrize(
    "text",
    [
        "GET /titles/film/master.m3u8 200",
        "3f0c2a1e-7b7d-4c6e-9a55-0d6f3c1b2a49",
        DIGITS,
        f"1001-{DIGITS}",
        f"key ids {DIGITS[:-1]}1,{DIGITS}",
        f"{DIGITS[:-1]}1, {DIGITS[:-1]}2, {DIGITS}",
        f"1001,{DIGITS[:-1]}",
        "2026-11-26 20:18:05,123 INFO simulation.requests: POST /hms/fp/token 200 100% &amp; é",
        "%zz%&;&#99999999;",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert without_authenticators(text) == text


@given(before=st.text(), after=st.text(), number=st.integers(0, 10**18 - 1), digits=st.binary(min_size=16, max_size=16))
def test_nothing_around_it_hides_it(before: str, after: str, number: int, digits: bytes) -> None:
    assume(digits.hex() not in before + after)
    assert digits.hex() not in without_authenticators(f"{before}{number},{digits.hex()}{after}")


@given(st.binary(min_size=390, max_size=700))
def test_messages_in_base64_stay(message: bytes) -> None:
    text = base64.b64encode(message).decode()
    assert without_authenticators(text) == text


def test_a_run_of_combining_marks_is_read_in_linear_time() -> None:
    marks = "\u0301" * 1_000_000 + "\u0323" * 1_000_000  # put in order, they would take hours
    assert decoded(marks) == marks
