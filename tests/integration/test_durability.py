"""Kill -9 under load: what was acknowledged is in the log, and the service heals by itself."""

import sqlite3
from pathlib import Path

from benchmarks.crash import LOG_UNAVAILABLE, kill_the_database, kill_the_mock, lost
from benchmarks.postgres import Postgres

KILLS = 10


def test_nothing_acknowledged_is_lost_when_the_mock_is_killed(tmp_path: Path) -> None:
    clients = kill_the_mock(tmp_path, None, KILLS)
    path = tmp_path / "transactions.db"
    assert len(clients.acknowledged) > KILLS
    assert not clients.refused
    assert clients.broken > 0
    assert lost(clients, tmp_path, f"sqlite:///{path}") == []
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ids = [event_id for (event_id,) in connection.execute("SELECT event_id FROM events")]
    connection.close()
    assert len(ids) == len(set(ids))


def test_nothing_acknowledged_is_lost_when_postgresql_is_killed(tmp_path: Path, postgres: Postgres) -> None:
    database = postgres.new_database()
    clients = kill_the_database(tmp_path, postgres, database, kills=2)
    assert set(clients.refused) == {LOG_UNAVAILABLE}
    assert lost(clients, tmp_path, database) == []
