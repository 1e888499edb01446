"""Serving an app as a process of its own, or in a thread of a test.

Order of a start: the port is bound (0 means any free one), so the address is known; the app is built with it;
the server takes over the bound socket; one request to ``/_sim/health`` is answered; only then the ready line,
one JSON object, goes to standard output.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, NoReturn

import click
from flask import Flask

from simulation.logs import log_requests
from simulation.routes import PREFIX
from simulation.workers import supervise

Build = Callable[[str], Flask]
"""Makes an app from the base URL under which it will be reached."""
Server = Callable[[Flask, socket.socket], None]
"""Serves an app on a bound socket until a signal ends it."""

HEALTH_TIMEOUT = 20
"""Seconds that the first health request may take."""


def serve(
    build: Build,
    *,
    service: str,
    host: str,
    port: int,
    public_url: str | None = None,
    announce: Callable[[], Mapping[str, str]] | None = None,
    until_stdin_closes: bool = False,
    server: Server | None = None,
    workers: int = 1,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; all of them end the process cleanly.

    ``public_url`` is the base URL to announce where it is not ``http://host:port``, which then is the ready line's
    ``local_url``. ``announce`` gives further
    fields of the ready line. With ``until_stdin_closes`` the end of standard input ends the service too: who
    starts it with a pipe leaves nothing behind, however it dies. ``server`` is Granian, if it is installed, unless
    another one is given. With more than one of ``workers``, each is a process that builds its own app. Raises
    click.ClickException with one line where the port cannot be bound or the service is not healthy.
    """
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _exit_cleanly)
    listener = _bind(host, port)
    local_url = _url_of(listener)
    url = (public_url or local_url).rstrip("/")
    run = server or _choose_server()

    def work() -> None:
        app = build(url)
        log_requests(app)
        run(app, listener)

    unhealthy: list[str] = []

    def announce_when_healthy() -> None:
        reason = _health_problem(local_url)
        if reason is None:
            ready = {"service": service, "url": url, **(announce() if announce else {})}
            if public_url:
                ready["local_url"] = local_url
            print(json.dumps(ready), flush=True)
        else:
            unhealthy.append(reason)
            os.kill(os.getpid(), signal.SIGTERM)

    announcing = threading.Thread(target=announce_when_healthy, daemon=True)
    if workers > 1:
        supervise(workers, work, announcing, stdin=until_stdin_closes)
    else:
        if until_stdin_closes:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        announcing.start()
        work()
    if unhealthy:
        raise click.ClickException(f"{service} is not ready: {unhealthy[0]}")


@contextmanager
def running(app: Flask | Build) -> Iterator[str]:
    """Serve ``app`` in a thread on a free port of the loopback interface, for tests; yields the base URL.

    An app that must know its own URL is given as a function of it.
    """
    from simulation.werkzeug_server import make_threaded_server

    with _bind("127.0.0.1", 0) as listener:
        url = _url_of(listener)
        server = make_threaded_server(app if isinstance(app, Flask) else app(url), listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()  # no wait: the socket listens already, and a connection queues until it is taken
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=1024)
        # Accepted connections inherit it. Without it an answer in two packets waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {reason}. Choose another with --port, or 0 for any free one."
        ) from None


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _health_problem(url: str) -> str | None:
    """Ask for the health once; the connection waits in the socket's queue until the server takes it."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=HEALTH_TIMEOUT)
    try:
        connection.request("GET", f"{PREFIX}/health")
        answer = connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
    except (OSError, HTTPException, ValueError) as error:
        return f"no answer from {url}{PREFIX}/health ({type(error).__name__})"
    finally:
        connection.close()
    return None if answer.status == 200 else str(body.get("reason", f"status {answer.status}"))


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _exit_cleanly(_signal: int, _frame: object) -> NoReturn:
    # In force while the app is built; a server puts its own way of ending in its place.
    sys.exit(0)


def _choose_server() -> Server:
    try:
        from simulation.granian_server import serve_granian
    except ModuleNotFoundError:  # the extra "serve" is not installed
        from simulation.werkzeug_server import serve_werkzeug

        return serve_werkzeug
    return serve_granian
