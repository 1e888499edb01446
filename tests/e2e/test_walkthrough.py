"""The walkthrough is what its recordings and templates make of it, and the recordings are what a run still is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from processes import Processes

from walkthrough.experiments import CHAPTERS, DEMO, EXPERIMENTS
from walkthrough.record.deployment import find_deployment
from walkthrough.record.recorded import Recording, all_steps
from walkthrough.record.run import run_binding

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "docs" / "recordings"
EDITIONS = ("en", "fr")
PAGES = ("walkthrough", "teaching", "glossary")
RENEW = "run scripts/walkthrough --record"


def load(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((RECORDINGS / name).read_text())
    return value


def shape_of(value: Any) -> Any:
    """Return which fields a value has, and their types: what a run shares with every other."""
    if isinstance(value, dict):
        return {name: shape_of(part) for name, part in value.items()}
    return [shape_of(part) for part in value] if isinstance(value, list) else type(value).__name__


@pytest.fixture(scope="module")
def again(processes: Processes) -> Recording:
    """The recorded run, run again: the same seed, another cookie, since this log may know the old one."""
    deployment = find_deployment(processes.sees.url, processes.mock.url)
    return run_binding(deployment, deployment.client("again"), deployment.name("again"), teach=True).recording


def test_both_editions_are_as_rendered() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "walkthrough"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (run.stdout, run.returncode) == ("", 0), "run scripts/walkthrough"


def test_a_new_run_has_the_recorded_steps(again: Recording) -> None:
    recorded = load("walkthrough.binding.json")
    for old, new in zip([recorded["prelude"], *recorded["steps"]], all_steps(again), strict=True):
        for name in ("n", "from", "to", "method", "status", "party", "ok", "knows"):
            assert new.get(name) == old.get(name), f"step {old['n']}: {RENEW}"
        for name in ("request", "response", "decision"):
            assert shape_of(new.get(name)) == shape_of(old.get(name)), f"step {old['n']}: {RENEW}"


def test_a_new_run_ends_as_recorded(again: Recording) -> None:
    recorded = load("walkthrough.binding.json")
    assert again["device"] == recorded["device"]
    assert again["playback"] == recorded["playback"]
    assert shape_of(again["log_after"]) == shape_of(recorded["log_after"])
    assert again["device_keys"].keys() == recorded["device_keys"].keys()


def test_the_recorded_scenarios_ended_as_they_should() -> None:
    # That a run ends so today is for test_demo.py, which runs them all.
    recorded = [(item["name"], item["actual"]) for item in load("walkthrough.binding.json")["scenarios"]]
    assert recorded == [(one.name, one.expected[one.decisive]) for one in DEMO], RENEW


def test_the_recorded_lab_ended_as_it_should() -> None:
    # That a run ends so today is for test_experiments.py, which runs every one.
    recorded = {item["id"]: tuple(one["outcome"] for one in item["tries"]) for item in load("lab.json")["items"]}
    assert recorded == {one.id: one.expected for one in EXPERIMENTS.values()}, RENEW


def test_the_chapters_are_in_both_editions() -> None:
    for edition in EDITIONS:
        template = (ROOT / "docs" / "templates" / f"walkthrough.{edition}.md").read_text()
        assert re.findall(r"\{\{ tries ([a-z-]+) \}\}", template) == [one.id for one in CHAPTERS]


@pytest.mark.parametrize("page", PAGES)
def test_both_editions_are_filled_with_the_same_blocks(page: str) -> None:
    def blocks(edition: str) -> list[str]:
        template = (ROOT / "docs" / "templates" / f"{page}.{edition}.md").read_text()
        return re.findall(r"\{\{ ([^}]+) \}\}", template)

    assert blocks("fr") == blocks("en")


@pytest.mark.parametrize("page", ["walkthrough.md", "fr/walkthrough.md"])
def test_all_that_the_token_was_asked_for_is_named_as_inside(page: str) -> None:
    asked = {step["n"]: step for step in load("walkthrough.binding.json")["steps"]}[9]["request"]
    names = set(asked) - {"customerAuthenticator", "errorFormat", "expirationTime"} | {"account", "expires"}
    [paragraph] = [text for text in (ROOT / "docs" / page).read_text().split("\n\n") if "`account`" in text]
    assert names <= set(re.findall(r"`(\w+)`", paragraph))


@pytest.mark.parametrize("page", PAGES)
def test_no_hole_is_left_open(page: str) -> None:
    for folder in ("", "fr"):
        assert "{{" not in (ROOT / "docs" / folder / f"{page}.md").read_text()


def test_the_demo_s_experiments_are_in_the_walkthrough() -> None:
    text = (ROOT / "docs" / "walkthrough.md").read_text()
    assert [one.name for one in DEMO if one.name not in text] == []
