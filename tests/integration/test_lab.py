"""Every item of the lab ends as its table says, against the real mock and SEES, and names code that exists."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_stage import real_stage

from emulator.errors import UnexpectedAnswer
from walkthrough.experiments.lab import LAB, LabItem, as_json, run_item
from walkthrough.record.stage import Stage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with real_stage() as stage:
        yield stage


@pytest.mark.parametrize("item", LAB, ids=lambda item: item.id)
def test_an_item_ends_as_predicted(item: LabItem, stage: Stage) -> None:
    result = run_item(item, stage)
    assert tuple(one.outcome for one in result.tries) == item.outcomes
    assert as_json(result)["ok"] is True


def test_an_item_can_be_run_again(stage: Stage) -> None:
    again = Stage(stage.sees, stage.expressplay, stage.web, stage.provisioning)
    assert run_item(LAB[2], stage).ok
    assert run_item(LAB[2], again).ok


def test_the_first_six_are_in_order() -> None:
    assert [item.id for item in LAB[:6]] == [
        "other-device",
        "cookie-stolen-before",
        "cookie-stolen-after",
        "flipped-bit",
        "replayed-spc",
        "signed-only",
    ]


@pytest.mark.parametrize("item", LAB, ids=lambda item: item.id)
def test_an_item_names_the_code_that_decided(item: LabItem) -> None:
    path, _, function = item.decided_by.partition(": ")
    tree = ast.parse((ROOT / path).read_text())
    assert function in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_an_expressplay_without_a_journal_is_named(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("walkthrough.experiments.lab_runs.collect", lambda *_: [])
    with pytest.raises(UnexpectedAnswer, match="without --no-sim"):
        run_item(LAB[2], stage)
