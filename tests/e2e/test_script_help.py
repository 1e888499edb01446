"""`--help` of the two scripts of every day: what they do, in the first lines, and nothing is run."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def help_of(script: str) -> str:
    command = [sys.executable, f"{ROOT}/scripts/{script}", "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout


def test_check_says_what_it_does() -> None:
    assert "ruff and mypy strict over the whole project" in help_of("check")


def test_test_says_what_it_does_before_pytest_does() -> None:
    own, _, of_pytest = help_of("test").partition("usage: ")
    assert own.startswith("scripts/test: Run all tests")
    assert "pytest" in of_pytest
