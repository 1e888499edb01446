"""The walkthrough page under many connections: they take no threads, and windows past the bound are told so."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from real_services import services

from hosting.limits import THREADS
from hosting.process import Service, module_command, start
from walkthrough.page.event_stream import MAX_LISTENERS

IDLE, WINDOWS = 300, 100
SPARE = 8
"""Threads that may be started for the requests that are asked one after the other meanwhile."""
PATIENCE = 60.0
"""Seconds until a socket of these tests gives up."""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the threads of a process are counted in Linux's /proc"
)


@pytest.fixture
def page() -> Iterator[Service]:
    with services() as (sees, expressplay):
        command = module_command("emulator", "serve", "--sees", sees, "--expressplay", expressplay)
        with start(command) as service:
            yield service


def connect(service: Service) -> socket.socket:
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def threads(service: Service) -> int:
    return len([*Path(f"/proc/{service.process.pid}/task").iterdir()])


def outline(service: Service) -> int:
    return requests.get(f"{service.url}/api/outline", timeout=PATIENCE).status_code


def test_many_connections_take_no_threads_and_windows_past_the_bound_are_told_so(page: Service) -> None:
    with ExitStack() as held:
        assert outline(page) == 200
        before = threads(page)
        for number in range(IDLE):
            held.enter_context(connect(page)).sendall(b"GET /api/outline HTT"[: number % 20])
        assert [outline(page) for _ in range(3)] == [200] * 3  # so all of them have been accepted by now
        assert threads(page) <= before + SPARE

        answers = []
        for _ in range(WINDOWS):
            window = held.enter_context(connect(page))
            window.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answers.append(window.recv(12))
        assert answers == [b"HTTP/1.1 200"] * MAX_LISTENERS + [b"HTTP/1.1 503"] * (WINDOWS - MAX_LISTENERS)
        assert threads(page) <= before + THREADS
        assert outline(page) == 200
