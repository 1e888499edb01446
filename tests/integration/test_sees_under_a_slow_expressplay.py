"""Many requests that wait for a slow ExpressPlay, at a SEES that runs as a process: what needs none goes on."""

import json
import os
import select
import socket
import sys
from contextlib import ExitStack

import requests
from dripping import dripping
from stubbed_sees import AUTHENTICATOR

from hosting.process import start
from server.exchange import MAX_WAITING

FILM = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"
MESSAGE = json.dumps({"messageID": "m", "version": 1, "contentID": FILM}).encode()
POST = b"POST /sees/SEESServlet HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(MESSAGE) + MESSAGE
MANY = 256
PATIENCE = 50.0
"""Seconds; the deadline of the waiting requests is longer."""


def test_256_waiting_requests_do_not_keep_sees_from_its_titles() -> None:
    with dripping(b"", b"H" * 10_000, pause=1.0) as slow, ExitStack() as waiting:
        command = [sys.executable, "-m", "server", "serve", f"--expressplay={slow}", "--deadline=60"]
        with start(command, env=os.environ | {"SEES_AUTHENTICATOR": AUTHENTICATOR}) as sees:
            host, port = sees.url.removeprefix("http://").split(":")
            connections = [
                waiting.enter_context(socket.create_connection((host, int(port)), PATIENCE)) for _ in range(MANY)
            ]
            for connection in connections:
                connection.sendall(POST)
            # Those that find no place to wait in are told so; once they are, all the others wait.
            refused = b"".join(connection.recv(65536) for connection in answered(connections, MANY - MAX_WAITING))
            assert refused.count(b"192 requests of this SEES wait for it already") == MANY - MAX_WAITING
            assert requests.get(f"{sees.url}/titles", timeout=PATIENCE).status_code == 200


def answered(connections: list[socket.socket], count: int) -> list[socket.socket]:
    """Return the first `count` connections to which something comes."""
    found: list[socket.socket] = []
    while len(found) < count:
        ready, _, _ = select.select([one for one in connections if one not in found], [], [], PATIENCE)
        assert ready, f"only {len(found)} answers"
        found += ready
    return found
