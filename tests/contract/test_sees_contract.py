"""The SEES public API, one test for each documented sentence; "ours" marks what the public text leaves open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stubbed_sees import (
    AUTHENTICATOR,
    CEKS,
    CLUB,
    DEVICE,
    DUMMY,
    FILM,
    IVS,
    OTHER_DEVICE,
    Answer,
    StubbedSees,
    row,
    stubbed_sees,
)

from server.entitlement import play_cookie


@pytest.fixture(scope="module")
def shared_sees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubbedSees]:
    with stubbed_sees(Path(tmp_path_factory.mktemp("sees"))) as running:
        yield running


@pytest.fixture
def sees(shared_sees: StubbedSees) -> StubbedSees:
    return shared_sees.reset()


def test_request_is_json_by_post(sees: StubbedSees) -> None:
    """Requests are posted as JSON to /sees/SEESServlet, and the answer is JSON."""
    answer = sees.ask()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_other_methods_are_refused(sees: StubbedSees) -> None:
    """The servlet takes POST only."""
    answer = sees.session.get(f"{sees.url}/sees/SEESServlet")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json()["error"] == 405


def test_message_id_is_echoed(sees: StubbedSees) -> None:
    """The response repeats messageID; a client that finds another one must deny itself."""
    assert sees.ask(messageID="6fe3b1a0-0001-4000-8000-00000000000f").json()["messageID"].endswith("00f")
    assert sees.ask(messageID="ünï").json()["messageID"] == "ünï"


def test_message_id_is_echoed_when_denied_and_when_malformed(sees: StubbedSees) -> None:
    """It is echoed in every answer, as far as it could be read (ours: else it is empty)."""
    assert sees.ask(messageID="x", contentID="nothing").json()["messageID"] == "x"
    assert sees.ask(messageID="x", version="1").json()["messageID"] == "x"
    assert sees.ask(messageID=7).json()["messageID"] == ""


@pytest.mark.parametrize(("asked", "answered"), [(1, 1), (2, 1), (99, 1), (0, 0), (-3, -3)])
def test_version_is_never_above_the_request(sees: StubbedSees, asked: int, answered: int) -> None:
    """The version of the response is at most the one of the request; here the only version is 1."""
    assert sees.ask(version=asked).json()["version"] == answered


@pytest.mark.parametrize("version", [0, -1])
def test_version_below_one_is_unsupported(sees: StubbedSees, version: int) -> None:
    """Error 2, with status 200, is an unsupported version (ours)."""
    answer = sees.ask(version=version)
    assert (answer.status_code, answer.json()["error"], answer.json()["isAllowed"]) == (200, 2, False)


def test_allowed_response(sees: StubbedSees) -> None:
    """An entitlement has messageID, version, isAllowed true and epTokenURL; the error fields are optional."""
    assert sees.ask(requestType=1).json() == {
        "messageID": "m-1",
        "version": 1,
        "isAllowed": True,
        "epTokenURL": sees.expressplay.token_url,
    }


def test_denied_response(sees: StubbedSees) -> None:
    """A denial has isAllowed false, a number and a text (ours: epTokenURL is there, and empty)."""
    body = sees.ask(contentID="nothing").json()
    assert set(body) == {"messageID", "version", "isAllowed", "epTokenURL", "error", "errorText"}
    assert (body["isAllowed"], body["epTokenURL"]) == (False, "")
    assert type(body["error"]) is int
    assert "unknown content" in body["errorText"]


@pytest.mark.parametrize("name", ["messageID", "version", "contentID"])
def test_required_properties(sees: StubbedSees, name: str) -> None:
    """messageID, version and contentID are required."""
    answer = sees.ask(**{name: None})
    assert (answer.status_code, answer.json()["error"]) == (400, 1)
    assert name in answer.json()["errorText"]


def test_absent_request_type_means_time_based(sees: StubbedSees) -> None:
    """requestType is optional (ours: absent means 1)."""
    assert sees.ask(requestType=None).json()["isAllowed"]
    assert "deviceId" not in sees.expressplay.orders()[0]


def test_time_based_token(sees: StubbedSees) -> None:
    """Type 1 asks for a token bound in time only: no device, and (ours) no cookie, so it registers nobody."""
    assert sees.ask(requestType=1, customerCookie="alice").json()["isAllowed"]
    assert sees.expressplay.orders() == [
        {
            "customerAuthenticator": AUTHENTICATOR,
            "errorFormat": "json",
            "contentKey": CEKS[FILM],
            "iv": IVS[FILM],
            "expirationTime": "+300",
            "rentalDuration": "7200",
        }
    ]


def test_registration_token(sees: StubbedSees) -> None:
    """Type 2 asks for a token with the cookie for the dummy title."""
    assert sees.ask(requestType=2, contentID=DUMMY, customerCookie="alice").json()["isAllowed"]
    (order,) = sees.expressplay.orders()
    assert (order["cookie"], order["contentKey"], order["expirationTime"]) == ("alice", CEKS[DUMMY], "+60")
    assert "deviceId" not in order
    assert len(sees.expressplay.asked) == 1


def test_device_bound_token(sees: StubbedSees) -> None:
    """Type 3 looks the device up by the cookie: a token with device, time, rental and a play cookie (ours)."""
    assert sees.ask(requestType=3, customerCookie="alice").json()["isAllowed"]
    (path, parameters, _), _ = sees.expressplay.asked
    assert path == "/cmiapi/getrecord/"
    assert parameters == {"customerAuthenticator": AUTHENTICATOR, "cookie": "alice"}
    (order,) = sees.expressplay.orders()
    assert (order["cookie"], order["deviceId"]) == (play_cookie("alice"), DEVICE)
    assert (order["expirationTime"], order["rentalDuration"]) == ("+300", "7200")


def test_parameters_travel_in_the_body(sees: StubbedSees) -> None:
    """SEES asks for tokens by form POST, so that CEK and authenticator stay out of query strings (ours)."""
    sees.ask(requestType=1)
    _, _, headers = sees.expressplay.asked[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("request_type", [0, 4, -1, 10**20])
def test_unknown_request_type(sees: StubbedSees, request_type: int) -> None:
    """Error 3, with status 200, is an unknown request type (ours)."""
    answer = sees.ask(requestType=request_type)
    assert (answer.status_code, answer.json()["error"]) == (200, 3)


def test_unknown_content(sees: StubbedSees) -> None:
    """Error 4, with status 200, is a content id that no title has (ours)."""
    answer = sees.ask(contentID="00000000-0000-4000-8000-000000000000")
    assert (answer.status_code, answer.json()["error"]) == (200, 4)


def test_content_id_that_is_a_guid_has_any_case(sees: StubbedSees) -> None:
    """contentID is opaque and compared exactly; of a GUID the case of its digits does not matter (ours)."""
    assert sees.ask(contentID=FILM.upper()).json()["isAllowed"]
    assert sees.ask(contentID=f"{FILM.upper()}/AUDIO").json()["error"] == 4


@pytest.mark.parametrize("content_id", ["x", "x" * 201, "é" * 101, "x" * 60_000])
def test_a_content_id_of_no_spc_is_unknown_content(sees: StubbedSees, content_id: str) -> None:
    """A content id has 2 to 200 bytes; any other is unknown content, error 4 with status 200 (ours)."""
    answer = sees.ask(contentID=content_id)
    assert (answer.status_code, answer.json()["error"]) == (200, 4)
    assert len(answer.json()["errorText"]) < 400


@pytest.mark.parametrize("request_type", [2, 3])
@pytest.mark.parametrize("cookie", [None, ""])
def test_cookie_is_needed(sees: StubbedSees, request_type: int, cookie: str | None) -> None:
    """The cookie is optional in the public text (ours: types 2 and 3 need one, error 5 with status 200)."""
    content = DUMMY if request_type == 2 else FILM
    answer = sees.ask(requestType=request_type, contentID=content, customerCookie=cookie)
    assert (answer.status_code, answer.json()["error"]) == (200, 5)
    assert not sees.expressplay.asked


@pytest.mark.parametrize("cookie", ["x" * 32, "é" * 32, "💿" * 32])
def test_cookie_of_32_characters(sees: StubbedSees, cookie: str) -> None:
    """A cookie has at most 32 characters: characters, not bytes."""
    assert sees.ask(requestType=2, contentID=DUMMY, customerCookie=cookie).json()["isAllowed"]
    assert sees.expressplay.orders()[0]["cookie"] == cookie


@pytest.mark.parametrize("request_type", [1, 2, 3])
def test_cookie_of_33_characters(sees: StubbedSees, request_type: int) -> None:
    """A longer one is error 5, for every type (ours)."""
    content = DUMMY if request_type == 2 else FILM
    answer = sees.ask(requestType=request_type, contentID=content, customerCookie="x" * 33)
    assert (answer.status_code, answer.json()["error"]) == (200, 5)


def test_cookie_with_control_character(sees: StubbedSees) -> None:
    """The cookie is arbitrary (ours: control characters are refused as error 5)."""
    assert sees.ask(requestType=2, contentID=DUMMY, customerCookie="a\nb").json()["error"] == 5


def test_device_not_registered(sees: StubbedSees) -> None:
    """Error 6, with status 200: nothing registered under this cookie; no token is asked for (ours)."""
    sees.expressplay.records = []
    answer = sees.ask(requestType=3, customerCookie="alice")
    assert (answer.status_code, answer.json()["error"]) == (200, 6)
    assert "dummy" in answer.json()["errorText"]
    assert not sees.expressplay.orders()


def test_refused_rows_bind_nobody(sees: StubbedSees) -> None:
    """A row that was refused is no registration, whatever it says (ours)."""
    sees.expressplay.records = [row(9, OTHER_DEVICE, result=-9003)]
    assert sees.ask(requestType=3, customerCookie="alice").json()["error"] == 6


def test_newest_registration_binds(sees: StubbedSees) -> None:
    """SEES binds to the newest registration, even where later rows are bound plays (ours)."""
    sees.expressplay.records = [
        row(9, OTHER_DEVICE, result=-9003, registration=False),
        row(8, DEVICE, registration=False),
        row(7, DEVICE),
        row(3, OTHER_DEVICE),
    ]
    sees.ask(requestType=3, customerCookie="alice")
    assert sees.expressplay.orders()[0]["deviceId"] == DEVICE


def test_bound_plays_bind_nobody(sees: StubbedSees) -> None:
    """Only a registration binds: rows of bound plays, even 32 of them, do not stand in for one (ours)."""
    sees.expressplay.records = [row(event, DEVICE, registration=False) for event in range(99, 67, -1)]
    assert sees.ask(requestType=3, customerCookie="alice").json()["error"] == 6
    assert not sees.expressplay.orders()


@pytest.mark.parametrize(
    ("request_type", "content"), [(3, DUMMY), (1, DUMMY), (2, FILM)], ids=["bound", "time-based", "registration"]
)
def test_dummy_is_for_registration_only(sees: StubbedSees, request_type: int, content: str) -> None:
    """The dummy title is for type 2 only, and type 2 is for the dummy only: error 7 with status 200 (ours)."""
    answer = sees.ask(requestType=request_type, contentID=content, customerCookie="alice")
    assert (answer.status_code, answer.json()["error"]) == (200, 7)
    assert not sees.expressplay.asked


def test_viewers(sees: StubbedSees) -> None:
    """Error 7, with status 200, is a viewer to whom the catalog does not grant the title (ours)."""
    sees.expressplay.records = [row(1, DEVICE, cookie="gold-eve")]
    assert sees.ask(requestType=3, contentID=CLUB, customerCookie="gold-eve").json()["isAllowed"]
    sees.expressplay.asked.clear()
    answer = sees.ask(requestType=3, contentID=CLUB, customerCookie="silver-bob")
    assert (answer.status_code, answer.json()["error"]) == (200, 7)
    assert sees.ask(requestType=1, contentID=CLUB).json()["error"] == 7
    assert not sees.expressplay.asked


MALFORMED = {
    "empty": b"",
    "not JSON": b"messageID=1&version=1",
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "not UTF-8": b'{"messageID": "\xff"}',
    "half a surrogate": b'{"messageID": "\\ud800", "version": 1, "contentID": "x"}',
    "key twice": b'{"messageID": "m", "version": 1, "version": 1, "contentID": "x"}',
    "NaN": b'{"messageID": "m", "version": NaN, "contentID": "x"}',
    "infinite by overflow": b'{"messageID": "m", "version": 1e999, "contentID": "x"}',
    "true for an integer": b'{"messageID": "m", "version": true, "contentID": "x"}',
    "a fraction": b'{"messageID": "m", "version": 1.0, "contentID": "x"}',
    "a quoted integer": b'{"messageID": "m", "version": "1", "contentID": "x"}',
    "null for a string": b'{"messageID": null, "version": 1, "contentID": "x"}',
    "object for a string": b'{"messageID": "m", "version": 1, "contentID": {}}',
    "empty content id": b'{"messageID": "m", "version": 1, "contentID": ""}',
    "cookie is a number": b'{"messageID": "m", "version": 1, "contentID": "x", "customerCookie": 5}',
    "type is a string": b'{"messageID": "m", "version": 1, "contentID": "x", "requestType": "3"}',
    "nested": b'{"a":' * 20_000,
    "nested arrays": b"[" * 60_000,
    "huge number": b'{"version": ' + b"9" * 60_000 + b"}",
    "over 64 KiB": b'{"messageID": "' + b"m" * 65_536 + b'"}',
    "cut": b'{"messageID": "m", "version": 1',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_requests(sees: StubbedSees, body: bytes) -> None:
    """Malformed means 400, and still a response object, with error 1 (ours)."""
    answer = sees.post(body)
    assert answer.status_code == 400
    assert answer.json()["error"] == 1
    assert (answer.json()["isAllowed"], answer.json()["epTokenURL"]) == (False, "")
    assert not sees.expressplay.asked


def test_large_body_of_unknown_length(sees: StubbedSees) -> None:
    """The ceiling holds for a chunked body too: what fits is read whole, what does not is malformed (ours)."""
    message = b'{"messageID": "m", "version": 1, "contentID": "%s"}' % FILM.encode()
    fitting = sees.post(iter([message, b" " * 60_000]))
    assert fitting.json()["isAllowed"]
    answer = sees.post(iter([message, *[b" " * 8_192] * 8]))
    assert (answer.status_code, answer.json()["error"]) == (400, 1)
    assert "65536" in answer.json()["errorText"]


def test_expressplay_refuses(sees: StubbedSees) -> None:
    """Error 8, with status 502: ExpressPlay refused, its code in the text (ours)."""
    refusal = f'{{"errorCode": -2018, "errorMessage": "bad authenticator {AUTHENTICATOR} {CEKS[FILM]}"}}'
    sees.expressplay.token_answers = [Answer(401, "application/json", refusal)]
    answer = sees.ask()
    assert (answer.status_code, answer.json()["error"]) == (502, 8)
    assert "-2018" in answer.json()["errorText"]
    assert AUTHENTICATOR not in answer.text
    assert CEKS[FILM] not in answer.text


def test_expressplay_unreachable(tmp_path: Path) -> None:
    """Error 9, with status 503: ExpressPlay unreachable (ours). SEES starts without it all the same."""
    nowhere = "http://127.0.0.1:1"
    with stubbed_sees(tmp_path, token_url=nowhere, records_url=nowhere) as sees:
        for request_type in (1, 3):
            answer = sees.ask(requestType=request_type, customerCookie="alice")
            assert (answer.status_code, answer.json()["error"]) == (503, 9)
            assert AUTHENTICATOR not in answer.text


def test_secrets_stay_here(sees: StubbedSees) -> None:
    """The CEK and the customer authenticator never reach the client, nor the journal."""
    answers = [sees.ask(requestType=kind, customerCookie="alice").text for kind in (1, 2, 3, 4)]
    answers.append(sees.session.get(f"{sees.url}/_sim/journal").text)
    assert '"contentKey": "<redacted>"' in answers[-1]
    for secret in (AUTHENTICATOR, *CEKS.values()):
        assert secret not in "".join(answers)
