"""What the client believes of SEES's and ExpressPlay's answers, and what it says about the rest."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused, MessageIdMismatch, UnexpectedAnswer
from emulator.license_client import RequestType, check_entitlement, entitlement_request, unwrap_ckc
from emulator.parties import EXPRESSPLAY, SEES, Party
from emulator.step import at_step
from emulator.transport import Answer

REQUEST = entitlement_request("m-1", RequestType.DEVICE_BOUND, "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d", "alice")
TOKEN_URL = "https://fp.example/hms/fp/rights/?ExpressPlayToken=AQAAAabc"
GOOD = {"messageID": "m-1", "version": 1, "isAllowed": True, "epTokenURL": TOKEN_URL}
CKC = bytes.fromhex("00000001") + bytes(range(60))


def answer(body: bytes = b"", *, party: Party = SEES, status: int = 200, kind: str = "") -> Answer:
    return Answer(party, "http://host/path", status, kind, body)


def check(**changes: Any) -> str:
    response = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    with at_step(6):
        return check_entitlement(REQUEST, response, answer())


def license_answer(body: bytes, **more: Any) -> Answer:
    return answer(body, party=EXPRESSPLAY, **more)


def test_a_response_that_lacks_a_member_is_told_what_to_add() -> None:
    with pytest.raises(UnexpectedAnswer, match=r"all four.*in a denial epTokenURL is empty"):
        check(isAllowed=False, epTokenURL=...)
    with pytest.raises(UnexpectedAnswer, match="check that --sees is the address"):
        check(isAllowed=..., epTokenURL=...)


def test_the_request_object() -> None:
    assert REQUEST == {
        "messageID": "m-1",
        "version": 1,
        "requestType": 3,
        "contentID": "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d",
        "customerCookie": "alice",
    }
    assert type(REQUEST["requestType"]) is int


def test_a_good_response_gives_the_token_url() -> None:
    assert check() == TOKEN_URL


def test_another_message_id_counts_as_denied_whatever_else_is_said() -> None:
    for allowed in (True, False):
        with pytest.raises(MessageIdMismatch, match=r"step 6.*m-1.*m-2"):
            check(messageID="m-2", isAllowed=allowed)


def test_a_denial_keeps_the_servers_number_and_text() -> None:
    with pytest.raises(EntitlementDenied, match="6 device not registered") as caught:
        check(isAllowed=False, epTokenURL="", error=6, errorText="device not registered")
    assert (caught.value.number, caught.value.step, caught.value.status) == (6, 6, 200)
    assert "register" in str(caught.value)


def test_a_denial_without_a_number() -> None:
    with pytest.raises(EntitlementDenied) as caught:
        check(isAllowed=False, epTokenURL="", error=True)
    assert caught.value.number == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"messageID": ...},
        {"messageID": 1},
        {"version": ...},
        {"version": True},
        {"version": "1"},
        {"isAllowed": 1},
        {"isAllowed": ...},
        {"epTokenURL": ...},
        {"epTokenURL": None},
    ],
)
def test_a_response_of_another_form(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer, match="a response object"):
        check(**changes)


@pytest.mark.parametrize("version", [0, 2, -1])
def test_a_version_above_the_requests(version: int) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"version {version}"):
        check(version=version)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "skd://fp.example/?ExpressPlayToken=AQAA",
        "/hms/fp/rights/?ExpressPlayToken=AQAA",
        "https:///hms/fp/rights/?ExpressPlayToken=AQAA",
        "https://fp.example/hms/fp/rights/",
        "https://fp.example/hms/fp/rights/?ExpressPlayToken=",
        "https://fp.example/?ExpressPlayToken=A&ExpressPlayToken=B",
        "https://fp.example/?ExpressPlayToken=a b",
        "https://fp.example:70000/?ExpressPlayToken=AQAA",
        "https://fp.example/?ExpressPlayToken=" + "A" * 9000,
    ],
)
def test_a_token_url_of_another_form_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="epTokenURL") as caught:
        check(epTokenURL=url)
    assert "AQAA" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (CKC, "raw"),
        (b"<ckc>" + base64.b64encode(CKC) + b"</ckc>", "text"),
        (b"\n<ckc>\n" + base64.encodebytes(CKC) + b"</ckc>\n", "text"),
        (json.dumps({"ckc": base64.b64encode(CKC).decode()}).encode(), "json"),
    ],
)
def test_each_shape_of_a_ckc_is_unwrapped(body: bytes, shape: str) -> None:
    assert unwrap_ckc(license_answer(body)) == (CKC, shape)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "an empty body"),
        (b"<!DOCTYPE html><p>hello", "an HTML page"),
        (b"<ckc>***</ckc>", "bytes"),
        (b"<ckc>AAA</ckc>", "Base64 is damaged"),
        (b'{"ckc": 1}', "JSON without ckc"),
        (b'{"ckc": "***"}', "Base64 is damaged"),
        (b'{"ckc": ', "mistake at character"),
    ],
)
def test_what_is_no_ckc_is_named(body: bytes, found: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="step 11") as caught, at_step(11):
        unwrap_ckc(license_answer(body))
    assert found in caught.value.found


def test_a_refusal_with_status_200_is_a_refusal() -> None:
    body = json.dumps({"errorCode": -9003, "errorMessage": "Device differs", "hint": "", "cause": None}).encode()
    with pytest.raises(LicenseRefused) as caught:
        unwrap_ckc(license_answer(body))
    assert (caught.value.number, caught.value.cause) == (-9003, None)
    assert "register this device" in caught.value.hint


def test_a_refusal_says_code_message_cause_and_hint() -> None:
    refusal = {"errorCode": -4001, "errorMessage": "No", "hint": "send it whole.", "cause": -42585}
    with pytest.raises(LicenseRefused) as caught, at_step(11):
        unwrap_ckc(license_answer(json.dumps(refusal).encode()))
    assert str(caught.value) == (
        "step 12: ExpressPlay refused the license: -4001 No, cause -42585. Hint: send it whole."
    )


@pytest.mark.parametrize("code", [True, False, -9003.0, "-9003", None, [-9003]])
def test_a_number_is_an_integer_and_nothing_like_one(code: object) -> None:
    refusal = {"errorCode": code, "errorMessage": "No", "hint": "", "cause": None}
    with pytest.raises(UnexpectedAnswer):
        unwrap_ckc(license_answer(json.dumps(refusal).encode()))
    with pytest.raises(LicenseRefused) as caught:
        unwrap_ckc(license_answer(json.dumps(refusal | {"errorCode": -9003, "cause": code}).encode()))
    assert caught.value.cause is None


@pytest.mark.parametrize("long", ["x" * 600_000, "\n" * 600_000, "\U000e0001" * 300_000])
def test_a_long_text_is_not_repeated_whole(long: str) -> None:
    refusal = {"errorCode": -9003, "errorMessage": long, "hint": f"x{long}", "cause": None}
    with pytest.raises(LicenseRefused) as refused:
        unwrap_ckc(license_answer(json.dumps(refusal).encode()))
    with pytest.raises(EntitlementDenied) as denied:
        check(isAllowed=False, epTokenURL="", error=7, errorText=f"x{long}x Fix: x{long}x")
    for error in (refused.value, denied.value):
        assert len(str(error)) < 5000
        assert len(json.dumps(error.as_json())) < 50_000


@given(
    st.binary()
    | st.sampled_from([b"<ckc>", b'{"ckc":', b'{"errorCode":']).flatmap(lambda s: st.binary().map(s.__add__))
)
def test_any_bytes_give_bytes_or_a_numbered_error(body: bytes) -> None:
    with suppress(EmulatorError):
        assert isinstance(unwrap_ckc(license_answer(body))[0], bytes)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(
    st.dictionaries(st.sampled_from([*GOOD, "error", "errorText"]), JSON | st.sampled_from([False, 1, ""]), max_size=3)
)
def test_any_object_gives_a_url_or_a_numbered_error(changes: dict[str, Any]) -> None:
    with suppress(EmulatorError):
        assert check_entitlement(REQUEST, {**GOOD, **changes}, answer()) == TOKEN_URL
