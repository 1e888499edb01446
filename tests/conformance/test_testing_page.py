"""docs/testing.md: its Python runs, and its table is the list of checks. (Its commands: tests/e2e/test_docs.py.)"""

import re
import subprocess
import sys
from pathlib import Path

from sees_testing.conform import runner  # noqa: F401 - for the checks that it imports
from sees_testing.conform.model import CHECKS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text()


def test_its_python_runs(tmp_path: Path) -> None:
    conftest, tests = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    (tmp_path / "conftest.py").write_text(conftest)
    (tmp_path / "test_page.py").write_text(tests)
    (tmp_path / "own_sees.py").symlink_to(ROOT / "examples" / "own-sees" / "own_sees.py")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "3 passed" in result.stdout, result.stdout + result.stderr


def test_its_table_lists_the_checks() -> None:
    rows = [f"| {c.number} | {c.title} | {c.sentence} | {c.origin.value} |" for _, c in sorted(CHECKS.items())]
    assert PAGE.endswith("\n" + "\n".join(rows) + "\n")
