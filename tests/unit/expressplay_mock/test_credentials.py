"""Credentials: made once, kept for their owner only, the same at every start, and secret in every text."""

import json
import os
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.accounts import Account, BadAuthenticator, authenticate, new_account
from expressplay_mock.credentials import CERTIFICATE, DIRECTORY, PRIVATE_KEY, SECRETS, V1, StateError, load_or_create
from expressplay_mock.errors import Refusal

ACCOUNT = Account("1001," + "ab" * 16)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "new" / "state"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("made") / "state"
    load_or_create(state)
    return state


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """A state directory with credentials in it, to damage at will; an RSA key takes its time to make."""
    return Path(shutil.copytree(made_once, tmp_path / "made"))


def test_the_second_start_finds_what_the_first_one_made(state: Path) -> None:
    first, second = load_or_create(state), load_or_create(state)
    assert first.certificate == second.certificate
    for one, same in ((first.v1, second.v1), (first.v2, second.v2)):
        assert one.private_key.private_numbers() == same.private_key.private_numbers()
        assert one.certificate == same.certificate
    assert (first.ask, first.token_keys, first.account) == (second.ask, second.token_keys, second.account)


def test_what_is_made(state: Path) -> None:
    made = load_or_create(state)
    for key, bits in ((made.v1, 1024), (made.v2, 2048)):
        certificate = x509.load_der_x509_certificate(key.certificate)
        assert "SEES SIMULATION" in certificate.subject.rfc4514_string()
        certificate.verify_directly_issued_by(certificate)
        assert key.private_key.key_size == bits
        assert key.private_key.public_key() == certificate.public_key()
    assert len(made.ask) == 16
    Account(made.account.authenticator)


def test_two_states_share_nothing(tmp_path: Path) -> None:
    one, other = load_or_create(tmp_path / "1"), load_or_create(tmp_path / "2")
    assert one.ask != other.ask
    assert one.account.authenticator != other.account.authenticator
    assert one.certificate != other.certificate


def test_only_the_owner_may_read(state: Path) -> None:
    load_or_create(state)
    directory = state / DIRECTORY
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        PRIVATE_KEY: 0o600,
        CERTIFICATE: 0o600,
        SECRETS: 0o600,
        V1: 0o600,
    }


def test_of_several_that_start_at_once_all_agree(state: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: load_or_create(state), range(6)))
    assert len({credentials.ask for credentials in made}) == 1
    assert [path.name for path in state.iterdir()] == [DIRECTORY]


@pytest.mark.parametrize("name", [PRIVATE_KEY, CERTIFICATE, V1, SECRETS])
@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"[]", b"null", b"\xff\xfe"])
def test_a_damaged_file_is_one_clear_line(made: Path, name: str, content: bytes | None) -> None:
    path = made / DIRECTORY / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(StateError, match=r"credentials in .* are damaged"):
        load_or_create(made)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("ask", "00" * 15),
        ("ask", None),
        ("token_keys", {}),
        ("token_keys", ["00"]),
        ("current_token_key", "00000000"),
        ("authenticator", "nobody"),
        ("authenticator", 7),
    ],
)
def test_a_wrong_secret_is_damage_too_and_is_not_shown(made: Path, member: str, value: object) -> None:
    ask = load_or_create(made).ask
    path = made / DIRECTORY / SECRETS
    path.write_text(json.dumps({**json.loads(path.read_bytes()), member: value}))
    with pytest.raises(StateError) as caught:
        load_or_create(made)
    assert ask.hex() not in str(caught.value)


def test_a_certificate_of_another_key_is_damage(made: Path, state: Path) -> None:
    load_or_create(state)
    (state / DIRECTORY / CERTIFICATE).replace(made / DIRECTORY / CERTIFICATE)
    with pytest.raises(StateError, match="damaged"):
        load_or_create(made)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"key": "", "certificate": ""}', b'{"key": 1}', b"\xff"])
def test_a_damaged_v1_key_is_one_clear_line_too(made: Path, content: bytes) -> None:
    (made / DIRECTORY / V1).write_bytes(content)
    with pytest.raises(StateError, match="damaged"):
        load_or_create(made)


@pytest.mark.parametrize("state", ["file", "file/state"])
def test_a_state_that_is_a_file_is_one_clear_line(tmp_path: Path, state: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"expected a directory, found a file.*--state$"):
        load_or_create(tmp_path / state)


def test_a_state_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"writable, or name another with --state$"):
        load_or_create(tmp_path / ("x" * 300))


def test_an_account_is_the_number_of_its_authenticator() -> None:
    assert ACCOUNT.number == "1001"
    assert Account(new_account(os.urandom).authenticator).number.isdigit()
    assert "ab" * 16 not in repr(ACCOUNT)


@pytest.mark.parametrize(
    "text", ["", "1001", "1001,", ",".join(["1", "ab" * 15]), "x," + "ab" * 16, "1," + "ab" * 16 + "\n"]
)
def test_only_the_real_form_is_an_authenticator(text: str) -> None:
    with pytest.raises(BadAuthenticator) as caught:
        Account(text)
    assert "ab" not in str(caught.value)


def refused(authenticator: str | None, accounts: list[Account]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        authenticate(authenticator, accounts)
    return caught.value


def test_an_account_is_found_by_its_authenticator() -> None:
    other = Account("1002," + "cd" * 16)
    assert authenticate(other.authenticator, [ACCOUNT, other]) is other
    assert refused(other.authenticator, [ACCOUNT]).code.number == -2018
    assert "no account" in refused(other.authenticator, [ACCOUNT]).hint


@pytest.mark.parametrize("text", [None, ""])
def test_no_authenticator_has_a_number_of_its_own(text: str | None) -> None:
    assert (refused(text, [ACCOUNT]).code.number, refused(text, [ACCOUNT]).status) == (-2017, 401)


OF_NOBODY = "1001," + "AB" * 16
"""In due form."""


@given(st.text(min_size=1, max_size=60) | st.just(OF_NOBODY))
def test_any_other_text_is_refused_and_not_repeated(text: str) -> None:
    refusal = refused(text, [ACCOUNT])
    assert (refusal.code.number, refusal.status) == (-2018, 401)
    another = OF_NOBODY.replace("AB", "CD") if text == OF_NOBODY else "?" * len(text)
    assert refusal.hint == refused(another, [ACCOUNT]).hint


def test_an_account_makes_no_negative_number_of_tokens() -> None:
    with pytest.raises(ValueError, match="expected 0 or more, found -1"):
        Account(ACCOUNT.authenticator, tokens=-1)
