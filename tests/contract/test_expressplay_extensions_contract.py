"""The extensions that this mock understands; ExpressPlay documents their form only, so every type here is ours."""

import base64
from typing import Any

import pytest

from fairplay.ckc import Duration, HdcpLevel, KeyType, License, open_ckc

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

TEN_MINUTES = base64.b64encode((600).to_bytes(4, "big")).decode()


def license_of(mock: Mock, **asked: Any) -> License:
    spc, contents = mock.spc()
    return open_ckc(mock.redeem(mock.token(**asked), spc).data, contents)


@pytest.mark.parametrize(
    ("extension", "rental", "duration"),
    [
        (f"leas,{TEN_MINUTES}", None, Duration(KeyType.LEASE, lease=600)),
        (f"leas,{TEN_MINUTES}", "3600", Duration(KeyType.LEASE_AND_RENTAL, lease=600, rental=3600)),
        ("pers,", None, Duration(KeyType.PERSIST)),
        ("pers,", "3600", Duration(KeyType.PERSIST_RENTAL, rental=3600)),
    ],
)
def test_how_long_a_key_may_be_used(mock: Mock, extension: str, rental: str | None, duration: Duration) -> None:
    assert license_of(mock, fpExtension=extension, rentalDuration=rental).duration == duration


@pytest.mark.parametrize(
    ("extension", "level"),
    [("hdcp,AA==", HdcpLevel.NONE), ("hdcp,AQ==", HdcpLevel.TYPE_0), ("hdcp,Ag==", HdcpLevel.TYPE_1)],
)
def test_hdcp(mock: Mock, extension: str, level: HdcpLevel) -> None:
    assert license_of(mock, fpExtension=extension).hdcp is level


def test_nothing_is_added_without_being_asked_for(mock: Mock) -> None:
    plain = license_of(mock, fpExtension=["abcd,AAAA", "abcd,AAAA"])
    assert (plain.duration, plain.hdcp) == (None, None)


def test_they_combine(mock: Mock) -> None:
    both = license_of(mock, fpExtension=["hdcp,Ag==", f"leas,{TEN_MINUTES}"])
    assert (both.duration, both.hdcp) == (Duration(KeyType.LEASE, lease=600), HdcpLevel.TYPE_1)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("leas,AAAAAA==", "found 0"),
        ("leas,/////w==", "found 4294967295"),
        ("leas,AAA=", "found 2 bytes"),
        ("leas,", "found 0 bytes"),
        ("pers,AA==", "found 1 bytes"),
        ("hdcp,", "found 0 bytes"),
        ("hdcp,Aw==", "found 03"),
        (["pers,", "pers,"], "expected pers once"),
        (["pers,", f"leas,{TEN_MINUTES}"], "no key type for both"),
    ],
)
def test_a_payload_in_another_form(mock: Mock, wrong: str | list[str], reason: str) -> None:
    answer = mock.ask(fpExtension=wrong, errorFormat="json")
    assert (answer.status_code, answer.json["errorCode"]) == (400, -6001)
    assert reason in answer.json["hint"]
