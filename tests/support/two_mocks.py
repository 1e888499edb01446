"""Two mocks as processes for provoking codes: one with accounts and stored keys, one with nothing configured."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from mock_over_http import CEK, Mock

from hosting.process import module_command, start

# RFC 3394, section 4.1: this KEK wraps a key of 16 bytes to these 24.
KEK, WRAPPED = "000102030405060708090a0b0c0d0e0f", "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
STORED_CLEAR, STORED_WRAPPED = "ab" * 16, "^film-1"

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
class TwoMocks:
    """The two mocks: `configured` has the files, `plain` has none."""

    configured: Mock
    plain: Mock
    plain_log: Path

    def break_log(self) -> None:
        """Take the table out of the log of the plain mock."""
        with closing(sqlite3.connect(self.plain_log, timeout=10)) as connection:
            connection.execute("DROP TABLE IF EXISTS events")


@contextmanager
def running_two_mocks(directory: Path) -> Iterator[TwoMocks]:
    """Start both mocks on free ports, with their files in a directory."""
    accounts, keys = directory / "accounts.toml", directory / "keys.toml"
    accounts.write_text(ACCOUNTS_FILE)
    keys.write_text(KEYS_FILE)
    serve = module_command("expressplay_mock", "serve", "--port=0")
    files = [f"--accounts={accounts}", f"--key-storage={keys}", "--database=:memory:"]
    with (
        start([*serve, f"--state={directory / 'configured'}", *files]) as configured,
        start([*serve, f"--state={directory / 'plain'}"]) as plain,
        requests.Session() as http,
    ):
        http.trust_env = False
        yield TwoMocks(
            Mock(configured.url, http, AUTHENTICATORS["good"]),
            Mock(plain.url, http, plain.ready["authenticator"]),
            directory / "plain" / "transactions.db",
        )
