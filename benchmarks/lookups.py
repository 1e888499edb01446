"""Part d: the transaction log as it grows: look-up by cookie and insert, the query plan, the disk per row."""

# ruff: noqa: S608 - SQL is put together here, from constants

import hashlib
import os
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figure, Goal, Line, Note, Say, median_ratio
from benchmarks.postgres import Postgres
from expressplay_mock.record import Row
from expressplay_mock.record_query import ByCookie
from expressplay_mock.transaction_log import TransactionLog

GROUP = "d. the log as it grows"
ACCOUNT = "1001"
BUSY_COOKIE = "busy"
PER_COOKIE = 4
"""Rows of an ordinary cookie: a registration and a few plays."""
BATCH = 20
ROW = Row(ACCOUNT, 1_700_000_000.0, "new", "ab" * 20, "film", True, 0, None, None)

# Rows as redemptions write them. Numbers stand in for random cookies and replay ids: hashed, they are as scattered.
_COLUMNS = "account, time, cookie, device_id, content_id, registration, result, cause, replay_id"
_FILL_SQLITE = (
    f"WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
    f"INSERT INTO events ({_COLUMNS}) SELECT '{ACCOUNT}', 1.7e9 + i, hashed(i / {PER_COOKIE}, 32), hashed(i, 40), "
    f"'e9a1c6c2-0001-4a00-8000-000000000001', i % {PER_COOKIE} = 0, 0, NULL, hashed(i, 64) FROM n"
)
_BUSY = (
    f"INSERT INTO events ({_COLUMNS}) SELECT '{ACCOUNT}', 1.7e9 + i, '{BUSY_COOKIE}', NULL, 'film', {{false}}, "
    "0, NULL, NULL FROM {series}"
)
_BUSY_SQLITE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) " + _BUSY.format(
    false="0", series="n"
)
_FILL_POSTGRESQL = (
    f"INSERT INTO events ({_COLUMNS}) SELECT '{ACCOUNT}', 1.7e9 + i, md5((i / {PER_COOKIE})::text), "
    f"md5(i::text) || '00000000', 'e9a1c6c2-0001-4a00-8000-000000000001', i % {PER_COOKIE} = 0, 0, NULL, "
    "md5(i::text) || md5('x' || i::text) FROM generate_series({first}::bigint, {last}::bigint) AS i"
)
_BY_COOKIE = (
    f"SELECT * FROM events WHERE account = '{ACCOUNT}' AND cookie = 'c' AND result = 0 ORDER BY event_id DESC LIMIT 32"
)


def measure_lookups(directory: Path, postgres: Postgres, sizes: list[int], rounds: int, say: Say) -> list[Line]:
    """Make logs of these sizes and ask them in turns; the last of `sizes` is compared with the first."""
    return [
        *_measure_sqlite(directory, sizes, rounds, say),
        *_measure_postgres(postgres, sizes, rounds, say),
    ]


def _measure_sqlite(directory: Path, sizes: list[int], rounds: int, say: Say) -> list[Line]:
    logs = {}
    for size in sizes:
        say(f"d. SQLite: {size:,} rows")
        path = directory / f"{size}.db"
        logs[size] = TransactionLog(f"sqlite:///{path}")
        with sqlite3.connect(path) as connection:
            connection.create_function("hashed", 2, _hashed, deterministic=True)
            connection.execute(_FILL_SQLITE, (0, size))
            connection.execute(_BUSY_SQLITE, (_busy_rows(size),))
            plan = connection.execute(f"EXPLAIN QUERY PLAN {_BY_COOKIE}").fetchall()[0][3]
        connection.close()
        disk = path.stat().st_size / (size + _busy_rows(size))
    lines = _compare("SQLite", logs, rounds, lambda number: _hashed(number, 32), say)
    return [*lines, Figure(GROUP, "SQLite: disk per row", disk, "bytes"), Note(GROUP, "SQLite: query plan", plan)]


def _measure_postgres(postgres: Postgres, sizes: list[int], rounds: int, say: Say) -> list[Line]:
    logs = {}
    for size in sizes:
        say(f"d. PostgreSQL: {size:,} rows")
        url = postgres.new_database()
        logs[size] = TransactionLog(url)
        postgres.execute(_FILL_POSTGRESQL.format(first=0, last=size - 1), url)
        busy = f"generate_series(1, {_busy_rows(size)}) AS i"
        postgres.execute(_BUSY.format(false="false", series=busy), url)
        postgres.execute("VACUUM ANALYZE events", url)
        disk = int(str(postgres.execute("SELECT pg_total_relation_size('events')", url)[0][0])) / (
            size + _busy_rows(size)
        )
        plan = " ".join(str(row[0]).strip() for row in postgres.execute(f"EXPLAIN (COSTS OFF) {_BY_COOKIE}", url))
    lines = _compare("PostgreSQL", logs, rounds, lambda n: hashlib.md5(str(n).encode()).hexdigest(), say)  # noqa: S324
    return [
        *lines,
        Figure(GROUP, "PostgreSQL: disk per row", disk, "bytes"),
        Note(GROUP, "PostgreSQL: query plan", plan),
    ]


def _compare(
    engine: str, logs: dict[int, TransactionLog], rounds: int, cookie: Callable[[int], str], say: Say
) -> list[Line]:
    chance = random.Random(0)  # noqa: S311 - the same questions in every run
    found: dict[int, list[float]] = {size: [] for size in logs}
    written: dict[int, list[float]] = {size: [] for size in logs}
    for number in range(rounds):
        say(f"d. {engine}: round {number + 1} of {rounds}")
        for size, log in logs.items():
            asked = [ByCookie(cookie(chance.randrange(size // PER_COOKIE))) for _ in range(BATCH)]
            rows = [replace(ROW, replay_id=os.urandom(32).hex()) for _ in range(BATCH)]
            found[size].append(_seconds(partial(log.find, ACCOUNT), asked))
            written[size].append(_seconds(log.append, rows))
    smallest, largest = min(logs), max(logs)
    busy = [ByCookie(BUSY_COOKIE)] * BATCH
    busy_took = median(_seconds(partial(logs[largest].find, ACCOUNT), busy) for _ in range(rounds))
    for log in logs.values():
        log.close()
    growth = f"{largest:,} rows / {smallest:,}"
    goal = Goal(1.5, 1.2, more_is_better=False)
    return [
        *(Figure(GROUP, f"{engine}: look-up, {size:,} rows", median(found[size]) * 1e6, "µs") for size in logs),
        Figure(GROUP, f"{engine}: look-up, {growth}", median_ratio(found[largest], found[smallest]), "×", goal),
        *(Figure(GROUP, f"{engine}: insert, {size:,} rows", median(written[size]) * 1e6, "µs") for size in logs),
        Figure(GROUP, f"{engine}: look-up of a cookie with {_busy_rows(largest):,} rows", busy_took * 1e6, "µs"),
    ]


def _seconds(call: Callable[[Any], object], arguments: Sequence[object]) -> float:
    begin = time.perf_counter()
    for argument in arguments:
        call(argument)
    return (time.perf_counter() - begin) / len(arguments)


def _busy_rows(size: int) -> int:
    return min(100_000, size // 10)


def _hashed(number: int, length: int) -> str:
    """Return a hexadecimal text for a number, scattered, and different for each number."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}".ljust(length, "0")
