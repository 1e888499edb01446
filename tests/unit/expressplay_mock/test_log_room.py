"""A log on a full disk, or in a directory that takes no new file: its check tells whether a row can be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).resolve().parents[2] / "support"

FULL_DISK = """
import resource, sys
from expressplay_mock.transaction_log import LogUnavailable, TransactionLog
log = TransactionLog(f"sqlite:///{sys.argv[1]}/log.db")
log.check()
size = __import__("os").stat(f"{sys.argv[1]}/log.db-wal").st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    log.check()
except LogUnavailable as error:
    print("unavailable", error)
"""


def test_the_check_notices_that_nothing_can_be_written(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=False)
    assert run.stdout.startswith("unavailable transaction log"), run.stderr


NEARLY_FULL_DISK = """
import itertools, os, resource, sys
from rows import ROW
from expressplay_mock.transaction_log import LogUnavailable, TransactionLog
log = TransactionLog(f"sqlite:///{sys.argv[1]}/log.db")
log.append(ROW)
size = os.stat(f"{sys.argv[1]}/log.db-wal").st_size + int(sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
try:
    for rows in itertools.count():
        log.append(ROW)
except LogUnavailable:
    print("rows", rows)
for _ in range(8):
    try:
        log.check()
        print("available")
    except LogUnavailable as error:
        print("unavailable", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
log.check()
log.append(ROW)
print("written again")
"""


@pytest.mark.parametrize("pages", range(6))
def test_no_check_succeeds_where_a_row_could_not_be_written(tmp_path: Path, pages: int) -> None:
    left = str(50_000 + pages * 4120)  # so that the row that fails leaves room for another number of pages each time
    run = subprocess.run(
        [sys.executable, "-c", NEARLY_FULL_DISK, str(tmp_path), left],
        env=os.environ | {"PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        check=True,
    )
    rows, *checks, last = run.stdout.splitlines()
    assert rows.startswith("rows ")
    assert len(checks) == 8
    assert all(check.startswith("unavailable transaction log") for check in checks), checks
    assert last == "written again"


NO_NEW_FILES = """
import os, tempfile
from rows import ROW
from expressplay_mock.transaction_log import TransactionLog
with tempfile.TemporaryDirectory() as folder:
    log = TransactionLog(f"sqlite:///{folder}/log.db")
    log.append(ROW)
    os.chmod(folder, 0o555)
    root = os.geteuid() == 0
    if root:  # who may write everywhere
        os.seteuid(65534)
    if os.access(folder, os.X_OK, effective_ids=True):
        log.append(ROW)
        log.check()
        print("available")
    if root:
        os.seteuid(0)
    os.chmod(folder, 0o755)
"""


def test_a_log_that_is_written_is_available_where_its_directory_takes_no_new_file() -> None:
    run = subprocess.run(
        [sys.executable, "-c", NO_NEW_FILES],
        env=os.environ | {"PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        check=True,
    )
    if not run.stdout:
        pytest.skip("nobody else may enter this machine's directory for temporary files")
    assert run.stdout == "available\n"
