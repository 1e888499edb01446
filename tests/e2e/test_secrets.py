"""No secret leaves its place: a full demo at debug level, and every log, journal, recording and response of it."""

import base64
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from processes import Processes, running_processes

from walkthrough.experiments import EXPERIMENTS, run_experiment
from walkthrough.record.deployment import find_deployment
from walkthrough.record.run import run_binding

ROOT = Path(__file__).resolve().parents[2]
TITLES = tomllib.loads((ROOT / "server" / "content" / "catalog.toml").read_text())["titles"].values()


def spellings(secret: bytes) -> Iterator[bytes]:
    """Yield the ways in which a secret could be written down."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    # Base64 of the secret alone, and inside something longer at each of the three alignments.
    for lead in range(3):
        encoded = base64.b64encode(bytes(lead) + secret).rstrip(b"=")[lead + (lead > 0) : -1]
        yield encoded
        yield encoded.replace(b"+", b"-").replace(b"/", b"_")


class Everything:
    """What a run left behind, by place; `secrets` are what may be in none of them."""

    def __init__(self, processes: Processes, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
        responses: list[tuple[str, bytes]] = []
        send = requests.Session.send

        def noting(session: requests.Session, request: requests.PreparedRequest, **more: object) -> requests.Response:
            answer = send(session, request, **more)  # type: ignore[arg-type]
            responses.append((f"{request.method} {request.path_url.partition('?')[0]}", answer.content))
            return answer

        monkeypatch.setattr(requests.Session, "send", noting)
        deployment = find_deployment(processes.sees.url, processes.mock.url)
        run = run_binding(deployment, deployment.client("secrets"), deployment.name("secrets"))
        assert run.error is None
        journals = [
            processes.http.get(f"{url}/_sim/journal", timeout=10) for url in (deployment.sees, deployment.expressplay)
        ]
        for experiment in EXPERIMENTS.values():
            assert run_experiment(experiment, deployment).ok, experiment.name
        journals += [
            processes.http.get(f"{url}/_sim/journal", timeout=10) for url in (deployment.sees, deployment.expressplay)
        ]
        sealed = [grant.contents for grant in run.grants.values()]
        held = json.loads((state / "credentials" / "secrets.json").read_text())
        self.secrets = {
            **{f"CEK of {key['content_id']}": bytes.fromhex(key["cek"]) for title in TITLES for key in title["keys"]},
            "authenticator": bytes.fromhex(processes.authenticator.partition(",")[2]),
            "ASk": bytes.fromhex(held["ask"]),
            **{f"token key {name}": bytes.fromhex(key) for name, key in held["token_keys"].items()},
            **{f"SK {number}": contents.block.sk for number, contents in enumerate(sealed)},
        }
        self.places = {
            "log of the mock": processes.mock.log().encode(),
            "log of SEES": processes.sees.log().encode(),
            "recording": json.dumps(run.recording).encode(),
            **{f"journal {number}": answer.content for number, answer in enumerate(journals)},
            **{
                f"answer {number} to {what}": body
                for number, (what, body) in enumerate(responses)
                if not what.endswith("/_sim/provisioning")
            },
        }


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    """A run on processes of its own, so that their logs hold nothing else."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as monkeypatch, running_processes(state) as processes:
        yield Everything(processes, monkeypatch, state)


def test_no_secret_is_anywhere(everything: Everything) -> None:
    found = [
        f"{name} in {place}"
        for name, secret in everything.secrets.items()
        for spelling in spellings(secret)
        for place, content in everything.places.items()
        if spelling in content
    ]
    assert found == []


def test_the_logs_are_not_empty_and_name_no_query(everything: Everything) -> None:
    for place in ("log of the mock", "log of SEES"):
        log = everything.places[place].decode()
        assert log.count("\n") > 20
        assert "ExpressPlayToken=" not in log
        assert "customerAuthenticator=" not in log


def test_a_secret_would_be_found(everything: Everything) -> None:
    secret = everything.secrets["ASk"]
    for text in (secret.hex().encode(), base64.b64encode(b"xx" + secret + b"yy"), b"{" + secret + b"}"):
        assert any(spelling in text for spelling in spellings(secret))
