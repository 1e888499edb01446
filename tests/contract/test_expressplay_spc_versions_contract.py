"""SPC v1 beside v2: provisioning offers a certificate for each version that the mock takes."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fairplay.certificate import load_certificate
from fairplay.ckc import open_ckc
from fairplay.spc import seal_spc

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""


def as_version_1(mock: Mock) -> tuple[bytes, Any]:
    certificate = load_certificate(mock.credentials.v1.certificate)
    contents = replace(mock.spc()[1], version=1)
    return seal_spc(contents, certificate, bytes), contents


def test_provisioning_offers_both(mock: Mock) -> None:
    given = mock.client.get("/_sim/provisioning").json
    for text, path, version in (
        (given["certificate"], "/_sim/fairplay.cer", 2),
        (given["v1"]["certificate"], "/_sim/fairplay-v1.cer", 1),
    ):
        answer = mock.client.get(path)
        assert answer.content_type == "application/x-x509-ca-cert"
        assert answer.data == base64.b64decode(text)
        assert load_certificate(answer.data).spc_version == version


def test_both_versions_get_a_license(mock: Mock) -> None:
    for spc, contents in (as_version_1(mock), mock.spc()):
        assert open_ckc(mock.redeem(mock.token(), spc).data, contents).content.key


@pytest.fixture
def modern(new_mock: Callable[..., Mock]) -> Mock:
    return new_mock(spc_versions=frozenset({2}))


def test_a_mock_for_version_2_only(modern: Mock) -> None:
    assert "v1" not in modern.client.get("/_sim/provisioning").json
    assert modern.client.get("/_sim/fairplay-v1.cer").status_code == 404
    refused = modern.redeem(modern.token(), as_version_1(modern)[0])
    assert (refused.status_code, refused.json["errorCode"], refused.json["cause"]) == (400, -4001, -42605)
    assert modern.redeem(modern.token()).status_code == 200
