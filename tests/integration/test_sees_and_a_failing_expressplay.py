"""Everything that can come back from ExpressPlay but a good answer, over real HTTP."""

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sees_stage import AUTHENTICATOR, CEKS, DEVICE, FILM, Answer, Stage, row, stage

from server.expressplay import ATTEMPTS, MAX_ANSWER


@pytest.fixture(scope="module")
def running_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(Path(tmp_path_factory.mktemp("sees"))) as running:
        yield running


@pytest.fixture
def sees(running_stage: Stage) -> Stage:
    stub = running_stage.expressplay
    stub.records, stub.token_answers, stub.record_answers = [row(1, DEVICE)], [], []
    stub.asked.clear()
    return running_stage


def error_of(sees: Stage, request_type: int) -> tuple[int, int, str]:
    answer = sees.ask(requestType=request_type, customerCookie="alice")
    body = answer.json()
    assert (body["messageID"], body["isAllowed"], body["epTokenURL"]) == ("m-1", False, "")
    for secret in (AUTHENTICATOR, CEKS[FILM]):
        assert secret not in answer.text
    return answer.status_code, body["error"], body["errorText"]


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, "application/json", json.dumps(value))


LIST = "text/uri-list"
BAD_TOKENS = {
    "HTML": (Answer(200, "text/html", "<p>hello</p>"), "text/html"),
    "empty": (Answer(200, LIST, ""), "0 lines"),
    "two lines": (Answer(200, LIST, "http://a/\r\nhttp://b/"), "2 lines"),
    "no address": (Answer(200, LIST, "AQAAA"), "no URL"),
    "script": (Answer(200, LIST, "javascript:alert(1)"), "no URL"),
    "not ASCII": (Answer(200, LIST, b"http://\xff/"), "no URL"),
    "elsewhere": (Answer(200, LIST, "http://evil.example/hms/fp/rights/?ExpressPlayToken=x"), "evil.example"),
    "oversized": (Answer(200, LIST, "x" * (MAX_ANSWER + 1)), "at most"),
    "redirect": (Answer(302, LIST, "", {"Location": "/hms/fp/token"}), "status 302"),
    "bare 403": (Answer(403, "text/html", "<p>no</p>"), "status 403"),
    "code is a text": (json_answer({"errorCode": "-2018"}, 400), "status 400"),
    "code is no JSON": (Answer(400, "application/json", b'{"errorCode": NaN}'), "status 400"),
    "server error": (Answer(500, "text/html", "<p>oops</p>"), "status 500"),
    "refusal": (json_answer({"errorCode": -2027, "errorMessage": "x"}, 400), "-2027"),
    "refusal by 503": (json_answer({"errorCode": -2030, "errorMessage": "log"}, 503), "-2030"),
    "wrong authenticator": (json_answer({"errorCode": -2018, "errorMessage": "x"}, 401), "with the authenticator"),
}


@pytest.mark.parametrize(("answer", "words"), BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_bad_token_answers(sees: Stage, answer: Answer, words: str) -> None:
    sees.expressplay.token_answers = [answer]
    status, number, text = error_of(sees, 1)
    assert (status, number) == (502, 8)
    assert words in text


BAD_RECORDS = {
    "HTML": Answer(200, "text/html", "<p>hello</p>"),
    "array": json_answer([]),
    "no records": json_answer({"records": None}),
    "record is a number": json_answer({"records": [5]}),
    "no event id": json_answer({"records": [{"cookie": "alice"}]}),
    "event id is a text": json_answer({"records": [row(1, DEVICE) | {"event_id": "1"}]}),
    "registration is a number": json_answer({"records": [row(1, DEVICE, registration=1)]}),
    "result is null": json_answer({"records": [row(1, DEVICE, result=None)]}),
    "device too short": json_answer({"records": [row(1, "11" * 19)]}),
    "device in capitals": json_answer({"records": [row(1, "AA" * 20)]}),
    "device is a number": json_answer({"records": [row(1, DEVICE) | {"device_id": 11}]}),
    "another cookie's": json_answer({"records": [row(1, DEVICE, cookie="bob")]}),
    "key twice": Answer(200, "application/json", '{"records": [], "records": []}'),
    "refusal": json_answer({"errorCode": -2018, "errorMessage": "no"}, 401),
}


@pytest.mark.parametrize("answer", BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_bad_record_answers_bind_nobody(sees: Stage, answer: Answer) -> None:
    sees.expressplay.record_answers = [answer]
    status, number, _ = error_of(sees, 3)
    assert (status, number) == (502, 8)
    assert not sees.expressplay.orders()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_bounded_retry(sees: Stage, status: int) -> None:
    busy = Answer(status, "text/html", "busy", {"Retry-After": "3600"})
    sees.expressplay.token_answers = [busy, busy, Answer(200, LIST, sees.expressplay.token_url)]
    assert sees.ask().json()["isAllowed"]
    assert len(sees.expressplay.orders()) == ATTEMPTS
    sees.expressplay.token_answers = [busy]
    sees.expressplay.asked.clear()
    assert error_of(sees, 1)[:2] == (503, 9)
    assert len(sees.expressplay.orders()) == ATTEMPTS


def test_refusals_are_not_tried_again(sees: Stage) -> None:
    sees.expressplay.token_answers = [json_answer({"errorCode": -2018, "errorMessage": "no"}, 401)]
    error_of(sees, 1)
    assert len(sees.expressplay.orders()) == 1


def test_silence_ends_by_time_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with stage(tmp_path, token_url=url, records_url=url, timeouts=(0.1, 0.1)) as sees:
            for request_type in (1, 3):
                status, number, text = error_of(sees, request_type)
                assert (status, number) == (503, 9)
                assert "no answer in time" in text


def test_no_log_line_holds_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    nowhere = "http://127.0.0.1:1"
    with stage(tmp_path, records_url=nowhere) as sees:
        sees.ask(requestType=1)
        error_of(sees, 3)
        assert AUTHENTICATOR not in sees.session.get(f"{sees.url}/_sim/journal").text
    for secret in (AUTHENTICATOR, AUTHENTICATOR.split(",")[1], CEKS[FILM]):
        assert secret not in caplog.text


def test_trace_is_passed_on_and_journalled(sees: Stage) -> None:
    sees.post('{"messageID": "m", "version": 1, "contentID": "%s"}' % FILM, headers={"X-Sim-Trace": "trace-1"})  # noqa: UP031
    sees.post("{}", headers={"X-Sim-Trace": "not a trace"})
    assert sees.expressplay.asked[0][2]["X-Sim-Trace"] == "trace-1"
    journal = sees.session.get(f"{sees.url}/_sim/journal?trace=trace-1").json()["entries"]
    assert [(entry["step"], entry["status"], entry["party"]) for entry in journal] == [
        (9, 200, "sees"),
        (6, 200, "sees"),
    ]
    assert journal[0]["response"] == {"tokenUrl": sees.expressplay.token_url}
    assert journal[0]["url"] == f"{sees.expressplay.url}/hms/fp/token"
    assert journal[1]["request"]["contentID"] == FILM
    assert journal[1]["decision"]["isAllowed"]
