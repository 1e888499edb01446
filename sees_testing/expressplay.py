"""A running mock of ExpressPlay as a test sees it: where it is, what it noted, and how to make it misbehave."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import requests

from expressplay_mock.accounts import Account, Environment
from expressplay_mock.app import Config, create_app
from expressplay_mock.credentials import SPC_VERSIONS, Credentials, new_credentials
from hosting.http_client import new_session
from hosting.serving import running
from hosting.tls.tls import ClientTls, ServerTls

TIMEOUT = 10
"""Seconds that an answer of the mock may take."""


class StageError(Exception):
    """A `/_sim/` route did not do what it was asked; the text is its answer."""


@dataclass(frozen=True)
class RunningExpressPlay:
    """A mock at a base URL, and the authenticator to give to a SEES."""

    url: str
    authenticator: str = field(repr=False)
    _session: requests.Session = field(repr=False)

    def records(self, cookie: str | None = None) -> list[dict[str, Any]]:
        """Return rows of the transaction log, newest first: the 32 newest, or those issued to one cookie."""
        asked = {"customerAuthenticator": self.authenticator} | ({} if cookie is None else {"cookie": cookie})
        return list(self._ask("GET", "/cmiapi/getrecord/", parameters=asked)["records"])

    def journal(self, trace: str | None = None) -> list[dict[str, Any]]:
        """Return what was asked, answered and decided, oldest first; of one trace id if one is given."""
        asked = {} if trace is None else {"trace": trace}
        return list(self._ask("GET", "/_sim/journal", parameters=asked)["entries"])

    def provisioning(self) -> dict[str, Any]:
        """Return what a factory gives a device: its certificates (DER, in Base64) and its ASk."""
        return self._ask("GET", "/_sim/provisioning")

    def advance(self, seconds: float) -> None:
        """Move the clock forward; tokens expire by it."""
        self._ask("POST", "/_sim/clock", {"advance": seconds})

    def fault(self, name: str, **options: Any) -> None:
        """Misbehave from now on: `.fault("refuse", at="token", code=-2018, times=2)`, "status", "drop", "lag" …

        The settings are those of `POST /_sim/faults`. It lasts for its `times`, or until `clear_faults`.
        """
        self._ask("POST", "/_sim/faults", {"fault": name} | options)

    def clear_faults(self) -> None:
        """Behave again."""
        self._ask("DELETE", "/_sim/faults")

    def reset(self) -> None:
        """Put everything back to the beginning: clock, journal and transaction log."""
        self._ask("POST", "/_sim/reset", {"log": True})

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, parameters: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        answer = self._session.request(method, self.url + path, json=body, params=parameters, timeout=TIMEOUT)
        if not answer.ok:
            raise StageError(f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json())


@dataclass(frozen=True)
class ExpressPlayOptions:
    """How a mock in this process is to be: its accounts, one throw-away account where none are given, and its keys.

    `key_storage` are content keys that token requests name by `kid` (16 bytes in clear, 24 wrapped). SPCs of
    `spc_versions` are taken. With `tls` it serves https, and `client_tls` has the files to ask it with.
    """

    accounts: tuple[Account, ...] = ()
    environment: Environment = Environment.TEST
    key_storage: Mapping[str, bytes] | None = field(default=None, repr=False)
    spc_versions: frozenset[int] = SPC_VERSIONS
    tls: ServerTls | None = None
    client_tls: ClientTls = field(default_factory=ClientTls)


USUAL = ExpressPlayOptions()


@contextmanager
def running_expressplay(
    credentials: Credentials | None = None,
    cors_origins: frozenset[str] = frozenset(),
    options: ExpressPlayOptions = USUAL,
) -> Iterator[RunningExpressPlay]:
    """Run a mock in this process, on a free port of the loopback interface and with an empty log.

    Pages of `cors_origins` may ask it. Its `authenticator` is that of the first account of its environment.
    """
    keys = credentials or new_credentials()
    config = Config(
        accounts=options.accounts,
        environment=options.environment,
        key_storage=options.key_storage,
        spc_versions=options.spc_versions,
        credentials=keys,
        cors_origins=cors_origins,
    )
    own = (account for account in options.accounts if account.environment is options.environment)
    account = next(own, keys.account)
    with (
        running(lambda url: create_app(replace(config, public_url=url)), options.tls) as url,
        new_session(options.client_tls) as session,
    ):
        yield RunningExpressPlay(url, account.authenticator, session)
