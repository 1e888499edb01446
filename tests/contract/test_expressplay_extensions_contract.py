"""The extensions that this mock understands; ExpressPlay documents their form only, so every type here is ours."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from fairplay.ckc import Duration, License, OfflineKey, open_ckc
from fairplay.layout import Capability, HdcpLevel, KeyType

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

TEN_MINUTES = base64.b64encode((600).to_bytes(4, "big")).decode()


DUAL = "dual," + base64.b64encode((2_592_000).to_bytes(4, "big") + (172_800).to_bytes(4, "big")).decode()


def license_of(mock: Mock, capabilities: Capability = Capability.HDCP_TYPE_1, **asked: Any) -> License:
    spc, contents = mock.spc(capabilities=capabilities)
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


def test_dual_expiry_goes_out_as_an_offline_key_where_the_device_takes_one(mock: Mock) -> None:
    """The offline key in place of the duration, for a persistent key and capabilities with bit 1 or bit 3."""
    content_id = hashlib.sha256(b"film-1").digest()[:16]
    dual = OfflineKey(content_id, storage=2_592_000, playback=172_800)
    for capabilities, title_id in ((Capability.OFFLINE_KEY, bytes(16)), (Capability.OFFLINE_KEY_V2, content_id)):
        license = license_of(mock, capabilities, fpExtension=DUAL)
        assert (license.duration, license.offline_key) == (None, replace(dual, title_id=title_id))
    kept = license_of(mock, Capability.OFFLINE_KEY, fpExtension="pers,", rentalDuration="3600")
    assert (kept.duration, kept.offline_key) == (None, OfflineKey(content_id, storage=3600))


def test_other_devices_get_the_shorter_end_of_dual_expiry(mock: Mock) -> None:
    """No device plays longer than either end allows."""
    license = license_of(mock, fpExtension=DUAL)
    assert (license.duration, license.offline_key) == (Duration(KeyType.PERSIST_RENTAL, rental=172_800), None)


def test_dual_expiry_has_no_rental_beside_it(mock: Mock) -> None:
    """A token with dual has both ends in it."""
    answer = mock.ask(fpExtension=DUAL, rentalDuration="60", errorFormat="json")
    assert (answer.status_code, answer.json["errorCode"]) == (400, -6001)
    assert "rentalDuration" in answer.json["hint"]


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
        (["pers,", f"leas,{TEN_MINUTES}"], "no key type for two"),
        (["pers,", DUAL], "found pers and dual"),
        ("dual,AAAAAQAAAAA=", "found 1 and 0"),
        ("dual,AAAAAQ==", "found 4 bytes"),
    ],
)
def test_a_payload_in_another_form(mock: Mock, wrong: str | list[str], reason: str) -> None:
    answer = mock.ask(fpExtension=wrong, errorFormat="json")
    assert (answer.status_code, answer.json["errorCode"]) == (400, -6001)
    assert reason in answer.json["hint"]
