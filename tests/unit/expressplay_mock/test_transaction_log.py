"""The transaction log, the same on every engine: append-only, one license per SPC, every account its own records."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from rows import ROW

from benchmarks.postgres import Postgres
from expressplay_mock.record import Record
from expressplay_mock.record_query import ByCookie, ById, Recent, Window
from expressplay_mock.transaction_log import MEMORY, LogUnavailable, Replayed, TransactionLog

SUPPORT = Path(__file__).resolve().parents[2] / "support"
REFUSED = replace(ROW, registration=False, result=-4001, cause=-42589, device_id=None, content_id=None)


def new_database(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if engine == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.new_database()
    return MEMORY if engine == "memory" else f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture(params=["file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_database(request.param, request, tmp_path)


@pytest.fixture(params=["memory", "file", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TransactionLog]:
    made = TransactionLog(new_database(request.param, request, tmp_path))
    yield made
    made.close()


def ids(records: list[Record]) -> list[int]:
    return [record.event_id for record in records]


def test_what_is_appended_is_found(log: TransactionLog) -> None:
    first, second = log.append(ROW), log.append(REFUSED)
    assert first.event_id < second.event_id
    assert log.find("1001", Recent()) == [second, first]
    assert log.find("1001", ById(first.event_id)) == [Record(first.event_id, ROW)]


def test_the_most_recent_are_32(log: TransactionLog) -> None:
    written = [log.append(ROW).event_id for _ in range(40)]
    assert ids(log.find("1001", Recent())) == written[:7:-1]
    assert ids(log.find("1001", ByCookie("viewer-7"))) == written[:7:-1]


def test_by_cookie_there_are_issued_records_only(log: TransactionLog) -> None:
    issued = log.append(ROW)
    for _ in range(40):
        log.append(REFUSED)
    log.append(replace(ROW, cookie="VIEWER-7"))
    log.append(replace(ROW, cookie=None))
    assert log.find("1001", ByCookie("viewer-7")) == [issued]
    assert log.find("1001", ByCookie("nobody")) == []


def test_a_window_counts_from_the_newest(log: TransactionLog) -> None:
    written = [log.append(ROW).event_id for _ in range(10)][::-1]
    assert ids(log.find("1001", Window(0, 3))) == written[:3]
    assert ids(log.find("1001", Window(8, 200))) == written[8:]
    assert log.find("1001", Window(10**18 - 1, 200)) == []


def test_an_account_sees_its_own_records_only(log: TransactionLog) -> None:
    record = log.append(ROW)
    for query in (Recent(), ByCookie("viewer-7"), ById(record.event_id), Window(0, 10)):
        assert log.find("1001", query) == [record]
        assert log.find("1002", query) == []


def test_one_spc_gets_one_license(log: TransactionLog) -> None:
    spc = "0" * 64
    log.append(replace(REFUSED, replay_id=spc))
    log.append(replace(ROW, replay_id=spc))
    with pytest.raises(Replayed):
        log.append(replace(ROW, account="1002", replay_id=spc))
    log.append(replace(REFUSED, replay_id=spc))
    log.append(replace(ROW, replay_id="1" * 64))
    assert len(log.find("1001", Recent())) == 4


def test_of_many_at_once_one_gets_the_license(log: TransactionLog) -> None:
    def try_it(_: int) -> bool:
        try:
            log.append(replace(ROW, replay_id="2" * 64))
        except Replayed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(24))) == 1
    assert len(log.find("1001", Recent())) == 1


def test_ids_are_unique_and_increasing_whoever_writes(log: TransactionLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda _: log.append(ROW).event_id, range(64)))
    assert len(set(written)) == 64
    assert log.append(ROW).event_id > max(written)


def test_clearing_starts_no_number_again(log: TransactionLog) -> None:
    last = log.append(ROW).event_id
    log.clear()
    assert log.find("1001", Recent()) == []
    assert log.append(ROW).event_id > last


@pytest.mark.parametrize("cookie", ["'; DROP TABLE events; --", "ünï 🍪", "\x7f\x01", "x" * 32])
def test_any_cookie_comes_back_as_it_was(log: TransactionLog, cookie: str) -> None:
    record = log.append(replace(ROW, cookie=cookie))
    assert log.find("1001", ByCookie(cookie)) == [record]


def test_rows_survive_a_restart(url: str) -> None:
    before = TransactionLog(url)
    record = before.append(ROW)
    before.close()
    after = TransactionLog(url)
    assert after.find("1001", Recent()) == [record]
    assert after.append(ROW).event_id > record.event_id
    after.close()


def test_logs_on_one_database_are_one_log(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        logs = list(pool.map(lambda _: TransactionLog(url), range(4)))
    record = logs[0].append(replace(ROW, replay_id="3" * 64))
    assert all(log.find("1001", Recent()) == [record] for log in logs)
    with pytest.raises(Replayed):
        logs[1].append(replace(ROW, replay_id="3" * 64))
    for log in logs:
        log.close()


def test_the_file_is_in_wal_and_keeps_no_key(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    log.append(ROW)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        columns = [column for _, column, *_ in connection.execute("PRAGMA table_info(events)")]
        plan = str(
            connection.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM events WHERE account = '1' AND cookie = 'c' AND result = 0 "
                "ORDER BY event_id DESC LIMIT 32"
            ).fetchall()
        )
    connection.close()
    log.close()
    assert columns == [
        *("event_id", "account", "time", "cookie", "device_id", "content_id"),
        *("registration", "result", "cause", "replay_id"),
    ]
    assert "events_by_cookie" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(("version", "who"), [(1, "An older release"), (3, "A newer release")])
def test_a_log_of_another_release_is_refused(tmp_path: Path, version: int, who: str) -> None:
    path = tmp_path / "log.db"
    TransactionLog(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schema_version SET version = ?", [version])
    connection.close()
    with pytest.raises(LogUnavailable, match=rf"expected schema version 2, found {version}. {who} made it"):
        TransactionLog(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("no url", "expected a URL"),
        ("", "expected a URL"),
        ("nosuchdatabase://localhost/x", "nosuchdatabase"),
        ("sqlite:////nowhere/at/all.db", "unable to open"),
        ("sqlite:///file:nowhere.db?mode=ro&uri=true", "unable to open"),
        ("postgresql+nosuchdriver://user:hunter2@127.0.0.1:1/x", "postgresql+nosuchdriver"),
        ("postgresql+psycopg://user:hunter2@127.0.0.1:port/x", "a number as port"),
        ("postgresql+psycopg://user@127.0.0.1:1/x?password=hunter2&sslpassword=hunter2", "transaction log"),
        ("postgresql+psycopg://user@127.0.0.1:1/x?nosuchoption=1&password=hunter2", "transaction log"),
    ],
)
def test_a_log_that_cannot_be_opened_is_one_line_without_a_password(url: str, word: str) -> None:
    with pytest.raises(LogUnavailable) as caught:
        TransactionLog(url)
    text = str(caught.value)
    assert word in text
    assert "hunter2" not in text
    assert len(text.splitlines()) == 1


def test_a_log_that_breaks_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    log.check()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE events")
    connection.close()
    for action in (log.check, lambda: log.append(ROW), lambda: log.find("1001", Recent()), log.clear):
        with pytest.raises(LogUnavailable, match="no such table"):
            action()
    log.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(b"not a database, but longer than a header would be" * 30)
    with pytest.raises(LogUnavailable, match="not a database"):
        TransactionLog(f"sqlite:///{path}")


def test_whoever_waits_behind_a_writer_waits_with_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expressplay_mock.transaction_log.TIMEOUT", 0.3)
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def refusal(_: int) -> str:
        with pytest.raises(LogUnavailable) as caught:
            log.append(ROW)
        return str(caught.value).partition("log.db: ")[2]

    with ThreadPoolExecutor(4) as pool:
        said = set(pool.map(refusal, range(4)))
    assert said <= {"database is locked", "no turn to write within 0.3 s"}
    other.execute("ROLLBACK")
    other.close()
    assert log.append(ROW).row == ROW
    log.close()


def test_the_turn_and_the_lock_share_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("expressplay_mock.transaction_log.TIMEOUT", 60)
    path = tmp_path / "log.db"
    log = TransactionLog(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    looks = iter((0.0, 59.9))  # a turn that came late
    monkeypatch.setattr("expressplay_mock.transaction_log.time", SimpleNamespace(monotonic=lambda: next(looks)))
    began = time.monotonic()
    with pytest.raises(LogUnavailable, match="locked"):
        log.append(ROW)
    assert time.monotonic() - began < 30
    other.close()
    log.close()


def test_a_log_in_sqlite_imports_nothing_of_other_engines() -> None:
    code = (
        "import sys; from expressplay_mock.transaction_log import MEMORY, TransactionLog\n"
        "TransactionLog(MEMORY)\n"
        "assert not [name for name in sys.modules if 'postgresql' in name or 'psycopg' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
