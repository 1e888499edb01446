"""Kill -9 under load, then look: was anything lost that had been acknowledged?

Clients register one cookie after the other; a cookie counts as acknowledged when its CKC has arrived whole. After
the last kill the log is read: every acknowledged cookie must be there as a registration.
"""

import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.postgres import Postgres
from benchmarks.services import start_mock
from benchmarks.workload import Answer, Connection, Workload, workload_of
from expressplay_mock.record_query import ByCookie
from expressplay_mock.transaction_log import TransactionLog

CLIENTS = 4
WORKERS = "--workers=2"
PATIENCE = 60.0
"""Seconds until acknowledgements must have gone on after a kill."""
LOG_UNAVAILABLE = (503, -2030)


@dataclass
class Clients:
    """Several clients that register new cookies until they are stopped."""

    acknowledged: list[str] = field(default_factory=list)
    refused: Counter[tuple[int, int]] = field(default_factory=Counter)
    """Answers other than a license, by status and error code."""
    broken: int = 0
    """Connections that broke off or were not taken."""
    failures: list[BaseException] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def wait_for_more(self, count: int) -> None:
        """Wait until `count` further registrations were acknowledged."""
        with self._more:
            goal = len(self.acknowledged) + count
            done = self._more.wait_for(lambda: len(self.acknowledged) >= goal or self.failures, PATIENCE)
        if self.failures:
            raise self.failures[0]
        if not done:
            raise TimeoutError(f"no {count} registrations within {PATIENCE:g} s; refused: {dict(self.refused)}")

    def run(self, url: str, workload: Workload) -> None:
        """Register until stopped; one thread of many."""
        try:
            while not self._stopped.is_set():
                try:
                    with closing(Connection(url)) as connection:
                        while not self._stopped.is_set():
                            self._register(connection.ask, workload)
                except (OSError, EOFError, ValueError):
                    self.broken += 1
                    self._stopped.wait(0.01)  # a refused connection is not tried again at once
        except BaseException as failure:
            self.failures.append(failure)

    def stop(self) -> None:
        """End the clients."""
        self._stopped.set()

    def _register(self, ask: Callable[[bytes], Answer], workload: Workload) -> None:
        cookie = secrets.token_hex(16)
        answer = ask(workload.redemption(workload.token(cookie), workload.spc(cookie)))
        with self._more:
            if answer.status == 200:
                self.acknowledged.append(cookie)
                self._more.notify_all()
            else:
                self.refused[answer.status, json.loads(answer.body)["errorCode"]] += 1


@contextmanager
def clients_of(url: str, workload: Workload) -> Iterator[Clients]:
    """Let `CLIENTS` threads register at `url` during the block."""
    clients = Clients()
    threads = [threading.Thread(target=clients.run, args=(url, workload)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.stop()
        for thread in threads:
            thread.join()


def kill_the_mock(state: Path, database: str, kills: int, seed: int = 0) -> Clients:
    """Kill a worker, or the mock with all its workers, `kills` times under load; return what the clients saw."""
    chance = random.Random(seed)  # noqa: S311 - the same order of kills in every run
    workload = workload_of(state)
    options = (WORKERS, f"--database={database}")
    mock = start_mock(state, *options)
    try:
        with clients_of(mock.url, workload) as clients:
            for _ in range(kills):
                clients.wait_for_more(chance.randint(1, 12))
                everyone = [psutil.Process(mock.process.pid), *psutil.Process(mock.process.pid).children()]
                if chance.random() < 0.5 and len(everyone) > 1:
                    everyone[-1].kill()
                    everyone[-1].wait()  # or the next kill might hit a process that is dead already
                else:
                    for process in everyone:
                        with suppress(psutil.NoSuchProcess):  # a worker ends by itself without its supervisor
                            process.kill()
                    mock.stop()
                    mock = start_mock(state, *options, f"--port={urlsplit(mock.url).port}")
            clients.wait_for_more(CLIENTS)
    finally:
        mock.stop()
    return clients


def kill_the_database(state: Path, postgres: Postgres, database: str, kills: int) -> Clients:
    """Kill PostgreSQL with all its processes under load and start it again, `kills` times."""
    workload = workload_of(state)
    with start_mock(state, WORKERS, f"--database={database}") as mock, clients_of(mock.url, workload) as clients:
        for _ in range(kills):
            clients.wait_for_more(5)
            postgres.kill()
            refused = sum(clients.refused.values())
            while sum(clients.refused.values()) == refused and not clients.failures:
                time.sleep(0.01)
            postgres.restart()
        clients.wait_for_more(CLIENTS)
    return clients


def lost(clients: Clients, state: Path, database: str) -> list[str]:
    """Return the acknowledged cookies that the log does not know as registrations."""
    account = workload_of(state).credentials.account.number
    log = TransactionLog(database)
    try:
        return [cookie for cookie in clients.acknowledged if not _registered(log, account, cookie)]
    finally:
        log.close()


def _registered(log: TransactionLog, account: str, cookie: str) -> bool:
    return any(record.row.registration for record in log.find(account, ByCookie(cookie)))
