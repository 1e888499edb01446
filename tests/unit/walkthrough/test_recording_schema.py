"""docs/recording.schema.json: the committed recordings keep to it, and it notices what does not."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

DOCS = Path(__file__).resolve().parents[3] / "docs"
SCHEMA = Draft202012Validator(json.loads((DOCS / "recording.schema.json").read_text()), validate_formats=True)
FILES = sorted((DOCS / "recordings").rglob("*.binding.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.split(".")[0])
def test_committed_recordings_fit(file: Path) -> None:
    SCHEMA.validate(json.loads(file.read_text()))


def without(*path: Any) -> Callable[[Any], None]:
    def change(recording: Any) -> None:
        for name in path[:-1]:
            recording = recording[name]
        del recording[path[-1]]

    return change


def set_to(value: Any, *path: Any) -> Callable[[Any], None]:
    def change(recording: Any) -> None:
        for name in path[:-1]:
            recording = recording[name]
        recording[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        without("format"),
        without("log_after"),
        without("steps", 0, "knows"),
        without("steps", 0, "url"),
        set_to(2, "version"),
        set_to("yesterday", "made"),
        set_to("AB" * 20, "device", "device_id"),
        set_to("x", "surprise"),
        set_to(14, "steps", 0, "n"),
        set_to(True, "steps", 0, "n"),
        set_to(1, "steps", 0, "round"),
        set_to("Mallory", "steps", 0, "from"),
        set_to("http://x/?token=1", "steps", 0, "url"),
        set_to("sees", "steps", 0, "party"),
        set_to(3, "client", "spc_version"),
        set_to("maybe", "playback", "tracks", 0, "verdict"),
        set_to({"step 4": {"sk": "zz"}}, "device_keys"),
        set_to({"step 5": {}}, "device_keys"),
        set_to([{"name": "x"}], "scenarios"),
        set_to("1", "log_after", 0, "event_id"),
    ],
)
def test_what_does_not_fit_is_noticed(change: Callable[[Any], None]) -> None:
    recording = json.loads((DOCS / "recordings" / "bound-play.binding.json").read_text())
    other = copy.deepcopy(recording)
    change(other)
    assert SCHEMA.is_valid(recording)
    assert not SCHEMA.is_valid(other)
