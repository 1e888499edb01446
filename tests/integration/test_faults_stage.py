"""The stage's faults over real HTTP: what each does to the mock's answer, how it is counted, and strict reading."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from mock_over_http import CEK, Mock
from real_services import AUTHENTICATOR

from expressplay_mock.app import Config, create_app
from expressplay_mock.faults.fault_effects import CODES
from expressplay_mock.faults.faults import KINDS
from fairplay.ckc import open_ckc
from hosting.http_client import new_session
from hosting.tls.tls import ClientTls


def ids(answer: requests.Response) -> list[int]:
    return [record["event_id"] for record in answer.json()["records"]]


def test_no_fault_is_set_by_default(mock: Mock) -> None:
    state = mock.http.get(f"{mock.url}/_sim/faults", timeout=10).json()
    assert state["active"] == []
    assert [kind["name"] for kind in state["faults"]] == list(KINDS)
    assert all(kind["meaning"] and kind["at"] for kind in state["faults"])


def test_fail_twice_then_work(mock: Mock) -> None:
    waiting = mock.fault(fault="refuse", at="token", code=-2019, times=2)
    assert waiting.json() == {
        "id": waiting.json()["id"],
        "fault": "refuse",
        "at": "token",
        "code": -2019,
        "times": 2,
        "left": 2,
        "acted": 0,
    }
    assert mock.token().json()["errorCode"] == -2019
    assert [fault["left"] for fault in mock.faults()] == [1]
    assert mock.token().json()["errorCode"] == -2019
    assert mock.faults() == []
    assert mock.token().status_code == 200


@pytest.mark.parametrize("code", CODES)
def test_every_documented_code_can_be_had_at_every_place(mock: Mock, code: int) -> None:
    for at in ("token", "rights", "records"):
        mock.fault(fault="refuse", at=at, code=code, times=1)
    for refused in (mock.token(), mock.records(), mock.http.post(f"{mock.url}/hms/fp/rights/", timeout=10)):
        assert refused.json()["errorCode"] == code
        assert "POST /_sim/faults" in refused.json()["hint"]
    assert mock.faults() == []


def test_a_fault_for_one_cookie_leaves_the_others_alone(mock: Mock) -> None:
    mock.fault(fault="refuse", at="token", code=-2030, cookie="alice")
    mock.fault(fault="refuse", at="records", code=-2030, cookie="alice")
    assert mock.token(cookie="bob").status_code == 200
    assert mock.token().status_code == 200
    assert mock.token(cookie="alice").status_code == 503
    assert mock.records(cookie="bob").status_code == 200
    assert mock.records(cookie="alice").status_code == 503


def test_a_fault_for_one_account_is_for_that_account(mock: Mock) -> None:
    account = AUTHENTICATOR.partition(",")[0]
    assert mock.fault(fault="refuse", at="token", code=-2031, account=account).status_code == 200
    assert mock.token().json()["errorCode"] == -2031
    assert mock.fault(fault="refuse", at="token", code=-2031, account="9").json()["expected"] == f"one of {account}"


def test_faults_act_in_the_order_in_which_they_were_set(mock: Mock) -> None:
    mock.fault(fault="status", at="token", status=502, times=1)
    mock.fault(fault="rubbish", at="token", times=1)
    mock.fault(fault="drop", at="token", times=1)
    first = mock.token()
    assert (first.status_code, first.content) == (502, b"")
    second = mock.token()
    assert (second.status_code, second.headers["Content-Type"], second.text) == (200, "text/uri-list", "rubbish")
    with pytest.raises(requests.RequestException):
        mock.token()
    assert mock.token().status_code == 200


def test_a_held_back_answer_leaves_when_the_faults_are_cleared(mock: Mock) -> None:
    mock.fault(fault="delay", at="records", seconds=60)
    with ThreadPoolExecutor(1) as pool, new_session(ClientTls()) as session:
        held = pool.submit(session.get, f"{mock.url}/cmiapi/getrecord/", timeout=60)
        while mock.faults()[0]["acted"] == 0:
            assert not held.done()
        assert not held.done()
        assert mock.http.delete(f"{mock.url}/_sim/faults", timeout=10).json() == {"active": []}
        assert held.result(60).status_code == 401  # without an authenticator
    assert mock.records().status_code == 200


def test_one_fault_is_cleared_by_its_id(mock: Mock) -> None:
    first, second = (mock.fault(fault="refuse", at="token", code=code).json()["id"] for code in (-2019, -2031))
    left = mock.http.delete(f"{mock.url}/_sim/faults/{first}", timeout=10)
    assert [fault["id"] for fault in left.json()["active"]] == [second]
    assert mock.token().json()["errorCode"] == -2031
    for gone in (first, "0", "-1", "x", "\u0663", "9" * 5000):
        refused = mock.http.delete(f"{mock.url}/_sim/faults/{gone}", timeout=10)
        assert (refused.status_code, refused.json()["error"]) == (404, 404)
    assert [fault["id"] for fault in mock.faults()] == [second]


def test_a_reset_clears_the_faults(mock: Mock) -> None:
    mock.fault(fault="rubbish", at="records")
    mock.http.post(f"{mock.url}/_sim/reset", timeout=10)
    assert mock.faults() == []


def test_the_journal_names_the_fault_and_shows_what_really_left(mock: Mock) -> None:
    mock.fault(fault="refuse", at="token", code=-2019, times=1)
    mock.fault(fault="status", at="records", status=500, times=1)
    mock.fault(fault="rubbish", at="records", times=1)
    mock.token()
    mock.records(cookie="alice")
    mock.records(cookie="alice")
    mock.records(cookie="alice")
    entries = [entry for entry in mock.journal() if "status" in entry]
    assert [(entry["step"], entry["status"], entry.get("fault")) for entry in entries] == [
        (2, 400, "refuse"),
        (7, 500, "status"),
        (7, 200, "rubbish"),
        (7, 200, None),
    ]
    assert entries[2]["response"] == {"body": "rubbish"}


def test_the_journal_tells_of_a_refusal_what_was_expected_and_found(mock: Mock) -> None:
    mock.token(iv="12")
    mock.records(id="x")
    mock.http.post(f"{mock.url}/hms/fp/rights/", timeout=10)
    refused = [entry["decision"] for entry in mock.journal()]
    assert [decision["refused"] for decision in refused] == ["iv", "id", "token"]
    assert refused[0]["expected"] == "32 hexadecimal digits"
    assert refused[0]["found"] == "2 characters"
    assert all(decision["fix"] for decision in refused)


def test_the_journal_shows_a_look_up_as_it_was_asked(mock: Mock) -> None:
    event_id = (mock.license(), ids(mock.records(cookie="alice")))[1]
    looked_up = next(entry for entry in mock.journal() if entry["step"] == 8)
    assert looked_up["decision"] == {"query": {"cookie": "alice"}, "found": 1, "event_ids": event_id}


def test_what_takes_the_place_of_the_license_service_writes_no_row(mock: Mock) -> None:
    mock.fault(fault="refuse", at="rights", code=-6004, times=1, cookie="alice")
    mock.fault(fault="status", at="rights", status=403, times=1)
    mock.fault(fault="rubbish", at="rights", times=1)
    answers = [mock.license()[0] for _ in range(3)]
    assert (answers[0].json()["errorCode"], answers[0].json()["cause"]) == (-6004, None)
    assert (answers[1].status_code, answers[1].content) == (403, b"")
    assert (answers[2].headers["Content-Type"], answers[2].content) == ("application/octet-stream", b"rubbish")
    assert ids(mock.records(cookie="alice")) == []
    exchanges = [entry for entry in mock.journal() if entry["step"] == 4]
    assert [entry["fault"] for entry in exchanges] == ["refuse", "status", "rubbish"]


def test_a_fault_at_rights_finds_the_cookie_in_the_token(mock: Mock) -> None:
    mock.fault(fault="refuse", at="rights", code=-6004, cookie="alice")
    assert mock.license("bob")[0].status_code == 200
    assert mock.license("alice")[0].status_code == 500


def test_a_dropped_answer_is_an_answer_lost_not_a_registration_lost(mock: Mock) -> None:
    mock.fault(fault="drop", at="rights", times=1)
    with pytest.raises(requests.RequestException):
        mock.license()
    assert len(ids(mock.records(cookie="alice"))) == 1


def test_one_byte_of_the_ckc_is_broken_and_only_that(mock: Mock) -> None:
    mock.fault(fault="broken-ckc", times=1)
    refused = mock.http.post(f"{mock.url}/hms/fp/rights/", timeout=10)
    assert (refused.status_code, mock.faults()[0]["acted"]) == (400, 0)  # no CKC, so nothing to break
    answer, contents = mock.license()
    assert answer.status_code == 200
    mended = bytearray(answer.content)
    mended[28] ^= 0xFF
    assert open_ckc(bytes(mended), contents).content.key.hex() == CEK
    assert [entry["fault"] for entry in mock.journal() if entry.get("fault")] == ["broken-ckc"] * 2


def test_records_lag_by_seconds_of_the_simulated_clock(mock: Mock) -> None:
    mock.fault(fault="lag", seconds=30)
    mock.license()
    assert ids(mock.records(cookie="alice")) == []
    mock.http.post(f"{mock.url}/_sim/clock", json={"advance": 31}, timeout=10)
    assert len(ids(mock.records(cookie="alice"))) == 1


def test_records_lag_by_requests_each_row_by_itself(mock: Mock) -> None:
    mock.license()
    mock.fault(fault="lag", requests=2)
    (old,) = ids(mock.records(cookie="alice"))
    mock.license()
    assert ids(mock.records(cookie="bob")) == []
    assert [ids(mock.records(cookie="alice")) for _ in range(2)] == [[old], [old]]
    assert len(ids(mock.records(cookie="alice"))) == 2


def test_a_lag_for_one_cookie_hides_its_rows_in_every_view(mock: Mock) -> None:
    mock.fault(fault="lag", seconds=30, cookie="alice")
    mock.license("alice")
    mock.license("bob")
    (bobs,) = ids(mock.records())
    assert mock.records(id=str(bobs - 1)).json()["errorCode"] == -2035
    looked_up = [entry for entry in mock.journal() if entry["step"] in (7, 8)]
    assert {entry["fault"] for entry in looked_up} == {"lag"}


@pytest.mark.parametrize(
    ("body", "text", "expected"),
    [
        ({}, "fault is missing", "one of refuse, status"),
        ({"fault": "refus"}, "did you mean refuse?", "one of refuse"),
        (
            {"fault": "refuse", "at": "token"},
            "code is missing",
            '"fault": "refuse", "at": token or rights or records, code',
        ),
        ({"fault": "refuse", "at": "token", "code": -2016}, "near it: -2017", "-2019"),
        ({"fault": "refuse", "at": "token", "code": "-2019"}, "code is not a number", "-2019 without quotes"),
        ({"fault": "refuse", "at": "token", "code": True}, "no documented code", "-2019"),
        ({"fault": "refuse", "code": -2019}, "at is missing", "one of token, rights, records"),
        ({"fault": "drop", "at": "right"}, "did you mean rights?", "one of token, rights, records"),
        ({"fault": "lag", "at": "token", "seconds": 1}, "unknown at", "one of records"),
        ({"fault": "lag"}, "lag takes one of two", "seconds or requests"),
        ({"fault": "lag", "seconds": 1, "requests": 1}, "lag takes one of two", "seconds or requests"),
        ({"fault": "delay", "at": "token", "seconds": 0}, "seconds out of range", "at most 60"),
        ({"fault": "delay", "at": "token", "seconds": 61}, "seconds out of range", "at most 60"),
        ({"fault": "drop", "at": "token", "seconds": 1}, "drop has no seconds", '"fault": "drop"'),
        ({"fault": "drop", "at": "token", "times": 0}, "times out of range", "a whole number, 1 to"),
        ({"fault": "drop", "at": "token", "time": 1}, "did you mean times?", "a JSON object with"),
        ({"fault": "drop", "at": "token", "cookie": ""}, "no cookie", "1 to 32 characters"),
        ({"fault": "drop", "at": "token", "cookie": 7}, "no cookie", "1 to 32 characters"),
        ({"fault": "status", "at": "token", "status": 200}, "status out of range", "400 to 599"),
        ([], "not an object", "a JSON object"),
    ],
)
def test_a_request_for_a_fault_is_read_strictly(mock: Mock, body: Any, text: str, expected: str) -> None:
    refused = mock.http.post(f"{mock.url}/_sim/faults", json=body, timeout=10)
    assert refused.status_code == 400
    assert text in refused.json()["errorText"]
    assert expected in refused.json()["expected"]
    assert refused.json()["found"]
    assert mock.faults() == []


def test_the_store_has_an_end(mock: Mock) -> None:
    answers = [mock.fault(fault="drop", at="token").status_code for _ in range(101)]
    assert answers == [200] * 100 + [400]
    mock.http.delete(f"{mock.url}/_sim/faults", timeout=10)


def test_there_are_no_faults_without_the_stage() -> None:
    client = create_app(Config(authenticator=AUTHENTICATOR, sim=False)).test_client()
    assert client.post("/_sim/faults", json={"fault": "drop", "at": "token"}).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_several_workers_have_no_faults(method: str) -> None:
    client = create_app(Config(authenticator=AUTHENTICATOR, workers=2)).test_client()
    refused = client.open("/_sim/faults", method=method, json={"fault": "drop", "at": "token"})
    assert refused.status_code == 409
    assert refused.json == {
        "errorText": "clock, faults and journal belong to one process, and this service has 2 workers",
        "expected": "a service started with --workers 1",
        "found": 2,
    }
    asked = {"contentKey": "00" * 16, "iv": "11" * 16, "customerAuthenticator": AUTHENTICATOR}
    assert client.post("/hms/fp/token", data=asked).status_code == 200
