"""A log in SQLite whose files were removed, replaced or cut acknowledges nothing; a checkpoint is no harm.

Nor does such a log harm rows when its process ends.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from rows import ROW

from expressplay_mock.record_query import Recent
from expressplay_mock.transaction_log import LogUnavailable, TransactionLog
from hosting.process import running_program

SUPPORT = Path(__file__).resolve().parents[2] / "support"


def remove_directory(path: Path) -> None:
    shutil.rmtree(path.parent)


def remove_database(path: Path) -> None:
    path.unlink()


def remove_wal(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def replace_database(path: Path) -> None:
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(path)


def cut_database(path: Path) -> None:
    os.truncate(path, 0)


def cut_wal(path: Path) -> None:
    os.truncate(path.with_name(f"{path.name}-wal"), 0)


def cut_wal_in_half(path: Path) -> None:
    wal = path.with_name(f"{path.name}-wal")
    os.truncate(wal, wal.stat().st_size // 2)


def cut_wal_to_its_first_bytes(path: Path) -> None:
    os.truncate(path.with_name(f"{path.name}-wal"), 3)


def cut_the_last_byte_of_wal(path: Path) -> None:
    wal = path.with_name(f"{path.name}-wal")
    os.truncate(wal, wal.stat().st_size - 1)


def remove_index(path: Path) -> None:
    path.with_name(f"{path.name}-shm").unlink()


def replace_index(path: Path) -> None:
    index = path.with_name(f"{path.name}-shm")
    shutil.copy(index, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(index)


def replace_wal(path: Path) -> None:
    wal = path.with_name(f"{path.name}-wal")
    shutil.copy(wal, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(wal)


@pytest.mark.parametrize(
    "harm",
    [
        remove_directory,
        remove_database,
        remove_wal,
        remove_index,
        replace_database,
        replace_index,
        replace_wal,
        cut_database,
        cut_wal,
        cut_wal_in_half,
        cut_wal_to_its_first_bytes,
        cut_the_last_byte_of_wal,
    ],
)
def test_a_log_that_is_not_there_any_more_acknowledges_nothing(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path = tmp_path / "state" / "log.db"
    path.parent.mkdir()
    log = TransactionLog(f"sqlite:///{path}")
    log.append(ROW)
    log.check()
    harm(path)
    for action in (lambda: log.append(ROW), log.check, lambda: log.find("1001", Recent()), log.clear) * 2:
        with pytest.raises(LogUnavailable, match=r"while it was open|was cut|malformed|not a database"):
            action()
    log.close()


def test_a_cut_of_what_another_process_wrote_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    wal = path.with_name("log.db-wal")
    one, other = (TransactionLog(f"sqlite:///{path}") for _ in range(2))
    one.append(ROW)
    seen_by_one = wal.stat().st_size
    other.append(ROW)
    assert wal.stat().st_size > seen_by_one
    os.truncate(wal, seen_by_one)
    for log in (one, other):
        with pytest.raises(LogUnavailable, match="was cut"):
            log.append(ROW)
    assert wal.stat().st_size == seen_by_one
    one.close()
    other.close()


@pytest.mark.parametrize("mode", ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
def test_a_checkpoint_from_outside_is_no_harm(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    for rows in range(1, 4):
        log.append(ROW)
        with closing(sqlite3.connect(path)) as reader:
            assert reader.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[0] == 0
            assert reader.execute("SELECT count(*) FROM events").fetchone() == (rows,)
        log.check()
        assert len(log.find("1001", Recent())) == rows
    log.close()


def test_a_log_that_began_anew_many_times_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    wal = path.with_name("log.db-wal")
    rows = 1500  # SQLite makes a checkpoint each 1000 pages, and a row takes some
    for _ in range(rows):
        last = log.append(ROW)
    assert last.event_id == rows
    assert wal.stat().st_size < rows * 4096
    log.check()
    log.close()


ANOTHER_PROCESS = """
import sys
from rows import ROW
from expressplay_mock.transaction_log import LogUnavailable, TransactionLog
log = TransactionLog(sys.argv[1])
for _ in range(int(sys.argv[2])):
    log.append(ROW)
print("written", flush=True)
sys.stdin.readline()
try:
    log.append(ROW)
except LogUnavailable:
    print("refused")
"""


@pytest.mark.parametrize(
    ("harm", "before", "after"),
    [
        (remove_index, 20, 20),
        (remove_index, 20, 400),  # SQLite begins its log anew: what the other one would copy is something else by now
        (replace_index, 20, 20),
        (replace_wal, 400, 20),  # the log began anew before: so many rows are in the database, that the new one starts
        (remove_wal, 20, 0),
    ],
)
def test_a_process_that_refuses_harms_no_row_when_it_ends(
    tmp_path: Path, harm: Callable[[Path], None], before: int, after: int
) -> None:
    path = tmp_path / "log.db"
    url = f"sqlite:///{path}"
    arguments = [sys.executable, "-c", ANOTHER_PROCESS, url, str(before)]
    where = os.environ | {"PYTHONPATH": str(SUPPORT)}
    with running_program(arguments, env=where, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "written\n"
        harm(path)
        if after:
            log = TransactionLog(url)
            for _ in range(after):
                log.append(ROW)
            log.close()
        assert other.communicate("end")[0] == "refused\n"
    assert other.returncode == 0
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (before + after,)
