"""Fixtures of the contract tests: the mock without a socket, and a device next to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from fresh_spc import fresh_spc
from werkzeug.test import TestResponse

from expressplay_mock.app import Config, create_app
from expressplay_mock.credentials import Credentials, new_credentials
from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents
from simulation.clock import Clock

BASE = "https://expressplay.example:8443/base"
CEK, IV = "00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100"
MINE = device_id_of("mine")


@dataclass
class Mock:
    """The mock without a socket, and a device next to it."""

    app: Flask
    client: FlaskClient
    clock: Clock
    credentials: Credentials

    def ask(self, **changes: Any) -> TestResponse:
        """Ask for a token by form POST; a change to None leaves a parameter out."""
        asked = {"customerAuthenticator": self.credentials.account.authenticator, "contentKey": CEK, "iv": IV}
        parameters = {name: value for name, value in {**asked, **changes}.items() if value is not None}
        return self.client.post("/hms/fp/token", data=parameters)

    def token(self, **changes: Any) -> str:
        """Return the sealed token of a request that must succeed."""
        answer = self.ask(**changes)
        assert answer.status_code == 200, answer.text
        return parse_qs(urlsplit(answer.text).query)["ExpressPlayToken"][0]

    def spc(self, device_id: bytes = MINE, asset_id: bytes = b"film-1", **how: Any) -> tuple[bytes, SpcContents]:
        """Build a fresh SPC."""
        given = self.credentials
        return fresh_spc(given.certificate, given.ask, device_id, asset_id, now=int(self.clock.now()), **how)

    def redeem(self, token: str, spc: bytes | None = None, **how: Any) -> TestResponse:
        """Post an SPC (a fresh one of this device if none is given) to the token URL."""
        body = {"data": spc or self.spc()[0], "content_type": "application/octet-stream"}
        return self.client.post("/hms/fp/rights/", query_string={"ExpressPlayToken": token}, **{**body, **how})

    def records(self, **asked: Any) -> TestResponse:
        """Ask for records."""
        authenticator = {"customerAuthenticator": self.credentials.account.authenticator}
        return self.client.get("/cmiapi/getrecord/", query_string={**authenticator, **asked})

    def found(self, **asked: Any) -> list[dict[str, Any]]:
        """Return the records of a question that must be answered."""
        answer = self.records(**asked)
        assert answer.status_code == 200, answer.text
        body: dict[str, list[dict[str, Any]]] = answer.get_json()
        return body["records"]


@pytest.fixture(scope="session")
def credentials() -> Credentials:
    """Make them once: an RSA key takes its time."""
    return new_credentials()


@pytest.fixture(scope="session")
def new_mock(credentials: Credentials) -> Callable[..., Mock]:
    """Make a mock in memory, with a clock of its own; keyword arguments replace parts of its configuration."""

    def make(**changes: Any) -> Mock:
        clock = Clock()
        defaults = {"database": ":memory:", "public_url": BASE, "credentials": credentials, "clock": clock}
        app = create_app(Config(**{**defaults, **changes}))
        return Mock(app, app.test_client(), clock, credentials)

    return make


@pytest.fixture
def mock(new_mock: Callable[..., Mock]) -> Mock:
    """Make one with the defaults."""
    return new_mock()
