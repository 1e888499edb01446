"""The mock over real HTTP: a device registers and plays, and no bytes whatever upset a route."""

import base64
import json
import logging
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mock_over_http import CEK, IV, MINE, OTHER, Mock, running_mock
from real_services import AUTHENTICATOR

from expressplay_mock.app import Config, create_app
from expressplay_mock.credentials import Credentials, new_credentials
from fairplay.certificate import load_certificate
from fairplay.ckc import open_ckc


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    return new_credentials()


@pytest.fixture
def mock(credentials: Credentials) -> Iterator[Mock]:
    with running_mock(credentials=credentials) as mock:
        yield mock


def register_and_play(mock: Mock) -> None:
    """Steps 2 to 13 as ExpressPlay sees them, and then a refusal of another device."""
    assert mock.redeem(mock.token_url(cookie="c"), mock.spc()[0]).status_code == 200
    device_id = mock.rows(cookie="c")[0]["device_id"]
    assert device_id == MINE.hex()
    spc, contents = mock.spc()
    answer = mock.redeem(mock.token_url(cookie="c", deviceId=device_id, expirationTime="+300"), spc)
    assert open_ckc(answer.content, contents).content.key.hex() == CEK
    refused = mock.redeem(mock.token_url(cookie="c", deviceId=device_id), mock.spc(OTHER)[0])
    assert (refused.status_code, refused.json()["errorCode"]) == (403, -9003)


def test_the_journal_tells_the_steps_of_a_binding(mock: Mock) -> None:
    register_and_play(mock)
    entries = mock.journal()
    assert [(entry["party"], entry.get("step")) for entry in entries] == [
        ("expressplay", 2),
        ("expressplay", 4),
        ("log", 5),
        ("expressplay", 7),
        ("log", 8),
        ("expressplay", 9),
        ("expressplay", 11),
        ("expressplay", 12),
        ("log", None),
        ("expressplay", 9),
        ("expressplay", 11),
        ("expressplay", 12),
        ("log", None),
    ]
    asked, redeemed, row, looked_up, found = entries[:5]
    assert (asked["method"], asked["url"], asked["status"]) == ("POST", f"{mock.url}/hms/fp/token", 200)
    assert asked["request"]["cookie"] == "c"
    assert asked["response"]["tokenUrl"].startswith(f"{mock.url}/hms/fp/rights/?ExpressPlayToken=AQAAA")
    assert redeemed["request"]["shape"] == "raw"
    assert base64.b64decode(redeemed["request"]["spc"])[4:8] == b"SIM1"
    assert base64.b64decode(redeemed["response"]["ckc"])[4:8] == b"SIM1"
    assert row["decision"]["registration"] is True
    assert looked_up["response"]["records"] == [row["decision"]]
    assert found["decision"]["found"] == 1
    equal, different = entries[7]["decision"], entries[11]["decision"]
    mine, other = MINE.hex(), OTHER.hex()
    assert equal == {"token device_id": mine, "spc device_id": mine, "equal": True}
    assert different == {"token device_id": mine, "spc device_id": other, "equal": False}
    assert entries[10]["response"]["errorCode"] == -9003


def test_no_secret_in_any_answer_journal_or_log(
    mock: Mock, credentials: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[bytes] = []
    mock.http.hooks["response"] = lambda answer, **_: answers.append(answer.content)
    with caplog.at_level(logging.DEBUG):
        register_and_play(mock)
        for wrong in ({"contentKey": CEK + "0"}, {"cookie": "c" * 40}, {"content_key": CEK}, {"contentKey": f"{CEK} "}):
            asked = {"customerAuthenticator": AUTHENTICATOR, "contentKey": CEK, "iv": IV, **wrong}
            for error_format in ("html", "json"):
                answer = mock.http.post(f"{mock.url}/hms/fp/token", data={**asked, "errorFormat": error_format})
                assert answer.status_code == 400
            mock.http.get(f"{mock.url}/hms/fp/token", params=asked)
            mock.http.post(f"{mock.url}/hms/fp/token", json=asked)
        mock.records(cookie="c", id=1)
        mock.http.get(f"{mock.url}/_sim/journal")
    provisioning = f'"ask":"{credentials.ask.hex()}"'.encode()
    # The client of this test logs its own addresses.
    log = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("urllib3"))
    told = b"\n".join(answers).replace(provisioning, b"") + log.encode()
    secrets = [CEK, AUTHENTICATOR, AUTHENTICATOR[5:], credentials.ask.hex()]
    secrets += [str(key.private_key.private_numbers().d) for key in (credentials.v1, credentials.v2)]
    secrets += [key.hex() for key in credentials.token_keys.keys.values()]
    assert [secret for secret in secrets if secret.encode() in told or secret.upper().encode() in told] == []
    assert log
    assert "=" not in log  # no query string


def test_one_changed_character_of_the_token(mock: Mock) -> None:
    url, (spc, _) = mock.token_url(cookie="c"), mock.spc()
    start = url.index("=") + 1
    for position in range(start, len(url), 7):
        other = "A" if url[position] != "A" else "B"
        answer = mock.redeem(url[:position] + other + url[position + 1 :], spc)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, -4010)
    assert mock.rows() == []
    assert mock.redeem(url, spc).status_code == 200


def test_an_spc_that_is_cut_anywhere(mock: Mock) -> None:
    url, (spc, _) = mock.token_url(cookie="c"), mock.spc()
    for length in range(0, len(spc), 41):
        answer = mock.redeem(url, spc[:length])
        assert (answer.status_code, answer.json()["errorCode"]) == (400, -4001)
        assert answer.json()["cause"] in {-42580, -42585}
    assert mock.rows(cookie="c") == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_ceiling(mock: Mock, chunked: bool) -> None:
    body = b"x" * 65_537
    answer = mock.http.post(mock.token_url(), data=iter([body]) if chunked else body)
    assert (answer.status_code, answer.json()["errorCode"]) == (413, -9004)


def test_a_chunked_body_is_read_whole(mock: Mock) -> None:
    spc, contents = mock.spc()
    chunks = (spc[start : start + 100] for start in range(0, len(spc), 100))
    answer = mock.http.post(mock.token_url(), data=chunks)
    assert open_ckc(answer.content, contents).content.key.hex() == CEK


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /hms/fp/rights/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /hms/fp/rights/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"POST /hms/fp/token HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-Sim-Trace: \xff\r\n\r\n",
        b"GET /hms/fp/token?%ff=%00&cookie=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /cmiapi/getrecord/?customerAuthenticator=%ff,%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_http_is_a_400_or_401(mock: Mock, request_bytes: bytes) -> None:
    address = urlsplit(mock.url)
    with socket.create_connection((address.hostname, address.port or 0), timeout=10) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096).split()[1] in {b"400", b"401"}


def test_reset_empties_clock_journal_and_log(mock: Mock) -> None:
    url = mock.token_url(cookie="c", expirationTime="+60")
    mock.redeem(url, mock.spc()[0])
    mock.http.post(f"{mock.url}/_sim/clock", json={"advance": 61})
    assert mock.redeem(url, mock.spc()[0]).json()["errorCode"] == -4011
    mock.http.post(f"{mock.url}/_sim/reset")
    assert mock.redeem(url, mock.spc()[0]).status_code == 200
    assert len(mock.rows()) == 3
    mock.http.post(f"{mock.url}/_sim/reset", json={"log": True})
    assert mock.rows() == []
    assert len(mock.journal()) == 2


def test_the_certificate_in_both_its_places(mock: Mock) -> None:
    answer = mock.http.get(f"{mock.url}/_sim/fairplay.cer")
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    provisioned = mock.http.get(f"{mock.url}/_sim/provisioning").json()
    assert provisioned.keys() == {"certificate", "ask", "v1"}
    assert base64.b64decode(provisioned["certificate"]) == answer.content
    load_certificate(answer.content)


def test_without_the_stage_there_is_health_only(credentials: Credentials) -> None:
    client = create_app(Config(credentials=credentials, sim=False)).test_client()
    assert client.get("/_sim/health").status_code == 200
    for route in ("provisioning", "fairplay.cer", "clock", "journal"):
        assert client.get(f"/_sim/{route}").status_code == 404
    assert client.post("/_sim/reset").status_code == 404


FUZZED = create_app(Config(authenticator=AUTHENTICATOR)).test_client()
paths = st.sampled_from(
    ["/hms/fp/token", "/hms/fp/rights/", "/cmiapi/getrecord/", "/_sim/clock", "/_sim/reset", "/_sim/journal", "/x"]
)
GOOD = {"customerAuthenticator": AUTHENTICATOR, "contentKey": CEK, "iv": IV}
names = st.sampled_from(
    [*GOOD, *("cookie", "deviceId", "expirationTime", "rentalDuration", "fpExtension", "kid", "kek")]
)
parameters = st.dictionaries(
    names | st.sampled_from(["ExpressPlayToken", "id", "start", "length"]) | st.text(max_size=5),
    st.sampled_from([AUTHENTICATOR, CEK, "+60"]) | st.text(max_size=40),
    max_size=3,
).map(lambda changes: {**GOOD, **changes})


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    paths,
    parameters,
    st.binary(max_size=200) | parameters.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([None, "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "\x00/é"]),
)
def test_any_bytes_to_any_route_are_answered_with_a_number(
    method: str, path: str, query: dict[str, str], body: bytes, content_type: str | None
) -> None:
    answer = FUZZED.open(path, method=method, query_string=query, data=body, content_type=content_type)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        told = answer.json or {}
        assert "errorCode" in told or "error" in told or "errorText" in told or b"<h1>-" in answer.data


def in_form(value: str | bytes) -> bytes:
    return urlencode({"spc": value}).encode()


BODIES: dict[str, tuple[Callable[[bytes, str], bytes], str]] = {
    "read as UTF-8": (lambda spc, _: spc.decode("utf-8", "replace").encode(), "went through text mode"),
    "read as UTF-8, lax": (lambda spc, _: spc.decode("utf-8", "ignore").encode(), "text mode"),
    "Latin-1 written as UTF-8": (lambda spc, _: spc.decode("latin-1").encode(), "text mode"),
    "Latin-1 written as UTF-8, in Base64": (
        lambda spc, _: in_form(base64.b64encode(spc.decode("latin-1").encode())),
        "text mode",
    ),
    "a JavaScript object": (lambda *_: b"[object ArrayBuffer]", "the name of a JavaScript object"),
    "undefined": (lambda *_: b"undefined", "the word undefined"),
    "the token": (lambda _, url: url.partition("ExpressPlayToken=")[2].encode(), "a token of ExpressPlay"),
    "Base64 twice": (lambda spc, _: in_form(base64.b64encode(base64.b64encode(spc))), "Base64 in Base64"),
    "another member": (
        lambda spc, _: json.dumps({"getFairplayLicense": {"spcMessage": base64.b64encode(spc).decode()}}).encode(),
        "getFairplayLicense.spcMessage",
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_spc_is_refused_by_its_name(mock: Mock, name: str) -> None:
    make, found = BODIES[name]
    spc, _ = mock.spc()
    url = mock.token_url()
    answer = mock.redeem(url, make(spc, url))
    refusal = answer.json()
    assert (answer.status_code, refusal["errorCode"], refusal["cause"]) == (400, -4001, -42580)
    assert found in refusal["hint"]
    assert mock.redeem(url, spc).status_code == 200
