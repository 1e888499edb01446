"""Accounts, and how a request proves that it comes from one: the customer authenticator, the API key."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from expressplay_mock.errors import Code, Refusal
from fairplay.tllv import RandomBytes

FIRST_NUMBER = "1001"

_FORM = re.compile(r"([0-9]{1,18}),[0-9A-Fa-f]{32}", re.ASCII)


class BadAuthenticator(ValueError):
    """A text that is no authenticator; the message does not hold it."""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer: the number that records carry, and the authenticator ``<number>,<32 hex>`` that proves it."""

    number: str
    authenticator: str = field(repr=False)


def account_of(authenticator: str) -> Account:
    """Return the account with this authenticator. Raises `BadAuthenticator` unless it has the real form."""
    match = _FORM.fullmatch(authenticator)
    if match is None:
        raise BadAuthenticator("authenticator: expected <number>,<32 hexadecimal digits>, found another form")
    return Account(match[1], authenticator)


def new_account(random: RandomBytes) -> Account:
    """Make up an account with a throw-away authenticator."""
    return account_of(f"{FIRST_NUMBER},{random(16).hex()}")


def authenticate(authenticator: str | None, accounts: Iterable[Account]) -> Account:
    """Return the account that ``authenticator`` belongs to.

    Raises `Refusal` (-2017 or -2018). The comparison takes the same time wherever the texts differ, and no word
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
            return account
    well_formed = _FORM.fullmatch(authenticator) is not None
    raise Refusal(
        Code.AUTHENTICATOR_INVALID,
        "customerAuthenticator",
        expected="the authenticator of an account, <number>,<32 hexadecimal digits>",
        found="one that no account has" if well_formed else f"{len(authenticator)} characters in another form",
    )
