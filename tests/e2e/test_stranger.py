"""A stranger's client, written from the pages alone, registers and plays; what it does wrong is refused by number."""

import hashlib
import secrets
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import Processes
from stranger import Stranger

CATALOG = Path(__file__).resolve().parents[2] / "server" / "content" / "catalog.toml"
DUMMY, FILM = (tomllib.loads(CATALOG.read_text())["titles"][title]["keys"][0] for title in ("dummy", "film"))


@pytest.fixture
def new_stranger(processes: Processes) -> Callable[..., Stranger]:
    """Make a client with a device and a cookie of its own, unless told otherwise."""

    def make(device: bytes | None = None, cookie: str | None = None) -> Stranger:
        return Stranger(
            processes.sees.url,
            processes.mock.url,
            device or secrets.token_bytes(20),
            cookie or secrets.token_hex(16),
        )

    return make


@pytest.fixture
def bound(new_stranger: Callable[..., Stranger]) -> Stranger:
    """A client that has registered."""
    stranger = new_stranger()
    stranger.register(DUMMY["content_id"])
    return stranger


def test_it_registers_and_plays(bound: Stranger, processes: Processes) -> None:
    (row,) = processes.records(bound.cookie)
    assert (row["device_id"], row["registration"], row["result"]) == (bound.device_id.hex(), True, 0)
    message = bound.message(FILM["content_id"])
    answer = bound.redeem(bound.entitle(3, FILM["content_id"])["epTokenURL"], message.seal())
    license_ = message.open(answer.content)
    assert license_["key"].hex() == FILM["cek"]
    assert license_["iv"].hex() == FILM["iv"]
    assert int.from_bytes(license_["duration"][4:8], "big") == 172_800


def test_sees_does_not_bind_before_registration(new_stranger: Callable[..., Stranger]) -> None:
    answer = new_stranger().entitle(3, FILM["content_id"])
    assert (answer["isAllowed"], answer["error"], answer["epTokenURL"]) == (False, 6, "")


class Wrong(NamedTuple):
    """What a client does wrong, and how the license service refuses it."""

    what: str
    status: int
    code: int
    cause: int | None
    send: Callable[[Stranger, str], tuple[str, bytes]]


def honest(stranger: Stranger, **changes: object) -> bytes:
    return stranger.message(FILM["content_id"], **changes).seal()


def other_character(url: str, position: int) -> str:
    return url[:position] + ("A" if url[position] != "A" else "B") + url[position + 1 :]


def wrong_hash(stranger: Stranger) -> bytes:
    spc = honest(stranger)
    assert hashlib.sha1(stranger.certificate).digest() == spc[280:300]
    return spc[:280] + bytes(20) + spc[300:]


WRONGS = (
    Wrong("other device", 403, -9003, None, lambda s, url: (url, honest(s, device_id=bytes(20)))),
    Wrong("last character of the token", 400, -4010, None, lambda s, url: (other_character(url, -1), honest(s))),
    Wrong("inner character of the token", 400, -4010, None, lambda s, url: (other_character(url, -40), honest(s))),
    Wrong("no token", 400, -4010, None, lambda s, url: (url.partition("?")[0], honest(s))),
    Wrong("certificate hash", 400, -4001, -42605, lambda s, url: (url, wrong_hash(s))),
    Wrong("no mark", 400, -4001, -9001, lambda s, url: (url, honest(s, mark=bytes(4)))),
    *(
        Wrong(f"bit {bit} of HU", 400, -4001, -42589, lambda s, url, bit=bit: (url, honest(s, flipped_bit_of_hu=bit)))  # type: ignore[misc]
        for bit in (0, 77, 127)
    ),
    Wrong("a certificate for an SPC", 400, -4001, -42580, lambda s, url: (url, s.certificate)),
    Wrong("body over 64 KiB", 413, -9004, None, lambda _, url: (url, bytes(65_537))),
)


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.what)
def test_what_is_wrong_is_refused_by_number(bound: Stranger, wrong: Wrong) -> None:
    url, spc = wrong.send(bound, str(bound.entitle(3, FILM["content_id"])["epTokenURL"]))
    answer = bound.redeem(url, spc)
    refusal = answer.json()
    assert (answer.status_code, refusal["errorCode"], refusal["cause"]) == (wrong.status, wrong.code, wrong.cause)
    assert refusal["hint"]


def test_an_spc_cut_at_any_length(bound: Stranger) -> None:
    url = bound.entitle(3, FILM["content_id"])["epTokenURL"]
    spc = honest(bound)
    for length in range(0, len(spc), 17):
        answer = bound.redeem(url, spc[:length])
        assert (answer.status_code, answer.json()["errorCode"]) == (400, -4001), length


def test_the_same_spc_twice(bound: Stranger) -> None:
    spc = honest(bound)
    first, second = (bound.redeem(bound.entitle(3, FILM["content_id"])["epTokenURL"], spc) for _ in range(2))
    assert first.status_code == 200
    assert (second.status_code, second.json()["errorCode"]) == (409, -9002)


def test_an_expired_token(bound: Stranger, processes: Processes) -> None:
    url = bound.entitle(3, FILM["content_id"])["epTokenURL"]
    clock = f"{processes.mock.url}/_sim/clock"
    try:
        processes.http.post(clock, json={"advance": 31 * 86_400}, timeout=10).raise_for_status()
        answer = bound.redeem(url, honest(bound))
    finally:
        processes.http.post(f"{processes.mock.url}/_sim/reset", json={}, timeout=10).raise_for_status()
    assert (answer.status_code, answer.json()["errorCode"]) == (403, -4011)


def test_refused_devices_bind_nobody(bound: Stranger, new_stranger: Callable[..., Stranger]) -> None:
    thief = new_stranger(cookie=bound.cookie)
    refused = thief.redeem(thief.entitle(3, FILM["content_id"])["epTokenURL"], honest(thief))
    assert refused.json()["errorCode"] == -9003
    assert bound.redeem(bound.entitle(3, FILM["content_id"])["epTokenURL"], honest(bound)).status_code == 200


def test_the_last_registration_wins(bound: Stranger, new_stranger: Callable[..., Stranger]) -> None:
    thief = new_stranger(cookie=bound.cookie)
    thief.register(DUMMY["content_id"])
    refused = bound.redeem(bound.entitle(3, FILM["content_id"])["epTokenURL"], honest(bound))
    assert refused.json()["errorCode"] == -9003
    assert thief.redeem(thief.entitle(3, FILM["content_id"])["epTokenURL"], honest(thief)).status_code == 200
