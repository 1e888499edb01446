"""A mock over HTTP, with the requests that tests of its faults and its journal send to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from emulator_stage import AUTHENTICATOR
from stranger import Message, Stranger

from expressplay_mock.app import Config, create_app
from hosting.serving import running

KEYS = {"contentKey": "00" * 16, "iv": "11" * 16, "customerAuthenticator": AUTHENTICATOR, "errorFormat": "json"}


@dataclass
class Mock:
    url: str
    http: requests.Session

    def token(self, **changes: str) -> requests.Response:
        return self.http.post(f"{self.url}/hms/fp/token", data=KEYS | changes, timeout=10)

    def records(self, **asked: str) -> requests.Response:
        parameters = {"customerAuthenticator": AUTHENTICATOR} | asked
        return self.http.get(f"{self.url}/cmiapi/getrecord/", params=parameters, timeout=10)

    def set(self, **fault: Any) -> requests.Response:
        return self.http.post(f"{self.url}/_sim/faults", json=fault, timeout=10)

    def active(self) -> list[dict[str, Any]]:
        active: list[dict[str, Any]] = self.http.get(f"{self.url}/_sim/faults", timeout=10).json()["active"]
        return active

    def journal(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.http.get(f"{self.url}/_sim/journal", timeout=10).json()["entries"]
        return entries

    def reset(self) -> "Mock":
        """Make it as new: no fault, no journal, no row."""
        self.http.post(f"{self.url}/_sim/reset", json={"log": True}, timeout=10)
        return self


@contextmanager
def running_mock() -> Iterator[Mock]:
    with (
        running(lambda url: create_app(Config(public_url=url, authenticator=AUTHENTICATOR))) as url,
        requests.Session() as http,
    ):
        http.trust_env = False
        yield Mock(url, http)


def redeem(mock: Mock, cookie: str = "alice", **token: str) -> tuple[requests.Response, Message]:
    stranger = Stranger("", mock.url, bytes(20), cookie, mock.http)
    message = stranger.message("some content")
    return stranger.redeem(mock.token(cookie=cookie, **token).text.strip(), message.seal()), message
