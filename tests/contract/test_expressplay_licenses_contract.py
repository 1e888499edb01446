"""ExpressPlay's license service: one test for each documented sentence, which it quotes.

"Ours" marks sentences where ExpressPlay's public pages are silent and this project decided.
"""

import base64
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from refusals import number
from werkzeug.test import TestResponse

from fairplay.ckc import open_ckc
from fairplay.session_key import device_id_of

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

CEK, IV = "00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100"
MINE, OTHER = device_id_of("mine"), device_id_of("other")


@pytest.mark.parametrize("where", ["query", "header"])
def test_where_the_token_may_be(mock: Mock, where: str) -> None:
    """The token may instead come as the ExpressPlayToken header."""
    token = {"ExpressPlayToken": mock.token()}
    how: dict[str, Any] = {"query_string": token} if where == "query" else {"headers": token}
    assert mock.client.post("/hms/fp/rights/", data=mock.spc()[0], **how).status_code == 200


def test_one_token_in_two_places(mock: Mock) -> None:
    """Two different tokens in query and header are refused; an empty one beside a good one is named (ours)."""
    one, other = mock.token(), mock.token()

    def redeem(query: str | None, header: str | None) -> TestResponse:
        named = {"query_string": query, "headers": header}
        how: dict[str, Any] = {
            place: {"ExpressPlayToken": token} for place, token in named.items() if token is not None
        }
        answer: TestResponse = mock.client.post("/hms/fp/rights/", data=mock.spc()[0], **how)
        return answer

    assert redeem(one, one).status_code == 200
    for query, header, found in (
        (one, other, "two different ones"),
        ("", one, "an empty one in the query string beside another one"),
        (one, "", "an empty header beside another one"),
    ):
        answer = redeem(query, header)
        assert number(answer) == (400, -4010)
        assert found in answer.text


def test_raw_shape(mock: Mock) -> None:
    """Raw bytes (application/octet-stream); the answer mirrors the request: raw CKC bytes."""
    spc, contents = mock.spc()
    answer = mock.redeem(mock.token(), spc)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    license = open_ckc(answer.data, contents)
    assert (license.content.key.hex(), license.content.iv.hex()) == (CEK, IV)


@pytest.mark.parametrize("more", [{}, {"assetId": "film-1"}])
def test_form_shape(mock: Mock, more: dict[str, str]) -> None:
    """The form field spc= in Base64 (with or without assetId=); <ckc>Base64</ckc> text for the form shape."""
    spc, contents = mock.spc()
    form = {"spc": base64.b64encode(spc).decode(), **more}
    answer = mock.redeem(mock.token(), data=form, content_type="application/x-www-form-urlencoded")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    text = answer.text.removeprefix("<ckc>").removesuffix("</ckc>")
    assert answer.text == f"<ckc>{text}</ckc>"
    assert open_ckc(base64.b64decode(text, validate=True), contents).content.key.hex() == CEK


def test_json_shape(mock: Mock) -> None:
    """JSON {"spc": "<base64>"}; the answer mirrors the request: JSON {"ckc": "<base64>"}."""
    spc, contents = mock.spc()
    body = {"spc": base64.b64encode(spc).decode()}
    answer = mock.client.post("/hms/fp/rights/", query_string={"ExpressPlayToken": mock.token()}, json=body)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json.keys() == {"ckc"}
    assert open_ckc(base64.b64decode(answer.json["ckc"]), contents).content.key.hex() == CEK


def test_apples_own_shape(mock: Mock) -> None:
    """JSON {"fairplay-streaming-request": …}, answered by {"fairplay-streaming-response": {"create-ckc": […]}}."""
    spc, contents = mock.spc()
    one = {"id": 1, "uri": "skd://film-1", "spc": base64.b64encode(spc).decode()}
    body = {"fairplay-streaming-request": {"version": 1, "create-ckc": [one]}}
    answer = mock.client.post("/hms/fp/rights/", query_string={"ExpressPlayToken": mock.token()}, json=body)
    assert answer.headers["Content-Type"] == "application/json"
    (made,) = answer.json["fairplay-streaming-response"]["create-ckc"]
    assert made.keys() == {"id", "ckc"}
    assert made["id"] == 1
    assert open_ckc(base64.b64decode(made["ckc"]), contents).content.key.hex() == CEK


def test_refusals_are_json(mock: Mock) -> None:
    """Refusals: JSON {"errorCode", "errorMessage", "hint", "cause"}; cause is the check's number or null."""
    answer = mock.redeem(mock.token(), b"\0\0\0\x02")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json.keys() == {"errorCode", "errorMessage", "hint", "cause"}
    assert answer.json["cause"] == -42580
    assert mock.redeem("x").json["cause"] is None


def test_invalid_token(mock: Mock) -> None:
    """Token missing, damaged, unknown key id: -4010, 400."""
    token = mock.token()
    other_key_id = token[:6] + ("A" if token[6] != "A" else "B") + token[7:]
    for wrong in ("", "x", token[:-1], token[:40] + "A" + token[41:-1], other_key_id, f"{token}="):
        assert number(mock.redeem(wrong)) == (400, -4010)
    assert number(mock.client.post("/hms/fp/rights/", data=mock.spc()[0])) == (400, -4010)


def test_expired_token(mock: Mock) -> None:
    """Token expired: -4011 (ours), 403."""
    token = mock.token(expirationTime="+60")
    mock.clock.advance(61)
    assert number(mock.redeem(token)) == (403, -4011)


def test_refused_spc(mock: Mock) -> None:
    """SPC refused (any check of section 7; which one: cause): -4001, 400."""
    spc, _ = mock.spc()
    for broken, cause in ((spc[:-1], -42585), (spc[:100], -42580), (b"\0\0\0\x09" + spc[4:], -42580)):
        answer = mock.redeem(mock.token(), broken)
        assert (*number(answer), answer.json["cause"]) == (400, -4001, cause)


def test_spc_without_the_mark(mock: Mock) -> None:
    """SPC without the SIM1 mark: -4001, cause -9001 (ours), 400."""
    spc, _ = mock.spc()
    answer = mock.redeem(mock.token(), spc[:4] + b"\0\0\0\0" + spc[8:])
    assert (*number(answer), answer.json["cause"]) == (400, -4001, -9001)


def test_spc_seen_before(mock: Mock) -> None:
    """SPC seen before (SK, HU and R1 of an issued license): -9002 (ours), 409."""
    spc, _ = mock.spc()
    assert mock.redeem(mock.token(deviceId=OTHER.hex()), spc).status_code == 403
    assert mock.redeem(mock.token(), spc).status_code == 200
    assert number(mock.redeem(mock.token(), spc)) == (409, -9002)


def test_another_device(mock: Mock) -> None:
    """Device id differs from the token's: -9003 (ours), 403."""
    assert number(mock.redeem(mock.token(deviceId=OTHER.hex()))) == (403, -9003)


def test_body_ceiling(mock: Mock) -> None:
    """Body over 64 KiB: -9004 (ours), 413."""
    token = mock.token()
    assert number(mock.redeem(token, bytes(65_537))) == (413, -9004)
    assert number(mock.redeem(token, bytes(65_536))) == (400, -4001)
    answer = mock.client.post("/hms/fp/token?errorFormat=json", data=bytes(65_537))
    assert number(answer) == (413, -9004)
    assert len(mock.found()) == 1


def test_log_not_writable(tmp_path: Path, new_mock: Callable[..., Mock]) -> None:
    """Log not writable: -2030, 503. If the commit fails there is no CKC."""
    database = tmp_path / "log.db"
    mock = new_mock(database=f"sqlite:///{database}")
    token = mock.token()
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE events RENAME TO gone")
    connection.close()
    answer = mock.redeem(token)
    assert number(answer) == (503, -2030)
    assert answer.json.keys() == {"errorCode", "errorMessage", "hint", "cause"}
    assert number(mock.records()) == (503, -2030)


def test_a_log_that_was_removed_acknowledges_nothing(tmp_path: Path, new_mock: Callable[..., Mock]) -> None:
    """A log that was removed meanwhile acknowledges no registration, and health says so (ours)."""
    state = tmp_path / "state"
    state.mkdir()
    mock = new_mock(database=f"sqlite:///{state / 'log.db'}")
    token = mock.token()
    assert mock.redeem(token).status_code == 200
    assert mock.client.get("/_sim/health").status_code == 200
    shutil.rmtree(state)
    assert number(mock.redeem(token)) == (503, -2030)
    assert mock.client.get("/_sim/health").status_code == 503


def test_a_log_that_can_only_be_read_acknowledges_nothing(tmp_path: Path, new_mock: Callable[..., Mock]) -> None:
    """A log that can only be read acknowledges no registration, and health says so (ours)."""
    new_mock(database=f"sqlite:///{tmp_path / 'log.db'}")
    mock = new_mock(database=f"sqlite:///file:{tmp_path / 'log.db'}?mode=ro&uri=true")
    assert number(mock.redeem(mock.token())) == (503, -2030)
    assert mock.client.get("/_sim/health").status_code == 503


def test_uniform_answer_to_an_spc_that_cannot_be_decrypted(mock: Mock) -> None:
    """Key unwrap, key length or payload decryption fails: same code, same cause, same text."""
    spc, _ = mock.spc()
    answers = set()
    for position in (24, 100, 279):
        broken = bytearray(spc)
        broken[position] ^= 1
        answers.add(mock.redeem(mock.token(), bytes(broken)).data)
    assert len(answers) == 1


def test_every_redemption_whose_token_opens_is_a_row(mock: Mock) -> None:
    """Every redemption whose token opens is a row, refused ones too. One row, with the final result."""
    spc, _ = mock.spc()
    token, bound = mock.token(cookie="c", expirationTime="+60"), mock.token(cookie="c", deviceId=OTHER.hex())
    mock.redeem("x")
    mock.redeem(token, spc)
    mock.redeem(token, spc)
    mock.redeem(token, b"\0\0\0\x02")
    mock.redeem(bound)
    mock.clock.advance(61)
    mock.redeem(token)
    rows = [(row["result"], row["cause"], row["device_id"] and row["device_id"][:4]) for row in mock.found()]
    mine = MINE.hex()[:4]
    assert rows[::-1] == [
        (0, None, mine),
        (-9002, None, mine),
        (-4001, -42580, None),
        (-9003, None, mine),
        (-4011, None, None),
    ]


def test_the_order_of_the_checks(mock: Mock) -> None:
    """Order: token opens → not expired → SPC opens → device equal → CKC sealed → one row → answer."""
    token = mock.token(deviceId=OTHER.hex(), expirationTime="+60")
    assert number(mock.redeem(token, b"\0\0\0\x02")) == (400, -4001)
    mock.clock.advance(61)
    assert number(mock.redeem(token, b"\0\0\0\x02")) == (403, -4011)
    assert number(mock.redeem("x", b"\0\0\0\x02")) == (400, -4010)
