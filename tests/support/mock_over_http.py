"""A mock over HTTP, and what tests ask of it: tokens, licenses for a device that it provisioned, records, faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from fresh_spc import provisioned_spc
from real_services import AUTHENTICATOR, expressplay_service

from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents

CEK, IV = "c0ffee00c0ffee11c0ffee22c0ffee33", "0f" * 16
MINE, OTHER = device_id_of("mine"), device_id_of("other")
KEYS = {"contentKey": CEK, "iv": IV, "customerAuthenticator": AUTHENTICATOR, "errorFormat": "json"}
TIMEOUT = 60


@dataclass
class Mock:
    """A running mock, by its base URL; the account is that of the authenticator."""

    url: str
    http: requests.Session
    authenticator: str = AUTHENTICATOR

    def token(self, **changes: Any) -> requests.Response:
        """Ask for a token; a change to None leaves a parameter out."""
        asked = {**KEYS, "customerAuthenticator": self.authenticator, **changes}
        return self.http.post(f"{self.url}/hms/fp/token", data=asked, timeout=TIMEOUT)

    def token_url(self, **changes: Any) -> str:
        """Return the token URL of a request that must succeed."""
        answer = self.token(**changes)
        assert answer.status_code == 200, answer.text
        return answer.text.strip()

    def spc(self, device_id: bytes = MINE, asset_id: bytes = b"film-1") -> tuple[bytes, SpcContents]:
        """Build a fresh SPC."""
        given = self.http.get(f"{self.url}/_sim/provisioning", timeout=TIMEOUT).json()
        return provisioned_spc(given, device_id, asset_id)

    def redeem(self, token_url: str, spc: bytes | None = None) -> requests.Response:
        """Post an SPC, a fresh one if none is given."""
        return self.http.post(token_url, data=self.spc()[0] if spc is None else spc, timeout=TIMEOUT)

    def license(self, cookie: str = "alice", **token: str) -> tuple[requests.Response, SpcContents]:
        """Ask for a token and redeem it with a fresh SPC; returns the answer, and what its CKC opens with."""
        spc, contents = self.spc()
        return self.redeem(self.token_url(cookie=cookie, **token), spc), contents

    def records(self, **asked: Any) -> requests.Response:
        """Ask for records."""
        parameters = {"customerAuthenticator": self.authenticator, **asked}
        return self.http.get(f"{self.url}/cmiapi/getrecord/", params=parameters, timeout=TIMEOUT)

    def rows(self, **asked: Any) -> list[dict[str, Any]]:
        """Return the records of a question that must be answered, newest first."""
        rows: list[dict[str, Any]] = self.records(**asked).json()["records"]
        return rows

    def fault(self, **fault: Any) -> requests.Response:
        """Set a fault."""
        return self.http.post(f"{self.url}/_sim/faults", json=fault, timeout=TIMEOUT)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are set."""
        active: list[dict[str, Any]] = self.http.get(f"{self.url}/_sim/faults", timeout=TIMEOUT).json()["active"]
        return active

    def advance(self, seconds: int) -> None:
        """Move its clock forward."""
        self.http.post(f"{self.url}/_sim/clock", json={"advance": seconds}, timeout=TIMEOUT).raise_for_status()

    def journal(self) -> list[dict[str, Any]]:
        """Return its journal."""
        entries: list[dict[str, Any]] = self.http.get(f"{self.url}/_sim/journal", timeout=TIMEOUT).json()["entries"]
        return entries

    def reset(self) -> "Mock":
        """Make it as new: no fault, no journal, no row."""
        self.http.post(f"{self.url}/_sim/reset", json={"log": True}, timeout=TIMEOUT)
        return self


@contextmanager
def running_mock(**configured: Any) -> Iterator[Mock]:
    """Run one in memory, with parts of its `Config`."""
    with expressplay_service(**configured) as url, requests.Session() as http:
        http.trust_env = False
        yield Mock(url, http)
