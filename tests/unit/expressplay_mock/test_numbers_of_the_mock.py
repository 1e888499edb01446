"""The table of numbers: complete, unambiguous, and with something to say in every form."""

import json

from expressplay_mock.errors import Code, Refusal
from fairplay.errors import MissingMark

DOCUMENTED = {
    *(-2002, -2003, -2005, -2008, -2017, -2018, -2019, -2020, -2021, -2022, -2023, -2025, -2027, -2030, -2031, -2033),
    *(-2034, -2035, -2036, -2037, -2040, -3004, -4001, -4010, -4018, -4019, -4020, -4021, -4022, -4024, -5003),
    *(-6001, -6002, -6003, -6004, -6005, -6006, -6007, -6008, -6009),
}
OURS = {-4011, -9001, -9002, -9003, -9004}


def test_every_number_occurs_once() -> None:
    numbers = [code.number for code in Code]
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == DOCUMENTED | OURS
    assert len(DOCUMENTED) == 40


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    for code in Code:
        assert code.title[0].islower() or code.title.startswith(("CKC", "SPC", "FairPlay"))
        assert code.meaning.endswith(".")
        assert code.fix
        assert not (code.title + code.fix).endswith(".")
        assert code.status in {400, 401, 403, 409, 413, 500, 503}


def test_a_refusal_says_what_was_expected_and_found() -> None:
    refusal = Refusal(Code.INVALID_IV, "iv", expected="32 hexadecimal digits", found="<b>")
    assert refusal.as_json() == {
        "errorCode": -6003,
        "errorMessage": "invalid iv",
        "hint": f"iv: expected 32 hexadecimal digits, found <b>. Likely fix: {Code.INVALID_IV.fix}.",
    }
    assert refusal.as_license_json() == {**refusal.as_json(), "cause": None}
    json.dumps(refusal.as_license_json())


def test_html_is_escaped() -> None:
    page = Refusal(Code.INVALID_IV, "iv", expected="x", found="<script>&").as_html()
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page
    assert "<title>-6003 invalid iv</title>" in page


def test_the_check_of_an_spc_becomes_the_cause() -> None:
    refusal = Refusal.because_of(Code.DEVICE_NOT_AUTHENTICATED, MissingMark("SIM1", "0000", "use the emulator"))
    assert (refusal.code.number, refusal.cause, refusal.status) == (-4001, -9001, 400)
    assert "expected SIM1, found 0000. Likely fix: use the emulator." in refusal.hint
