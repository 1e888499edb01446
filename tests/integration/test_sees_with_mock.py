"""SEES with the mock of this project: register a device, be bound to it, lose it to another one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from fresh_spc import fresh_spc
from real_services import services
from stubbed_sees import CATALOG, DUMMY, FILM

from expressplay_mock.tokens.extensions import read_extensions
from fairplay.session_key import device_id_of


@dataclass
class World:
    sees: str
    expressplay: str
    certificate: bytes
    ask: bytes
    session: requests.Session

    def token(self, request_type: int, content_id: str) -> dict[str, object]:
        message = {"messageID": "m", "version": 1, "requestType": request_type, "contentID": content_id}
        answer = self.session.post(f"{self.sees}/sees/SEESServlet", json=message | {"customerCookie": "alice"})
        body: dict[str, object] = answer.json()
        return body

    def redeem(self, url: object, device: str, content_id: str) -> requests.Response:
        spc, _ = fresh_spc(self.certificate, self.ask, device_id_of(device), content_id.encode())
        return self.session.post(str(url), data=spc, headers={"Content-Type": "application/octet-stream"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "catalog.toml").write_text(CATALOG)
    with services(tmp_path / "catalog.toml") as (sees, expressplay), requests.Session() as session:
        session.trust_env = False
        ask = bytes.fromhex(session.get(f"{expressplay}/_sim/provisioning").json()["ask"])
        certificate = session.get(f"{expressplay}/_sim/fairplay.cer").content
        yield World(sees, expressplay, certificate, ask, session)


def test_device_binding(world: World) -> None:
    assert world.token(3, FILM)["error"] == 6
    assert world.redeem(world.token(2, DUMMY)["epTokenURL"], "phone", DUMMY).status_code == 200
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "phone", FILM).status_code == 200
    refused = world.redeem(world.token(3, FILM)["epTokenURL"], "tablet", FILM)
    assert (refused.status_code, refused.json()["errorCode"]) == (403, -9003)
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "phone", FILM).status_code == 200


def test_last_registration_wins(world: World) -> None:
    for device in ("phone", "tablet"):
        assert world.redeem(world.token(2, DUMMY)["epTokenURL"], device, DUMMY).status_code == 200
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "phone", FILM).status_code == 403
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "tablet", FILM).status_code == 200


def test_an_old_bound_token_moves_no_binding(world: World) -> None:
    """The eviction attack: the old device plays on, 33 times, with the token from before the cookie moved."""
    assert world.redeem(world.token(2, DUMMY)["epTokenURL"], "phone", DUMMY).status_code == 200
    old_token = world.token(3, FILM)["epTokenURL"]
    assert world.redeem(world.token(2, DUMMY)["epTokenURL"], "tablet", DUMMY).status_code == 200
    assert [world.redeem(old_token, "phone", FILM).status_code for _ in range(33)] == [200] * 33
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "tablet", FILM).status_code == 200
    assert world.redeem(world.token(3, FILM)["epTokenURL"], "phone", FILM).status_code == 403


def test_an_old_registration_token_registers_for_a_minute_only(world: World) -> None:
    token = world.token(2, DUMMY)["epTokenURL"]
    world.session.post(f"{world.expressplay}/_sim/clock", json={"advance": 61}).raise_for_status()
    refused = world.redeem(token, "phone", DUMMY)
    assert (refused.status_code, refused.json()["errorCode"]) == (403, -4011)
    assert world.token(3, FILM)["error"] == 6


def test_time_based_play_registers_nobody(world: World) -> None:
    assert world.redeem(world.token(1, FILM)["epTokenURL"], "phone", FILM).status_code == 200
    assert world.token(3, FILM)["error"] == 6


def test_dual_expiry_reaches_the_license(tmp_path: Path) -> None:
    """30 days to begin, 48 hours once begun: from the catalog to the token, as the mock reads it."""
    dual = "storage_duration = 2592000\nplayback_duration = 172800"
    (tmp_path / "catalog.toml").write_text(CATALOG.replace("rental_duration = 7200", dual))
    with requests.Session() as session, services(tmp_path / "catalog.toml") as (sees, expressplay):
        session.trust_env = False
        message = {"messageID": "m", "version": 1, "requestType": 1, "contentID": FILM}
        assert session.post(f"{sees}/sees/SEESServlet", json=message).json()["isAllowed"]
        journal = session.get(f"{expressplay}/_sim/journal").json()["entries"]
    (extension,) = [entry["request"]["fpExtension"] for entry in journal if "fpExtension" in entry.get("request", {})]
    assert read_extensions([extension]).dual == (2_592_000, 172_800)
