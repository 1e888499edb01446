"""The virtual device: its identity is its seed, and it takes nothing from a factory that is not in due form."""

import base64
import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.device import Device, Provisioning, make_spc, parse_provisioning
from emulator.errors import BadProvisioning
from fairplay.certificate import ApplicationCertificate
from fairplay.spc import KeyServer, open_spc

ASK = bytes(range(16))
CONTENT_ID = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"


@pytest.fixture
def device(certificate: ApplicationCertificate) -> Device:
    return Device("living room", Provisioning(certificate, ASK))


def factory(**changes: object) -> bytes:
    return json.dumps({"certificate": "AAAA", "ask": ASK.hex(), **changes}).encode()


def test_the_device_id_is_a_hash_of_the_seed(device: Device) -> None:
    assert device.device_id == hashlib.sha256(b"sees-sim/hu/v1" + b"living room").hexdigest()[:40]


def test_the_same_seed_is_the_same_device_and_another_is_another(device: Device) -> None:
    assert Device("living room", device.provisioning).device_id == device.device_id
    assert Device("kitchen", device.provisioning).device_id != device.device_id


def test_an_spc_carries_device_id_content_id_and_the_devices_time(device: Device, key_server: KeyServer) -> None:
    device.clock.advance(1000)
    spc, contents = make_spc(device, CONTENT_ID)
    opened = open_spc(spc, key_server)
    assert opened.device_id == device.device_id
    assert opened.asset_id == CONTENT_ID.encode()
    assert opened.playback is not None
    assert abs(opened.playback.created - device.clock.now()) < 5
    assert contents.transaction_id == opened.transaction_id


def test_two_spcs_differ_in_everything_but_the_device(device: Device) -> None:
    (_, one), (_, other) = make_spc(device, CONTENT_ID), make_spc(device, CONTENT_ID)
    assert one.device_id == other.device_id
    assert one.transaction_id != other.transaction_id
    assert one.anti_replay_seed != other.anti_replay_seed


def test_the_random_source_is_the_devices_own(certificate: ApplicationCertificate) -> None:
    device = Device("x", Provisioning(certificate, ASK), random=lambda size: b"\x07" * size)
    assert make_spc(device, CONTENT_ID)[1].transaction_id == b"\x07" * 8


def test_what_the_factory_gives(certificate_der: bytes, certificate: ApplicationCertificate) -> None:
    given_ = parse_provisioning(factory(certificate=base64.b64encode(certificate_der).decode()))
    assert given_.ask == ASK
    assert given_.certificate.hash == certificate.hash


@pytest.mark.parametrize("private_key", [2048], indirect=True)
def test_an_old_device_needs_a_certificate_of_its_own(device: Device) -> None:
    with pytest.raises(BadProvisioning, match="v1"):
        make_spc(replace(device, spc_version=1), CONTENT_ID)


def test_the_factory_may_give_a_second_certificate(
    certificate_der: bytes, certificate: ApplicationCertificate, key_server: KeyServer
) -> None:
    text = base64.b64encode(certificate_der).decode()
    body = factory(certificate=text, v1={"certificate": text})
    if certificate.spc_version == 2:
        with pytest.raises(BadProvisioning, match="RSA-1024"):
            parse_provisioning(body)
        return
    old = Device("old", parse_provisioning(body), spc_version=1)
    spc, _ = make_spc(old, CONTENT_ID)
    assert (spc[3], open_spc(spc, key_server).device_id) == (1, old.device_id)


@pytest.mark.parametrize("v1", [7, {}, {"certificate": 7}, {"certificate": "***"}])
def test_a_second_certificate_of_another_form_is_refused(certificate_der: bytes, v1: object) -> None:
    with pytest.raises(BadProvisioning):
        parse_provisioning(factory(certificate=base64.b64encode(certificate_der).decode(), v1=v1))


def test_no_repr_shows_the_ask(device: Device) -> None:
    assert ASK.hex() not in repr(device)
    assert repr(ASK) not in repr(device)


def pem(der: bytes) -> str:
    return "-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der).decode() + "\n-----END CERTIFICATE-----\n"


def test_a_pem_certificate_is_named(certificate_der: bytes) -> None:
    body = factory(certificate=base64.b64encode(pem(certificate_der).encode()).decode())
    with pytest.raises(BadProvisioning, match="PEM"):
        parse_provisioning(body)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", "empty body"),
        (b"<html>", "expected JSON"),
        (b"[]", "another form"),
        (b'{"titles": []}', "another form"),
        (factory(ask="00" * 15), "30 characters"),
        (factory(ask="zz" * 16), "no such hex"),
        (factory(certificate="***"), "no Base64"),
        (factory(), "DER form"),
        (factory(certificate=7), "another form"),
    ],
)
def test_a_factory_of_another_form_is_refused(body: bytes, found: str) -> None:
    with pytest.raises(BadProvisioning, match=found):
        parse_provisioning(body)


@given(st.binary() | st.text().map(lambda text: factory(certificate=text)))
def test_any_bytes_give_the_one_error(body: bytes) -> None:
    with pytest.raises(BadProvisioning):
        parse_provisioning(body)


@given(st.text() | st.text("0123456789abcdef", max_size=31) | st.text("0123456789abcdeg", min_size=33, max_size=40))
def test_any_other_ask_beside_a_good_certificate_gives_the_one_error(certificate_der: bytes, ask: str) -> None:
    good = base64.b64encode(certificate_der).decode()
    assert parse_provisioning(factory(certificate=good)).ask == ASK
    with pytest.raises(BadProvisioning, match=f"an ask of {len(ask)} characters"):
        parse_provisioning(factory(certificate=good, ask=ask))
