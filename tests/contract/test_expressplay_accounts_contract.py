"""Several accounts: each with options of its own, each sees its own records only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from expressplay_mock.accounts import Account, Environment
from expressplay_mock.accounts_file import read_accounts
from expressplay_mock.cli import main
from expressplay_mock.toml_file import BadFile
from fairplay.session_key import device_id_of

Mock = Any
"""What the fixture `mock` is: the service without a socket, and a device next to it."""

NewMock = Callable[..., Mock]
ONE, TWO = "7," + "a" * 32, "8," + "b" * 32


def with_options(**options: Any) -> tuple[Account, ...]:
    return (Account(ONE, **options), Account(TWO))


def number(answer: Any) -> tuple[int, int]:
    return answer.status_code, answer.json["errorCode"]


def test_an_account_sees_its_own_records_only(new_mock: NewMock) -> None:
    mock = new_mock(accounts=with_options())
    for authenticator, cookie in ((ONE, "one"), (TWO, "two")):
        assert mock.redeem(mock.token(customerAuthenticator=authenticator, cookie=cookie)).status_code == 200
    ids = {}
    for authenticator, cookie, others in ((ONE, "one", "two"), (TWO, "two", "one")):
        (record,) = mock.found(customerAuthenticator=authenticator)
        assert record["cookie"] == cookie
        ids[authenticator] = record["event_id"]
        assert mock.found(customerAuthenticator=authenticator, cookie=others) == []
        assert len(mock.found(customerAuthenticator=authenticator, start="0", length="9")) == 1
    assert number(mock.records(customerAuthenticator=ONE, id=ids[TWO])) == (400, -2035)


def test_the_same_spc_gets_one_license_across_accounts(new_mock: NewMock) -> None:
    mock = new_mock(accounts=with_options())
    spc, _ = mock.spc()
    assert mock.redeem(mock.token(customerAuthenticator=ONE), spc).status_code == 200
    assert number(mock.redeem(mock.token(customerAuthenticator=TWO), spc)) == (409, -9002)


def test_a_disabled_account(new_mock: NewMock) -> None:
    mock = new_mock(accounts=with_options(enabled=False))
    assert number(mock.ask(customerAuthenticator=ONE, errorFormat="json")) == (401, -2031)
    assert number(mock.records(customerAuthenticator=ONE)) == (401, -2031)
    assert mock.ask(customerAuthenticator=TWO).status_code == 200


def test_tokens_run_out_and_come_back_with_a_reset(new_mock: NewMock) -> None:
    mock = new_mock(accounts=with_options(tokens=2))
    refused = {"customerAuthenticator": ONE, "errorFormat": "json"}
    assert number(mock.ask(**refused, iv=None)) == (400, -6003)  # a request that is refused costs nothing
    assert [mock.ask(**refused).status_code for _ in range(3)] == [200, 200, 400]
    assert number(mock.ask(**refused)) == (400, -2019)
    assert mock.ask(customerAuthenticator=TWO).status_code == 200
    assert mock.client.post("/_sim/reset").status_code == 200
    assert mock.ask(**refused).status_code == 200


def test_binding_is_an_option(new_mock: NewMock) -> None:
    mock = new_mock(accounts=with_options(device_binding=False))
    bound = {"customerAuthenticator": ONE, "deviceId": device_id_of("mine").hex(), "errorFormat": "json"}
    assert number(mock.ask(**bound)) == (400, -6008)
    assert mock.ask(customerAuthenticator=ONE, cookie="c").status_code == 200


@pytest.mark.parametrize(("here", "there"), [(Environment.TEST, Environment.PRODUCTION), tuple(Environment)[::-1]])
def test_test_and_production_differ(new_mock: NewMock, here: Environment, there: Environment) -> None:
    mock = new_mock(accounts=with_options(environment=there), environment=here)
    answer = mock.ask(customerAuthenticator=ONE, errorFormat="json")
    assert number(answer) == (401, -2018)
    assert f"found one of an account in {there.value}" in answer.json["hint"]
    assert "a" * 32 not in answer.text


def test_a_throw_away_account_belongs_to_either_environment(new_mock: NewMock) -> None:
    assert new_mock(environment=Environment.PRODUCTION).ask().status_code == 200


def test_a_file_of_accounts(tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(
        f'[[accounts]]\nauthenticator = "{ONE}"\n[[accounts]]\nauthenticator = "{TWO}"\n'
        'environment = "production"\nenabled = false\ntokens = 3\nfairplay_service = false\nfairplay = false\n'
        "device_binding = false\n"
    )
    assert read_accounts(path) == (
        Account(ONE),
        Account(TWO, Environment.PRODUCTION, False, 3, False, False, False),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "No such file"),
        ("[[accounts]\n", "a mistake at line 1, column 11$"),
        (f'[[accounts]]\nauthenticator = "{ONE}\n', "a mistake at line 2"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("", "one or more"),
        ("accounts = []\n", "one or more"),
        ("accounts = [1]\n", "number 1: expected a table"),
        (f'key = 1\n[[accounts]]\nauthenticator = "{ONE}"\n', "nothing else"),
        ("[[accounts]]\n", "expected authenticator"),
        ("[[accounts]]\nauthenticator = 1\n", "expected authenticator"),
        ('[[accounts]]\nauthenticator = "me"\n', "another form"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\ndevicebinding = false\n', "'devicebinding' is not one of"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\nenabled = 0\n', "expected true or false"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\ntokens = true\n', "a whole number"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\ntokens = -1\n', "a whole number"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\nenvironment = "prod"\n', "environment"),
        (f'[[accounts]]\nauthenticator = "{ONE}"\n' * 2, "found one twice"),
    ],
)
def test_a_file_that_holds_no_accounts(tmp_path: Path, text: str | None, reason: str) -> None:
    path = tmp_path / "accounts.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadFile, match=reason) as caught:
        read_accounts(path)
    assert "a" * 32 not in str(caught.value)
    ended = CliRunner().invoke(main, ["serve", f"--state={tmp_path}", f"--accounts={path}"])
    assert (ended.exit_code, ended.output) == (1, f"Error: {caught.value}\n")


def test_two_ways_to_name_accounts_exclude_each_other(tmp_path: Path) -> None:
    ended = CliRunner().invoke(main, ["serve", "--accounts=x.toml", f"--authenticator={ONE}"])
    assert ended.exit_code == 2
    assert "exclude each other" in ended.output
