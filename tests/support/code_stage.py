"""Two mocks as processes for provoking codes: one with accounts and stored keys, one with nothing configured."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from fresh_spc import provisioned_spc

from fairplay.session_key import device_id_of
from hosting.process import Service, module_command, start

CEK, IV = "00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100"
# RFC 3394, section 4.1: this KEK wraps this CEK to these 24 bytes.
KEK, WRAPPED = "000102030405060708090a0b0c0d0e0f", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
STORED_CLEAR, STORED_WRAPPED = "ab" * 16, "^film-1"
MINE, OTHER = device_id_of("mine"), device_id_of("other")
TIMEOUT = 10

KEYS_FILE = f"""
[keys]
"{STORED_CLEAR}" = "{CEK}"
"{STORED_WRAPPED}" = "{WRAPPED}"
"""
AUTHENTICATORS = {
    name: f"{1001 + index},{index:032x}"
    for index, name in enumerate(
        ("good", "disabled", "spent", "no service", "switched off", "no binding", "production")
    )
}
_OPTIONS = {
    "good": "",
    "disabled": "enabled = false",
    "spent": "tokens = 0",
    "no service": "fairplay_service = false",
    "switched off": "fairplay = false",
    "no binding": "device_binding = false",
    "production": 'environment = "production"',
}
ACCOUNTS_FILE = "".join(
    f'[[accounts]]\nauthenticator = "{authenticator}"\n{_OPTIONS[name]}\n\n'
    for name, authenticator in AUTHENTICATORS.items()
)


@dataclass(frozen=True)
class CodeStage:
    """The two mocks, and a device next to them."""

    full: Service
    plain: Service
    plain_log: Path
    http: requests.Session

    def ask(self, *, of: Service | None = None, account: str = "good", **changes: Any) -> requests.Response:
        """Ask for a token; a change to None leaves a parameter out."""
        service = of or self.full
        authenticator = AUTHENTICATORS[account] if service is self.full else service.ready["authenticator"]
        asked = {"customerAuthenticator": authenticator, "contentKey": CEK, "iv": IV, "errorFormat": "json"}
        given = {name: value for name, value in {**asked, **changes}.items() if value is not None}
        return self.http.post(f"{service.url}/hms/fp/token", data=given, timeout=TIMEOUT)

    def token_url(self, **changes: Any) -> str:
        """Return the token URL of a request that must succeed."""
        answer = self.ask(**changes)
        assert answer.status_code == 200, answer.text
        return answer.text

    def spc(self, device_id: bytes = MINE) -> bytes:
        """Build a fresh SPC."""
        given = self.http.get(f"{self.full.url}/_sim/provisioning", timeout=TIMEOUT).json()
        spc, _ = provisioned_spc(given, device_id)
        return spc

    def redeem(self, token_url: str, spc: bytes | None = None) -> requests.Response:
        """Post an SPC, a fresh one if none is given."""
        return self.http.post(token_url, data=self.spc() if spc is None else spc, timeout=TIMEOUT)

    def records(self, of: Service | None = None, **asked: Any) -> requests.Response:
        """Ask for records."""
        service = of or self.full
        authenticator = AUTHENTICATORS["good"] if service is self.full else service.ready["authenticator"]
        parameters = {"customerAuthenticator": authenticator, **asked}
        return self.http.get(f"{service.url}/cmiapi/getrecord/", params=parameters, timeout=TIMEOUT)

    def fault(self, code: int, at: str) -> None:
        """Have the next request refused with a code."""
        fault = {"fault": "refuse", "at": at, "code": code, "times": 1}
        answer = self.http.post(f"{self.full.url}/_sim/faults", json=fault, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text

    def advance(self, seconds: int) -> None:
        """Move the clock of the mock forward."""
        self.http.post(f"{self.full.url}/_sim/clock", json={"advance": seconds}, timeout=TIMEOUT)

    def break_log(self) -> None:
        """Take the table out of the log of the plain mock."""
        with closing(sqlite3.connect(self.plain_log, timeout=TIMEOUT)) as connection:
            connection.execute("DROP TABLE IF EXISTS events")


@contextmanager
def running_code_stage(directory: Path) -> Iterator[CodeStage]:
    """Start both mocks on free ports, with their files in a directory."""
    accounts, keys = directory / "accounts.toml", directory / "keys.toml"
    accounts.write_text(ACCOUNTS_FILE)
    keys.write_text(KEYS_FILE)
    serve = module_command("expressplay_mock", "serve", "--port=0")
    configured = [f"--accounts={accounts}", f"--key-storage={keys}", "--database=:memory:"]
    with (
        start([*serve, f"--state={directory / 'full'}", *configured]) as full,
        start([*serve, f"--state={directory / 'plain'}"]) as plain,
        requests.Session() as http,
    ):
        http.trust_env = False
        yield CodeStage(full, plain, directory / "plain" / "transactions.db", http)
