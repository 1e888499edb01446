"""Accounts: how a request proves that it comes from one (the customer authenticator), and what each may ask for."""

import hmac
import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from expressplay_mock.errors import Code, Refusal
from fairplay.randomness import RandomBytes

FIRST_NUMBER = "1001"

_FORM = re.compile(r"[0-9]{1,18},[0-9A-Fa-f]{32}", re.ASCII)


class BadAuthenticator(ValueError):
    """A text that is no authenticator; the message does not hold it."""


class Environment(Enum):
    """The two worlds of ExpressPlay. An authenticator of one is nobody's in the other."""

    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Account:
    """A customer, known by the authenticator `<number>,<32 hex>`. Raises `BadAuthenticator` for another form.

    Not `enabled`, it gets no answer but a refusal; `tokens` is how many it may still make (None: no limit).
    `fairplay_service` is whether the contract has FairPlay, `fairplay` whether that is switched on, and
    `device_binding` whether tokens may name a device.
    """

    authenticator: str = field(repr=False)
    environment: Environment = Environment.TEST
    enabled: bool = True
    tokens: int | None = None
    fairplay_service: bool = True
    fairplay: bool = True
    device_binding: bool = True

    def __post_init__(self) -> None:
        if not _FORM.fullmatch(self.authenticator):
            raise BadAuthenticator("authenticator: expected <number>,<32 hexadecimal digits>, found another form")
        if self.tokens is not None and self.tokens < 0:
            raise ValueError(f"tokens: expected 0 or more, found {self.tokens}")

    @property
    def number(self) -> str:
        """What records call the account: the part of the authenticator before the comma."""
        return self.authenticator.partition(",")[0]


def new_account(random: RandomBytes) -> Account:
    """Make up an account with a throw-away authenticator."""
    return Account(f"{FIRST_NUMBER},{random(16).hex()}")


class Budget:
    """How many tokens each account has made since the start, or since `reset`; of this process only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: Counter[str] = Counter()

    def spend(self, account: Account) -> None:
        """Count one more token. Raises `Refusal` (-2019) where the account has none left."""
        with self._lock:
            if account.tokens is not None and self._made[account.number] >= account.tokens:
                raise _not_allowed(Code.INSUFFICIENT_TOKENS, "at least one token left", f"none of {account.tokens}")
            self._made[account.number] += 1

    def reset(self) -> None:
        """Give all tokens back."""
        with self._lock:
            self._made.clear()


def check_options(account: Account, *, binds_device: bool) -> None:
    """Raise `Refusal` (-6006, -6009 or -6008) unless the account has what a token request needs."""
    if not account.fairplay_service:
        raise _not_allowed(Code.FAIRPLAY_NOT_AUTHORISED, "fairplay_service = true", "false")
    if not account.fairplay:
        raise _not_allowed(Code.FAIRPLAY_DISABLED, "fairplay = true", "false")
    if binds_device and not account.device_binding:
        raise _not_allowed(Code.BINDING_NOT_SUPPORTED, "device_binding = true for a token with deviceId", "false")


def authenticate(
    authenticator: str | None, accounts: Iterable[Account], environment: Environment = Environment.TEST
) -> Account:
    """Return the account that `authenticator` belongs to, in the `environment` that this service plays.

    Raises `Refusal` (-2017, -2018 or -2031). The comparison takes the same time wherever the texts differ, and no word
    of what was sent comes back: it may be the key of a real account.
    """
    if not authenticator:
        raise Refusal(
            Code.AUTHENTICATOR_MISSING,
            "customerAuthenticator",
            expected="the parameter, in the query string or in a form body",
            found="none",
        )
    sent = authenticator.encode("utf-8", "surrogateescape")
    for account in accounts:
        if hmac.compare_digest(sent, account.authenticator.encode("ascii")):
            _check_usable(account, environment)
            return account
    well_formed = _FORM.fullmatch(authenticator) is not None
    raise Refusal(
        Code.AUTHENTICATOR_INVALID,
        "customerAuthenticator",
        expected="the authenticator of an account, <number>,<32 hexadecimal digits>",
        found="one that no account has" if well_formed else f"{len(authenticator)} characters in another form",
    )


def _check_usable(account: Account, environment: Environment) -> None:
    if account.environment is not environment:
        raise Refusal(
            Code.AUTHENTICATOR_INVALID,
            "customerAuthenticator",
            expected=f"one of an account in the {environment.value} environment, which this service plays",
            found=f"one of an account in {account.environment.value}",
            fix=f"send the {environment.value} authenticator here, and the other one to the other environment's hosts",
        )
    if not account.enabled:
        raise _not_allowed(Code.ACCOUNT_DISABLED, "enabled = true", "false")


def _not_allowed(code: Code, expected: str, found: str) -> Refusal:
    return Refusal(code, "account", expected=expected, found=found)
