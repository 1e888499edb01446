"""Clients that ask for much and read nothing: what they cost in memory, and that they hold up nobody."""

import socket
import sys
from contextlib import ExitStack

import psutil
import pytest
import requests

from hosting.process import Service, start

FULL_JOURNAL = """
from flask import Flask
from hosting.serving import serve
from simulation.clock import Clock
from simulation.journal import MAX_CHARACTERS, Journal
from simulation.routes import sim_routes

def build(url):
    app = Flask("tiny", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    journal = Journal("tiny", Clock())
    for number in range(MAX_CHARACTERS // 4000):
        journal.record(step=None, summary=f"{number} " + "a" * 4000, trace=None)
    app.register_blueprint(sim_routes(service="tiny", version="1", journal=journal, health=lambda: None, clock=None,
                                      on_reset=None, enabled=True))
    return app

serve(build, service="tiny", host="127.0.0.1", port=0, threads=80, until_stdin_closes=True)
"""
HASTE = "from hosting import http_server, limits; http_server.CHECK_INTERVAL = 0.05; limits.UNREAD_TIMEOUT = 1.0"
READERS = 60
MIB = 1024 * 1024


def asking(service: Service, stack: ExitStack) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
    connection.sendall(b"GET /_sim/journal HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(15) == b"HTTP/1.1 200 OK"
    return connection


@pytest.fixture
def health() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def test_a_full_journal_that_nobody_reads_costs_little(health: requests.Session) -> None:
    with health, start([sys.executable, "-c", FULL_JOURNAL]) as service, ExitStack() as stack:
        before = psutil.Process(service.process.pid).memory_info().rss
        whole = health.get(f"{service.url}/_sim/journal", timeout=60).json()["entries"]
        assert [entry["seq"] for entry in whole] == list(range(whole[0]["seq"], whole[-1]["seq"] + 1))
        assert len(whole) > 7000
        for _ in range(READERS):
            asking(service, stack)
        assert health.get(f"{service.url}/_sim/health", timeout=30).status_code == 200
        more = psutil.Process(service.process.pid).memory_info().rss - before
        assert more < READERS * 2 * MIB, f"{more / MIB:.0f} MiB"


def test_a_client_that_reads_nothing_is_hung_up_on(health: requests.Session) -> None:
    with health, start([sys.executable, "-c", HASTE + FULL_JOURNAL]) as service, ExitStack() as stack:
        connection = asking(service, stack)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(b"GET /_sim/journal HTTP/1.1\r\nHost: localhost\r\n\r\n" * 1_000_000)
        assert health.get(f"{service.url}/_sim/health", timeout=30).status_code == 200


def test_who_reads_nothing_gives_way_where_every_thread_is_taken(health: requests.Session) -> None:
    few = FULL_JOURNAL.replace("threads=80", "threads=4")
    with health, start([sys.executable, "-c", few]) as service, ExitStack() as stack:
        for _ in range(4):
            asking(service, stack)
        for _ in range(8):
            assert health.get(f"{service.url}/_sim/health", timeout=15).status_code == 200
