"""Every experiment ends as it says, against the real mock and SEES, and names code that exists."""

import ast
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from emulator.binding import play, register
from emulator.errors import NoAnswer
from emulator.parties import EXPRESSPLAY
from walkthrough.experiments import DEMO, EXPERIMENTS, FAMILIES, Experiment, as_json, as_scenario, run_experiment
from walkthrough.experiments.actions import PLAYED, watched
from walkthrough.record.deployment import Deployment, clock_ahead

ROOT = Path(__file__).resolve().parents[2]
ALL = tuple(EXPERIMENTS.values())
EARLY = EXPERIMENTS["play-before-registering"]


def test_no_two_share_an_id_or_a_name() -> None:
    assert len(ALL) == sum(map(len, FAMILIES.values()))
    assert len({one.name for one in ALL}) == len(ALL)
    assert len({one.run for one in ALL}) == len(ALL)


@pytest.mark.parametrize("experiment", ALL, ids=lambda one: one.id)
def test_an_experiment_ends_as_expected(experiment: Experiment, deployment: Deployment) -> None:
    result = run_experiment(experiment, deployment)
    assert result.outcomes == experiment.expected
    assert as_json(result)["ok"] is True
    assert result.in_short == (experiment.expected[experiment.decisive],) * 2


@pytest.mark.parametrize("experiment", ALL, ids=lambda one: one.id)
def test_an_experiment_asks_a_question_with_one_right_answer(experiment: Experiment) -> None:
    assert experiment.question.endswith("?")
    assert len(set(experiment.choices)) == len(experiment.choices) >= 3
    assert 0 <= experiment.right < len(experiment.choices)


def test_an_experiment_can_be_run_again(deployment: Deployment) -> None:
    again = deployment.anew()
    assert run_experiment(EXPERIMENTS["cookie-stolen-after"], deployment).ok
    assert run_experiment(EXPERIMENTS["cookie-stolen-after"], again).ok


def test_the_beginning_of_a_film_tells_a_wrong_key_from_the_right_one(deployment: Deployment) -> None:
    client, cookie = deployment.client("beginning"), deployment.name("beginning")
    register(client, cookie, deployment.dummy)
    grants = play(client, cookie, deployment.film)
    license = grants[0].license
    wrong = replace(license, content=replace(license.content, key=bytes(16)))
    assert watched(client, grants) == PLAYED
    assert "The key does not fit the video track" in watched(client, [replace(grants[0], license=wrong)])


def test_a_window_of_plays_is_enough_to_find_out_a_sees_whose_plays_count(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.entitlement.play_cookie", lambda cookie: cookie)
    result = run_experiment(EXPERIMENTS["many-plays"], deployment)
    assert result.outcomes[0] == result.experiment.expected[0]
    assert "6 device not registered" in result.outcomes[-1]


def test_an_experiment_that_comes_out_otherwise_is_not_ok(deployment: Deployment) -> None:
    result = run_experiment(replace(EARLY, expected=("something else",)), deployment)
    assert as_scenario(result) == {
        "name": EARLY.name,
        "expected": "something else",
        "actual": "SEES: 6 device not registered",
        "ok": False,
    }


def test_in_short_the_first_difference_is_told(deployment: Deployment) -> None:
    stolen = EXPERIMENTS["cookie-stolen-before"]
    wrong = replace(stolen, expected=(stolen.expected[0], "nothing", stolen.expected[2]))
    assert run_experiment(wrong, deployment).in_short == ("nothing", "license issued")


@pytest.mark.parametrize("experiment", ALL, ids=lambda one: one.id)
def test_an_experiment_names_the_code_that_decides(experiment: Experiment) -> None:
    path, _, function = experiment.decided_by.partition(": ")
    tree = ast.parse((ROOT / path).read_text())
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_an_expressplay_without_a_journal_is_named(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkthrough.experiments.actions.collect", lambda *_: [])
    result = run_experiment(EXPERIMENTS["cookie-stolen-after"], deployment)
    assert not result.ok
    assert "without --no-sim" in result.outcomes[-1]


def test_a_service_that_is_gone_ends_the_experiments(deployment: Deployment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(NoAnswer):
        run_experiment(EARLY, replace(deployment, sees=nowhere))


def test_the_clock_is_as_before_after_the_expired_token(deployment: Deployment) -> None:
    def shift() -> float:
        url = f"{deployment.expressplay}/_sim/clock"
        offset: float = deployment.web.ask(EXPRESSPLAY, "GET", url).json_object("a clock")["offset"]
        return offset

    with clock_ahead(deployment.web, deployment.expressplay, 100):
        assert shift() == 100
        with clock_ahead(deployment.web, deployment.expressplay, 1000):
            assert shift() == 1100
        assert shift() == 100
        assert run_experiment(EXPERIMENTS["expired-token"], deployment).ok
        assert shift() == 100
    assert shift() == 0


def test_the_demo_runs_each_once() -> None:
    assert len(set(DEMO)) == len(DEMO) >= 13
