"""The pytest plugin: fixtures `expressplay`, `sees`, `virtual_device`, `safari`. A suite that uses none pays nothing.

Every test gets a mock of its own, on a free port and with an empty transaction log. What takes long, making the
RSA key of its certificate, happens once in a session.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from expressplay_mock.credentials import Credentials
    from hosting.tls.tls import ClientTls
    from sees_testing.device import VirtualDevice
    from sees_testing.expressplay import ExpressPlayOptions, RunningExpressPlay
    from sees_testing.safari import Safari
    from sees_testing.sees import RunningSees


@pytest.fixture(scope="session")
def expressplay_credentials() -> "Credentials":
    """The keys and the account of every mock in this session."""
    from expressplay_mock.credentials import new_credentials

    return new_credentials()


@pytest.fixture
def cors_origins() -> frozenset[str]:
    """Origins of web pages that may ask `expressplay` and `sees`: none. A suite with a web player overrides it.

    `frozenset({"*"})` is every page that a host of loopback serves.
    """
    return frozenset()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say how every mock is to be, unless a suite's own fixture `expressplay_options` does."""
    group = parser.getgroup("expressplay", "the mock of ExpressPlay in the fixture expressplay")
    group.addoption("--expressplay-accounts", metavar="FILE", help="TOML file with accounts, as expressplay-mock's")
    group.addoption("--expressplay-key-storage", metavar="FILE", help="TOML file with content keys by kid")
    group.addoption("--expressplay-spc-versions", choices=("1,2", "2"), default="1,2", help="SPC versions to take")
    group.addoption(
        "--expressplay-environment", choices=("test", "production"), default="test", help="environment to play"
    )


@pytest.fixture(scope="session")
def expressplay_options(pytestconfig: pytest.Config) -> "ExpressPlayOptions":
    """How every mock is to be: by the options of pytest. A suite that wants more has a fixture of its own for it."""
    from expressplay_mock.accounts import Environment
    from expressplay_mock.accounts_file import read_accounts
    from expressplay_mock.tokens.key_storage import read_key_storage
    from sees_testing.expressplay import ExpressPlayOptions

    accounts = pytestconfig.getoption("--expressplay-accounts")
    key_storage = pytestconfig.getoption("--expressplay-key-storage")
    return ExpressPlayOptions(
        accounts=read_accounts(Path(accounts)) if accounts else (),
        environment=Environment(pytestconfig.getoption("--expressplay-environment")),
        key_storage=read_key_storage(Path(key_storage)) if key_storage else None,
        spc_versions=frozenset(map(int, pytestconfig.getoption("--expressplay-spc-versions").split(","))),
    )


@pytest.fixture
def expressplay(
    expressplay_credentials: "Credentials", cors_origins: frozenset[str], expressplay_options: "ExpressPlayOptions"
) -> Iterator["RunningExpressPlay"]:
    """A mock of ExpressPlay on a free port: `.url`, `.authenticator`, `.records()`, `.fault()`, `.advance()`, …"""
    from sees_testing.expressplay import running_expressplay

    with running_expressplay(expressplay_credentials, cors_origins, expressplay_options) as expressplay:
        yield expressplay


@pytest.fixture
def sees(expressplay: "RunningExpressPlay", cors_origins: frozenset[str]) -> Iterator["RunningSees"]:
    """Our SEES on that mock, for suites that test a player: `.url`, `.dummy` and `.film` (content ids)."""
    from sees_testing.sees import running_sees

    with running_sees(expressplay, cors_origins) as sees:
        yield sees


@pytest.fixture
def client_tls() -> "ClientTls":
    """What virtual devices use for https: nothing. A suite whose SEES speaks TLS has a fixture of its own for it."""
    from hosting.tls.tls import ClientTls

    return ClientTls()


@pytest.fixture
def virtual_device(expressplay: "RunningExpressPlay", client_tls: "ClientTls") -> Iterator["VirtualDevice"]:
    """A device with a FairPlay player: `.register()`, `.play()`, `.other(seed)` for a second one."""
    from sees_testing.device import virtual_device

    with virtual_device(expressplay.url, tls=client_tls) as device:
        yield device


@pytest.fixture
def safari(browser: "Browser", expressplay: "RunningExpressPlay") -> Iterator["Safari"]:
    """Chromium windows with FairPlay: `page = safari("device A").new_page()`. `browser` is pytest-playwright's.

    Arguments are those of `sees_testing.safari.new_safari`. The windows are closed at the end of the test.
    """
    from sees_testing.safari import new_safari

    opened = []

    def open_(seed: str = "device A", **options: bool) -> "BrowserContext":
        opened.append(new_safari(browser, expressplay.provisioning(), seed, **options))
        return opened[-1]

    yield open_
    for context in opened:
        context.close()
