"""scripts/fuzz: counts what it tried, and refuses a target that it does not know."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IN_NODE = ("script-spc", "script-ckc") if shutil.which("node") else ()
FUZZ = [sys.executable, str(ROOT / "scripts" / "fuzz")]


def test_every_target_takes_a_round() -> None:
    run = subprocess.run([*FUZZ, "--seconds", "0.01"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert [line.partition(":")[0] for line in run.stdout.splitlines()] == [
        *("spc", "ckc", "token", "playlist", "inspect", "mock", "sees", "key-uri", "title", "catalog", "page"),
        *("free-play", "gallery", "inbox", "cors", "answers", "connection", *IN_NODE),
    ]
    assert all(line.endswith("50 inputs, nothing found") for line in run.stdout.splitlines())


def test_an_unknown_target() -> None:
    run = subprocess.run([*FUZZ, "cks"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 2
    assert "unknown target cks: choose from spc, ckc" in run.stderr
