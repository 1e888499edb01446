"""Kill -9 under load: what was acknowledged is in the log, and the service heals by itself."""

import sqlite3
from pathlib import Path

from benchmarks.crash import LOG_UNAVAILABLE, Clients, clients_of, kill_the_database, kill_the_mock, lost
from benchmarks.postgres import Postgres
from benchmarks.services import start_mock
from benchmarks.workload import workload_of

KILLS = 10


def test_nothing_acknowledged_is_lost_when_the_mock_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "transactions.db"
    clients = kill_the_mock(tmp_path, f"sqlite:///{path}", KILLS)
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


def test_nothing_acknowledged_is_lost_when_a_mock_that_refuses_is_ended(tmp_path: Path) -> None:
    workload = workload_of(tmp_path)

    def register(url: str) -> Clients:
        with clients_of(url, workload) as clients:
            clients.wait_for_more(8)
        return clients

    with start_mock(tmp_path, "--workers=1") as old:
        before = register(old.url)
        (tmp_path / "transactions.db-shm").unlink()
        with start_mock(tmp_path, "--workers=1") as new:
            after = register(new.url)
        assert new.process.returncode == 0
    assert old.process.returncode == 0
    for clients in (before, after):
        assert lost(clients, tmp_path, f"sqlite:///{tmp_path / 'transactions.db'}") == []
