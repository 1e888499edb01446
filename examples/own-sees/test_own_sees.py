"""What a team tests of its own entitlement server, with devices that a phone simulator does not have."""

import pytest
from own_sees import KEYS, MOVIE, TRAILER

from sees_testing import EntitlementDenied, LicenseRefused

DEVICE_DIFFERS, TOKEN_EXPIRED = -9003, -4011


def test_the_registered_device_plays(own_sees, virtual_device):
    virtual_device.register(own_sees, TRAILER, "alice")
    license = virtual_device.play(own_sees, MOVIE, "alice")
    assert license.content.key.hex() == KEYS[MOVIE][0]


def test_another_device_does_not(own_sees, virtual_device):
    virtual_device.register(own_sees, TRAILER, "alice")
    with pytest.raises(LicenseRefused) as refusal:
        virtual_device.other("a phone in another house").play(own_sees, MOVIE, "alice")
    assert refusal.value.number == DEVICE_DIFFERS


def test_nobody_plays_without_registration(own_sees, virtual_device):
    with pytest.raises(EntitlementDenied, match="play the trailer"):
        virtual_device.play(own_sees, MOVIE, "alice")


def test_who_registers_a_new_phone_moves_there(own_sees, virtual_device, expressplay):
    new_phone = virtual_device.other("new phone")
    virtual_device.register(own_sees, TRAILER, "alice")
    new_phone.register(own_sees, TRAILER, "alice")
    new_phone.play(own_sees, MOVIE, "alice")
    assert [record["device_id"] for record in expressplay.records("alice")] == [
        new_phone.device_id,
        virtual_device.device_id,
    ]


def test_tokens_are_good_for_five_minutes(own_sees, virtual_device, expressplay):
    virtual_device.register(own_sees, TRAILER, "alice")
    token_url = virtual_device.entitle(own_sees, 3, MOVIE, "alice")
    expressplay.advance(301)
    with pytest.raises(LicenseRefused) as refusal:
        virtual_device.redeem(token_url, MOVIE)
    assert refusal.value.number == TOKEN_EXPIRED


def test_bound_tokens_name_the_device(own_sees, virtual_device, expressplay):
    virtual_device.register(own_sees, TRAILER, "alice")
    virtual_device.play(own_sees, MOVIE, "alice")
    orders = [entry["request"] for entry in expressplay.journal() if entry.get("step") == 9]
    assert [order["deviceId"] for order in orders] == [virtual_device.device_id]


def test_it_conforms(own_sees, expressplay):
    from sees_testing.conform import Known, conform, failures

    key, iv = (bytes.fromhex(text) for text in KEYS[MOVIE])
    results = conform(
        sees=own_sees,
        expressplay=expressplay.url,
        content=MOVIE,
        dummy=TRAILER,
        known=Known(key, iv, lifetimes=(60, 600)),
        quick=True,
        strict=True,
    )
    assert failures(results) == []
