"""Files that hold more than a message or recording can: refused in one line, before there is work that grows."""

import base64
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from emulator.cli import main
from walkthrough.record.inspection import MAX_MESSAGE
from walkthrough.record.recorded import FORMAT
from walkthrough.record.recording_file import MAX_STEPS

PEAK = 40 * 1024 * 1024
"""Bytes that may be held at once: a few times the file, and far less than its values or its bytes explained take."""


def recording(steps: list[dict[str, Any]]) -> bytes:
    return json.dumps({"format": FORMAT, "version": 1, "steps": steps}).encode()


def message(size: int) -> str:
    return base64.b64encode(b"\0\0\0\1SIM1".ljust(size, b"\0")).decode()


MANY_STEPS = recording([{}] * (MAX_STEPS + 1))
MANY_VALUES = b'{"format": "binding-recording", "steps": [' + b"{}," * 1_200_000 + b"{}]}"
LONG_CKC = recording([{"n": 13, "response": {"ckc": message(2_500_000)}}])
LONG_HEX = recording([{"n": 11, "request": {"spc": "00" * (MAX_MESSAGE + 1)}}])
AS_LONG_AS_CAN_BE = recording([{"n": 13, "response": {"ckc": message(MAX_MESSAGE)}}] * 3 + [{}] * (MAX_STEPS - 3))


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (["inspect", "FILE"], MANY_STEPS),
        (["inspect", "FILE"], MANY_VALUES),
        (["inspect", "FILE", "--json"], LONG_CKC),
        (["inspect", "FILE"], LONG_HEX),
        (["inspect", "FILE"], b"\0\0\0\1SIM1" + bytes(MAX_MESSAGE)),
        (["inspect", "FILE"], message(1_000_000).encode()),
        (["show", "FILE"], MANY_STEPS),
        (["show", "FILE"], MANY_VALUES),
        (["replay", "FILE", "--sees", "http://127.0.0.1:1"], MANY_STEPS),
        (["replay", "FILE", "--sees", "http://127.0.0.1:1"], MANY_VALUES),
    ],
)
def test_what_is_too_long_is_refused_in_one_line(command: list[str], data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "long.json"
    command = [str(file) if part == "FILE" else part for part in command]
    file.write_bytes(b"{}")
    CliRunner().invoke(main, command)  # what it imports is no part of it
    file.write_bytes(data)
    tracemalloc.start()
    try:
        result = CliRunner().invoke(main, command)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert "at most" in result.output
    assert peak < PEAK


def test_what_is_as_long_as_can_be_is_inspected() -> None:
    result = CliRunner().invoke(main, ["inspect", "-", "--json"], input=AS_LONG_AS_CAN_BE)
    assert [one["size"] for one in json.loads(result.output)] == [MAX_MESSAGE] * 3
