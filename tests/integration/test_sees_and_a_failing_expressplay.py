"""Everything that can come back from ExpressPlay but a good answer, over real HTTP."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from dripping import dripping
from stubbed_sees import AUTHENTICATOR, CEKS, DEVICE, FILM, IVS, Answer, StubbedSees, row, stubbed_sees

from server.exchange import MAX_ANSWER, MAX_TRIES
from simulation.redaction import REDACTED


@pytest.fixture(scope="module")
def shared_sees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StubbedSees]:
    with stubbed_sees(Path(tmp_path_factory.mktemp("sees"))) as running:
        yield running


@pytest.fixture
def sees(shared_sees: StubbedSees) -> StubbedSees:
    return shared_sees.reset()


def error_of(sees: StubbedSees, request_type: int) -> tuple[int, int, str]:
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
    "HTML": (Answer(200, "text/html", "<p>hello</p>"), "found another content type"),
    "empty": (Answer(200, LIST, ""), "0 lines"),
    "two lines": (Answer(200, LIST, "http://a/\r\nhttp://b/"), "2 lines"),
    "no address": (Answer(200, LIST, "AQAAA"), "no URL"),
    "script": (Answer(200, LIST, "javascript:alert(1)"), "no URL"),
    "not ASCII": (Answer(200, LIST, b"http://\xff/"), "no URL"),
    "elsewhere": (Answer(200, LIST, "http://evil.example/hms/fp/rights/?ExpressPlayToken=x"), "leads elsewhere"),
    "oversized": (Answer(200, LIST, "x" * (MAX_ANSWER + 1)), "at most"),
    "redirect": (Answer(302, LIST, "", {"Location": "/hms/fp/token"}), "status 302"),
    "bare 403": (Answer(403, "text/html", "<p>no</p>"), "status 403"),
    "code is a text": (json_answer({"errorCode": "-2018"}, 400), "status 400"),
    "code is no JSON": (Answer(400, "application/json", b'{"errorCode": NaN}'), "status 400"),
    "server error": (Answer(500, "text/html", "<p>oops</p>"), "status 500"),
    "code is no code": (json_answer({"errorCode": 10**20}, 400), "status 400"),
    "refusal": (json_answer({"errorCode": -2027, "errorMessage": "x"}, 400), "-2027"),
    "refusal by 503": (json_answer({"errorCode": -2030, "errorMessage": "log"}, 503), "-2030"),
    "wrong authenticator": (json_answer({"errorCode": -2018, "errorMessage": "x"}, 401), "with the authenticator"),
}


@pytest.mark.parametrize(("answer", "words"), BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_bad_token_answers(sees: StubbedSees, answer: Answer, words: str) -> None:
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
def test_bad_record_answers_bind_nobody(sees: StubbedSees, answer: Answer) -> None:
    sees.expressplay.record_answers = [answer]
    status, number, _ = error_of(sees, 3)
    assert (status, number) == (502, 8)
    assert not sees.expressplay.orders()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_bounded_retry(sees: StubbedSees, status: int) -> None:
    busy = Answer(status, "text/html", "busy", {"Retry-After": "3600"})
    sees.expressplay.token_answers = [busy, busy, Answer(200, LIST, sees.expressplay.token_url)]
    assert sees.ask().json()["isAllowed"]
    assert len(sees.expressplay.orders()) == MAX_TRIES
    sees.expressplay.token_answers = [busy]
    sees.expressplay.asked.clear()
    assert error_of(sees, 1)[:2] == (503, 9)
    assert len(sees.expressplay.orders()) == MAX_TRIES


def test_refusals_are_not_tried_again(sees: StubbedSees) -> None:
    sees.expressplay.token_answers = [json_answer({"errorCode": -2018, "errorMessage": "no"}, 401)]
    error_of(sees, 1)
    assert len(sees.expressplay.orders()) == 1


def test_silence_ends_by_time_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with stubbed_sees(tmp_path, token_url=url, records_url=url, timeouts=(0.1, 0.1)) as sees:
            for request_type in (1, 3):
                status, number, text = error_of(sees, request_type)
                assert (status, number) == (503, 9)
                assert "no answer in time" in text


ECHOES = {
    "as it was sent": f"customerAuthenticator={AUTHENTICATOR}&contentKey={CEKS[FILM]}",
    "percent-encoded": "".join(f"%{ord(c):02x}" for c in AUTHENTICATOR + CEKS[FILM]),
    "capitals": CEKS[FILM].upper(),
    "30 of 32 digits": CEKS[FILM][:30],
    "where the text is cut": "x" * 190 + CEKS[FILM],
    "in the middle of it": "x" * 170 + AUTHENTICATOR,
}


def test_what_expressplay_says_is_not_repeated(sees: StubbedSees) -> None:
    """An answer that echoes its request reaches neither the client nor the journal, in no part of ten characters."""
    digits = {secret[at : at + 10] for secret in (CEKS[FILM], AUTHENTICATOR[3:]) for at in range(23)}
    for echo in ECHOES.values():
        for answer in (
            json_answer({"errorCode": -2027, "errorMessage": echo}, 400),
            Answer(200, f"text/{echo}", "x"),
            Answer(200, LIST, f"http://evil.example/{echo}/"),
            Answer(200, LIST, f"{sees.expressplay.token_url}&{echo}"),
        ):
            sees.expressplay.token_answers = [answer]
            told = sees.ask(requestType=1).json()["errorText"]
            kept = sees.session.get(f"{sees.url}/_sim/journal").json()["entries"][-2:]
            assert [entry["step"] for entry in kept] == [9, 6]
            assert kept[0]["request"].pop("iv") == IVS[FILM]  # its digits are those of the key
            everything = unquote(told + json.dumps(kept)).lower()
            assert not [part for part in digits if part in everything], echo


def test_records_that_echo_are_not_kept(sees: StubbedSees) -> None:
    sees.expressplay.record_answers = [json_answer({"records": [row(1, DEVICE)], "asked": AUTHENTICATOR.upper()})]
    assert sees.ask(requestType=3, customerCookie="alice").json()["isAllowed"]
    journal = sees.session.get(f"{sees.url}/_sim/journal").json()["entries"]
    assert [entry["response"] for entry in journal if entry["step"] == 7][-1] == REDACTED


def test_what_expressplay_says_is_in_the_journal_only(sees: StubbedSees) -> None:
    sees.expressplay.token_answers = [json_answer({"errorCode": -2019, "errorMessage": "buy more"}, 400)]
    _, _, text = error_of(sees, 1)
    assert "its code is -2019, insufficient tokens (status 400)" in text
    assert "buy more" not in text
    sees.expressplay.token_answers = [Answer(200, LIST, "http://elsewhere.example/?ExpressPlayToken=x")]
    assert "elsewhere.example" not in error_of(sees, 1)[2]
    orders = [entry for entry in sees.session.get(f"{sees.url}/_sim/journal").json()["entries"] if entry["step"] == 9]
    assert orders[-2]["response"] == {"errorCode": -2019, "errorMessage": "buy more"}
    assert orders[-1]["response"]["said"] == "http://elsewhere.example/"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/uri-list\r\n"
GZIPPED = HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
EMPTY_BLOCK = b"5\r\n\x00\x00\x00\xff\xff\r\n"
DRIPS = {
    "head": (b"", HEAD + b"X-Slow: " + b"y" * 10_000),
    "body": (HEAD + b"Content-Length: 9999\r\n\r\n", b"h" * 9999),
    "blank chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 2000),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "empty gzip blocks": (GZIPPED + b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n", EMPTY_BLOCK * 2000),
    "slow 503s": (b"", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" * 200),
}


@pytest.mark.parametrize(("first", "then"), DRIPS.values(), ids=DRIPS.keys())
def test_an_answer_that_drips_ends_with_the_deadline(tmp_path: Path, first: bytes, then: bytes) -> None:
    with (
        dripping(first, then, pause=0.05) as url,
        stubbed_sees(tmp_path, token_url=url, records_url=url, deadline=0.5) as sees,
    ):
        for request_type in (1, 3):
            began = time.monotonic()
            status, number, text = error_of(sees, request_type)
            took = time.monotonic() - began
            assert (status, number) == (503, 9)
            assert "no whole answer within the time that one request to SEES may take in all" in text
            assert took < 30  # without an end it would be 60 s and more


def test_no_log_line_holds_a_secret(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    nowhere = "http://127.0.0.1:1"
    with stubbed_sees(tmp_path, records_url=nowhere) as sees:
        sees.ask(requestType=1)
        error_of(sees, 3)
        assert AUTHENTICATOR not in sees.session.get(f"{sees.url}/_sim/journal").text
    for secret in (AUTHENTICATOR, AUTHENTICATOR.split(",")[1], CEKS[FILM]):
        assert secret not in caplog.text


def test_trace_is_passed_on_and_journalled(sees: StubbedSees) -> None:
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
