"""ExpressPlay's token request service: one test for each documented sentence, which it quotes.

"Ours" marks sentences where ExpressPlay's public pages are silent and this project decided.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from refusals import number

from fairplay import layout
from fairplay.ckc import open_ckc
from fairplay.session_key import device_id_of

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

BASE = "https://expressplay.example:8443/base"
CEK, IV = "00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100"
MINE, OTHER = device_id_of("mine"), device_id_of("other")


def test_get_and_form_post(mock: Mock) -> None:
    """GET or POST (form-encoded, the same parameters) /hms/fp/token."""
    parameters = {
        "customerAuthenticator": mock.credentials.account.authenticator,
        "contentKey": CEK,
        "iv": IV,
    }
    assert mock.client.get("/hms/fp/token", query_string=parameters).status_code == 200
    assert mock.client.post("/hms/fp/token", data=parameters).status_code == 200


def test_the_answer_is_one_uri(mock: Mock) -> None:
    """200: text/uri-list, one line: <base>/hms/fp/rights/?ExpressPlayToken=<base64url token>."""
    answer = mock.ask()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/uri-list"
    assert answer.text.startswith(f"{BASE}/hms/fp/rights/?ExpressPlayToken=")
    assert len(answer.text.splitlines()) == 1


def test_the_host_header_never_becomes_the_base(mock: Mock) -> None:
    """<base> is the announced or configured public URL, never the request's Host header."""
    answer = mock.client.post(
        "/hms/fp/token",
        data={"customerAuthenticator": mock.credentials.account.authenticator, "contentKey": CEK, "iv": IV},
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    assert answer.text.startswith(BASE + "/")
    for path in ("/hms/fp/rights", "//hms/fp/rights/", "/cmiapi/getrecord"):
        assert "evil" not in mock.client.post(path, headers={"Host": "evil.example"}).headers.get("Location", "")


def test_tokens_start_as_real_ones(mock: Mock) -> None:
    """Real tokens are opaque, start with AQAA…, and carry the CEK encrypted."""
    token = mock.token()
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert token.startswith("AQAAA")
    assert bytes.fromhex(CEK) not in sealed
    assert CEK.encode() not in sealed


def test_invalid_arguments_and_failed_authentication(mock: Mock) -> None:
    """400 invalid arguments · 401 authentication failed · 404 bad URL."""
    assert mock.ask(iv="x").status_code == 400
    assert mock.ask(customerAuthenticator="1001," + "0" * 32).status_code == 401
    assert mock.ask(customerAuthenticator=None).status_code == 401
    assert mock.client.get("/hms/fp/tokens").status_code == 404


def test_error_formats(mock: Mock) -> None:
    """The body is HTML (errorFormat=html, the default) or JSON (errorFormat=json)."""
    for chosen in (None, "html"):
        answer = mock.ask(iv="x", errorFormat=chosen)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "-6003" in answer.text
    answer = mock.ask(iv="x", errorFormat="json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json.keys() == {"errorCode", "errorMessage", "hint"}
    assert number(answer) == (400, -6003)


@pytest.mark.parametrize(
    ("status", "code", "wrong"),
    [
        (400, -2002, {"expirationTime": "+2592001"}),
        (400, -2005, {"contentKey": None}),
        (401, -2017, {"customerAuthenticator": None}),
        (401, -2018, {"customerAuthenticator": "1001," + "0" * 32}),
        (400, -2025, {"rentalDuration": "one day"}),
        (400, -2027, {"contentKey": CEK[:-1]}),
        (400, -2033, {"cookie": "c" * 33}),
        (400, -2036, {"fpExtension": "abc,AAAA"}),
        (400, -2037, {"fpExtension": "abcd,*"}),
        (400, -4001, {"deviceId": "00"}),
        (400, -4019, {"kid": "00" * 16, "contentKey": None}),
        (400, -4024, {"kek": "00" * 16, "ek": "00" * 23, "contentKey": None}),
        (400, -5003, {"generalFlags": "1"}),
        (400, -6001, {"fpExtension": "abcd"}),
        (400, -6003, {"iv": None}),
        (400, -6007, {"rentalDuration": "4294967295"}),
    ],
)
def test_error_codes(mock: Mock, status: int, code: int, wrong: dict[str, Any]) -> None:
    """Error codes of the service (number, meaning)."""
    assert number(mock.ask(errorFormat="json", **wrong)) == (status, code)


def test_invalid_error_format(mock: Mock) -> None:
    """-3004 invalid error format; the answer can only be in the default one."""
    answer = mock.ask(errorFormat="xml")
    assert answer.status_code == 400
    assert "-3004" in answer.text


def test_general_flags(mock: Mock) -> None:
    """generalFlags: hexadecimal flags, only zeros allowed."""
    assert mock.ask(generalFlags="00000000").status_code == 200


def test_cookie_length(mock: Mock) -> None:
    """cookie: at most 32 characters."""
    assert mock.ask(cookie="ü" * 32).status_code == 200
    assert mock.ask(cookie="ü" * 33).status_code == 400


def test_cookie_is_carried_and_logged(mock: Mock) -> None:
    """cookie: carried in the token, logged at redemption."""
    token = mock.token(cookie="viewer 7/ü+")
    assert mock.found() == []
    mock.redeem(token)
    assert mock.found()[0]["cookie"] == "viewer 7/ü+"


def test_extensions_may_be_repeated(mock: Mock) -> None:
    """fpExtension: type,payload: 4 characters, Base64; may be repeated."""
    assert mock.ask(fpExtension=["abcd,AAAA", "efgh,"]).status_code == 200


def test_nothing_else_may_be_repeated(mock: Mock) -> None:
    """Ours: any other parameter occurs once; which of two values holds is nobody's guess."""
    assert number(mock.ask(errorFormat="json", cookie=["a", "b"])) == (400, -2033)


def test_relative_expiration(mock: Mock) -> None:
    """expirationTime: +seconds (sent as %2B)."""
    token = mock.token(expirationTime="+300")
    mock.clock.advance(290)
    assert mock.redeem(token).status_code == 200
    mock.clock.advance(20)
    assert number(mock.redeem(token)) == (403, -4011)


def test_absolute_expiration(mock: Mock) -> None:
    """expirationTime: RFC 3339 in Z; ExpressPlay's clock decides."""
    assert mock.ask(expirationTime="2020-01-01T00:00:00Z").status_code == 400
    mock.clock.advance(86_400)
    assert mock.ask(expirationTime="2020-01-01T00:00:00Z").status_code == 400


def test_default_and_longest_expiration(mock: Mock) -> None:
    """expirationTime: default and maximum 30 days."""
    default, longest = mock.token(), mock.token(expirationTime="+2592000")
    mock.clock.advance(30 * 86_400 - 60)
    assert mock.redeem(default).status_code == 200
    assert mock.redeem(longest).status_code == 200
    mock.clock.advance(120)
    assert number(mock.redeem(default)) == (403, -4011)
    assert number(mock.redeem(longest)) == (403, -4011)


def test_rental_duration(mock: Mock) -> None:
    """rentalDuration: seconds, default 0."""
    for asked, seconds in (("172800", 172_800), (None, None), ("0", None)):
        spc, contents = mock.spc()
        duration = open_ckc(mock.redeem(mock.token(rentalDuration=asked), spc).data, contents).duration
        assert (duration and duration.rental) == seconds
        assert duration is None or duration.lease == layout.NO_LEASE


def test_device_id(mock: Mock) -> None:
    """deviceId: device restriction, compared with the SPC at redemption (ours: 40 hex digits)."""
    token = mock.token(deviceId=MINE.hex().upper())
    assert mock.redeem(token, mock.spc(MINE)[0]).status_code == 200
    assert number(mock.redeem(token, mock.spc(OTHER)[0])) == (403, -9003)


def test_a_token_without_cookie_and_device(mock: Mock) -> None:
    """A token with neither cookie nor device registers nobody."""
    assert mock.redeem(mock.token()).status_code == 200
    assert [record["registration"] for record in mock.found()] == [False]


def test_head_mints_no_token(new_mock: Callable[..., Mock]) -> None:
    """GET or POST (ours: HEAD, which would spend a token that nobody sees, is 405)."""
    mock = new_mock()
    query = {"customerAuthenticator": mock.credentials.account.authenticator, "contentKey": CEK, "iv": IV}
    answer = mock.client.head("/hms/fp/token", query_string=query)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert mock.client.get("/_sim/journal").get_json()["entries"] == []


@pytest.mark.parametrize("header", ["Cookie", "Customer-Cookie", "X-ExpressPlay-DeviceId"])
def test_a_restriction_as_a_header_is_not_read_and_not_silent(new_mock: Callable[..., Mock], header: str) -> None:
    """Adobe's Widevine page allows the cookie "as headers", without naming one: a note in the journal (ours)."""
    mock = new_mock()
    query = {"customerAuthenticator": mock.credentials.account.authenticator, "contentKey": CEK, "iv": IV}
    if header == "Cookie":
        mock.client.set_cookie("customer", "viewer-7")
    mock.client.post("/hms/fp/token", data=query, headers={} if header == "Cookie" else {header: "viewer-7"})
    (entry,) = mock.client.get("/_sim/journal").get_json()["entries"]
    (note,) = entry["decision"]["notes"]
    assert header.lower() in note.lower()
    assert "viewer-7" not in str(entry)


def test_a_misplaced_secret_gets_into_no_journal(mock: Mock) -> None:
    """A secret in the wrong parameter is not echoed."""
    secret = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
    for name in ("expirationTime", "rentalDuration", "generalFlags", "errorFormat", "kid", "deviceId", "fpExtension"):
        answer = mock.ask(**{name: secret, **({"contentKey": None} if name == "kid" else {})})
        assert answer.status_code == 400
        assert secret[:6] not in answer.text
    assert mock.ask(fpExtension=f"1001,{secret}").status_code == 200  # an authenticator has the form of an extension
    assert secret[:6] not in mock.client.get("/_sim/journal").text
