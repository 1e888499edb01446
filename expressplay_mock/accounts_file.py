"""The accounts file (`--accounts FILE`): several accounts, each with its options and limits, in TOML.

    [[accounts]]
    authenticator = "1001,<32 hex digits>"     # the part before the comma is the account's number
    environment = "test"                       # or "production"
    enabled = true                             # false: -2031
    tokens = 100                               # how many it may make; -2019 after that. Without it: no limit
    fairplay_service = true                    # false: -6006
    fairplay = true                            # false: -6009
    device_binding = true                      # false: -6008 for a token that names a device

Only `authenticator` is required; the other values are shown with their defaults (but for `tokens`).
"""

from pathlib import Path
from typing import Any

from expressplay_mock.accounts import Account, BadAuthenticator, Environment
from expressplay_mock.toml_file import BadFile, read_toml

_SWITCHES = ("enabled", "fairplay_service", "fairplay", "device_binding")
_MEMBERS = {"authenticator", "environment", "tokens", *_SWITCHES}


def read_accounts(path: Path) -> tuple[Account, ...]:
    """Read an accounts file. Raises `BadFile`."""
    content = read_toml(path, "accounts")
    tables = content.pop("accounts", None)
    if content or not isinstance(tables, list) or not tables:
        raise BadFile(f"accounts {path}: expected one or more [[accounts]] and nothing else, found another shape")
    accounts = [_account(table, f"accounts {path}, number {index}") for index, table in enumerate(tables, start=1)]
    keys = {(account.number, account.environment) for account in accounts}
    if len(keys) < len(accounts) or len({account.authenticator for account in accounts}) < len(accounts):
        raise BadFile(f"accounts {path}: expected each account once in an environment, found one twice")
    return tuple(accounts)


def _account(table: Any, where: str) -> Account:
    if not isinstance(table, dict):
        raise BadFile(f"{where}: expected a table")
    unknown = [name for name in table if name not in _MEMBERS]
    if unknown:
        # Misspelt and ignored, a switch would stay on.
        raise BadFile(f"{where}: {unknown[0][:32]!a} is not one of {', '.join(sorted(_MEMBERS))}")
    try:
        environment = Environment(table.get("environment", Environment.TEST.value))
    except ValueError:
        raise BadFile(f'{where}: environment: expected "test" or "production"') from None
    tokens = table.get("tokens")
    if tokens is not None and (type(tokens) is not int or tokens < 0):
        raise BadFile(f"{where}: tokens: expected a whole number, 0 or more")
    switches = {name: table[name] for name in _SWITCHES if name in table}
    for name, value in switches.items():
        if not isinstance(value, bool):
            raise BadFile(f"{where}: {name}: expected true or false")
    try:
        return Account(table["authenticator"], environment, tokens=tokens, **switches)
    except BadAuthenticator as error:
        raise BadFile(f"{where}: {error}") from None
    except (KeyError, TypeError):
        raise BadFile(f"{where}: expected authenticator, a string") from None
