"""ExpressPlay's record retrieval: one test for each documented sentence, which it quotes.

"Ours" marks sentences where ExpressPlay's public pages are silent and this project decided.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from refusals import number

from fairplay.session_key import device_id_of

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

MINE = device_id_of("mine")


def test_authenticator(mock: Mock) -> None:
    """GET /cmiapi/getrecord/ with customerAuthenticator."""
    assert number(mock.client.get("/cmiapi/getrecord/")) == (401, -2017)
    assert number(mock.records(customerAuthenticator="1001," + "0" * 32)) == (401, -2018)
    assert mock.client.post("/cmiapi/getrecord/").status_code == 405


def test_the_most_recent(mock: Mock) -> None:
    """None: the 32 most recent events."""
    for _ in range(34):
        mock.redeem(mock.token(), b"\0\0\0\x02")
    assert [record["event_id"] for record in mock.found()] == list(range(34, 2, -1))


def test_by_cookie(mock: Mock) -> None:
    """cookie: the 32 most recent issued events with this cookie; refusals cannot push a registration out."""
    token = mock.token(cookie="c")
    mock.redeem(token)
    for _ in range(33):
        mock.redeem(token, b"\0\0\0\x02")
    mock.redeem(mock.token(cookie="other"))
    assert [(record["cookie"], record["result"]) for record in mock.found(cookie="c")] == [("c", 0)]
    assert mock.found(cookie="nobody") == []


def test_by_id(mock: Mock) -> None:
    """id: the event with this event_id."""
    for _ in range(3):
        mock.redeem(mock.token())
    (record,) = mock.found(id=2)
    assert record["event_id"] == 2
    assert number(mock.records(id=99)) == (400, -2035)


def test_window(mock: Mock) -> None:
    """start, length: a window by 0-based index over all records of the account (200 a page at most)."""
    for _ in range(5):
        mock.redeem(mock.token())
    pages = [[record["event_id"] for record in mock.found(start=start, length=2)] for start in (0, 2, 4, 6)]
    assert pages == [[5, 4], [3, 2], [1], []]
    assert mock.found(start=0, length=200)
    assert number(mock.records(start=0, length=201)) == (400, -2035)


@pytest.mark.parametrize("other", [{"id": 1}, {"start": 0, "length": 1}])
def test_cookie_stands_alone(mock: Mock, other: dict[str, int]) -> None:
    """cookie: not to be combined with the others."""
    assert number(mock.records(cookie="c", **other)) == (400, -2033)


def test_the_members_of_a_record(mock: Mock) -> None:
    """Each with event_id, time, cookie, device_id, content_id, registration, result, cause; newest first."""
    mock.redeem(mock.token(cookie="c"), mock.spc(asset_id=b"e9a1c6c2-0001")[0])
    (record,) = mock.found()
    assert record.pop("time").endswith("Z")
    assert record == {
        "event_id": 1,
        "cookie": "c",
        "device_id": MINE.hex(),
        "content_id": "e9a1c6c2-0001",
        "registration": True,
        "result": 0,
        "cause": None,
    }


def test_own_records_only(tmp_path: Path, new_mock: Callable[..., Mock]) -> None:
    """An account sees its own records only."""
    authenticators = {1: "1001," + "1" * 32, 2: "1002," + "2" * 32}
    database = f"sqlite:///{tmp_path / 'log.db'}"
    mocks = {}
    for event_id, authenticator in authenticators.items():
        mocks[event_id] = mock = new_mock(database=database, authenticator=authenticator)
        mock.redeem(mock.token(customerAuthenticator=authenticator, cookie="c"))
    for event_id, authenticator in authenticators.items():
        mine = {"customerAuthenticator": authenticator}
        for asked in ({}, {"cookie": "c"}, {"start": 0, "length": 9}):
            assert [record["event_id"] for record in mocks[event_id].found(**mine, **asked)] == [event_id]
        assert number(mocks[event_id].records(**mine, id=3 - event_id)) == (400, -2035)


def test_what_a_registration_is(mock: Mock) -> None:
    """A registration is an issued row whose token named no device. A refused row binds nobody."""
    mock.redeem(mock.token(cookie="c", deviceId=MINE.hex()))
    mock.redeem(mock.token(cookie="c"), b"\0\0\0\x02")
    mock.redeem(mock.token(cookie="c"))
    assert [record["registration"] for record in mock.found()] == [True, False, False]
