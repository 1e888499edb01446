"""The set-up of the environment, in a directory where it cannot be made."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_directory_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/_environment.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv.lock").mkdir()  # in place of missing permissions, which root does not miss
    command = [sys.executable, "-c", "import _environment; _environment.ensure()"]
    result = subprocess.run(command, cwd=tmp_path / "scripts", capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert str(tmp_path / ".venv.lock") in result.stderr
    assert "make that directory writable" in result.stderr
