"""Faults that change what answers look like, and what journal and log say of a request: over real HTTP."""

import pytest
from mock_over_http import KEYS, Mock


def test_a_refusal_can_come_under_another_status(mock: Mock) -> None:
    mock.fault(fault="refuse", at="token", code=-2031, status=200, times=1)
    answer = mock.token()
    assert (answer.status_code, answer.json()["errorCode"]) == (200, -2031)
    assert mock.journal()[-1]["status"] == 200


def test_a_status_can_say_when_to_come_back(mock: Mock) -> None:
    mock.fault(fault="status", at="token", status=503, retry_after=3600, times=1)
    answer = mock.token()
    assert (answer.status_code, answer.headers["Retry-After"], answer.content) == (503, "3600", b"")
    refused = mock.fault(fault="rubbish", at="token", retry_after=1)
    assert (refused.status_code, refused.json()["errorText"]) == (400, "rubbish has no retry_after")


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_for_people_takes_the_place_of_an_answer(mock: Mock, status: int) -> None:
    mock.fault(fault="error-page", at="records", status=status)
    answer = mock.records()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert mock.journal()[-1]["summary"] == f"record request: answered with an HTML page, status {status}"


def test_the_rows_of_others_answer_a_question_about_one_cookie(mock: Mock) -> None:
    mock.license(cookie="somebody else")
    mock.fault(fault="others-rows", cookie="alice", times=1)
    assert [record["cookie"] for record in mock.records(cookie="alice").json()["records"]] == ["somebody else"]
    assert mock.journal()[-1]["fault"] == "others-rows"
    assert mock.records(cookie="alice").json()["records"] == []


def test_the_journal_tells_by_which_way_parameters_came_and_who_asked(mock: Mock) -> None:
    mock.token()
    secret = {"contentKey": KEYS["contentKey"], "iv": KEYS["iv"]}
    others = {name: value for name, value in KEYS.items() if name not in secret}
    mock.http.post(f"{mock.url}/hms/fp/token", params=secret | {"unknown": "x"}, data=others, timeout=10)
    form, address = mock.journal()
    assert (form["decision"]["in_query"], address["decision"]["in_query"]) == ([], ["contentKey", "iv"])
    assert form["agent"].startswith("python-requests/")
    assert secret["contentKey"] not in str(mock.journal())


def test_the_journal_from_a_number_on(mock: Mock) -> None:
    for _ in range(3):
        mock.token()
    last = mock.journal()[-1]["seq"]

    def numbers(after: str) -> list[int]:
        answer = mock.http.get(f"{mock.url}/_sim/journal", params={"after": after}, timeout=10)
        return [entry["seq"] for entry in answer.json()["entries"]]

    assert numbers(str(last - 2)) == [last - 1, last]
    assert numbers(str(last)) == []
    for nonsense in ("-1", "x", "", "9" * 19):
        assert mock.http.get(f"{mock.url}/_sim/journal?after={nonsense}", timeout=10).status_code == 400


def test_the_clock_goes_back_to_the_systems_time(mock: Mock) -> None:
    mock.http.post(f"{mock.url}/_sim/clock", json={"advance": 60}, timeout=10)
    assert mock.http.delete(f"{mock.url}/_sim/clock", timeout=10).json()["offset"] == 0


def test_a_refusal_is_a_warning_in_the_log(mock: Mock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")  # a service that another test started in this process may have set it higher
    mock.http.post(f"{mock.url}/hms/fp/token", data=KEYS | {"iv": "short"}, headers={"X-Sim-Trace": "t1"}, timeout=10)
    mock.records(id="7")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2
    assert warnings[0].startswith("POST /hms/fp/token: -6003 ")
    assert "Likely fix: " in warnings[0]
    assert warnings[0].endswith("(trace t1)")
    assert KEYS["customerAuthenticator"] not in str(warnings)
