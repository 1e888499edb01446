"""`--seed`: what repeats from one start of the mock to the next, and what does not."""

import sys
from pathlib import Path

import pytest
import requests

from expressplay_mock.credentials import seeded_credentials
from hosting.process import StartError, start

SERVE = [sys.executable, "-m", "expressplay_mock", "serve"]


def test_the_same_seed_makes_the_same_secrets_and_another_one_others() -> None:
    one, same, other = (seeded_credentials(seed) for seed in ("a", "a", "b"))
    assert (one.ask, one.token_keys, one.account) == (same.ask, same.token_keys, same.account)
    assert one.certificate != same.certificate
    assert one.ask != other.ask
    assert one.token_keys.keys != other.token_keys.keys
    assert one.account.authenticator != other.account.authenticator


def test_two_starts_with_one_seed_know_each_others_tokens(tmp_path: Path) -> None:
    argv = [*SERVE, "--seed=a", "--database=:memory:", f"--state={tmp_path}"]
    with start(argv) as first, start(argv) as second:
        authenticator = first.ready["authenticator"]
        assert second.ready["authenticator"] == authenticator
        order = {"customerAuthenticator": authenticator, "contentKey": "00" * 16, "iv": "00" * 16}
        token = requests.post(f"{first.url}/hms/fp/token", data=order, timeout=10).text.strip().partition("?")[2]
        answer = requests.post(f"{second.url}/hms/fp/rights/?{token}", data=b"no SPC", timeout=10)
        assert answer.json()["errorCode"] == -4001  # the token opened; the SPC is none
    assert not list(tmp_path.iterdir())


def test_a_seed_needs_a_log_that_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="--seed needs --database :memory:"):
        start([*SERVE, "--seed=a", f"--state={tmp_path}"])
