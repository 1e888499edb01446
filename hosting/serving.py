"""Serving an app as a process of its own, or in a thread of a test.

Order of a start: the port is bound (0 means any free one), so the address is known; the app is built with it;
the server takes over the bound socket; one request to `/_sim/health` is answered; only then the ready line,
one JSON object, goes to standard output.
"""

import errno
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import click
from flask import Flask

from hosting import limits
from hosting.health import problem_of
from hosting.http_server import BACKLOG, HttpServer, serve_http
from hosting.logs import log_requests
from hosting.tls.tls import ClientTls, ServerTls, TlsError, client_files
from hosting.workers import ENDINGS, supervise

Build = Callable[[str], Flask]
"""Makes an app from the base URL under which it will be reached."""
HEALTH_TIMEOUT = 20.0
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
    workers: int = 1,
    threads: int = limits.THREADS,
    tls_directory: Path | None = None,
    client_certificates: bool = False,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; all of them end the process cleanly.

    `public_url` is the base URL to announce where it is not `http://host:port`, which then is the ready line's
    `local_url`. `announce` gives further fields of the ready line. With `until_stdin_closes` the end of standard
    input ends the service too: who starts it with a pipe leaves nothing behind, however it dies. `threads` requests
    are in work at the same time, the others wait. With more than one of `workers`, each is a process that builds its
    own app. With a `tls_directory` (of hosting.tls.authority) it serves https, with `client_certificates` only to
    clients with a certificate from there; the ready line names the files. Raises `ClickException` with one line
    where the port cannot be bound, the directory cannot be used or the service is not healthy.
    """
    if until_stdin_closes:
        _check_stdin()
    for ending in ENDINGS:
        signal.signal(ending, _exit_at_once)
    listener = _bind(host, port)
    local_url = _url_of(listener, "https" if tls_directory else "http")
    url = (public_url or local_url).rstrip("/")
    hosts = {urlsplit(each).hostname or "" for each in (local_url, url)}
    tls = _prepare_tls(tls_directory, service, hosts, client_certificates) if tls_directory else None
    client = client_files(tls_directory) if tls_directory else ClientTls()

    def work() -> None:
        app = build(url)
        log_requests(app)
        serve_http(app, listener, tls, threads)

    over = threading.Event()

    unhealthy: list[str] = []

    def announce_when_healthy() -> None:
        reason = problem_of(service, local_url, client, HEALTH_TIMEOUT)
        if reason is None:
            ready = {"service": service, "url": url, **(announce() if announce else {})}
            if public_url:
                ready["local_url"] = local_url
            ready |= _names_of(client, client_certificates)
            print(json.dumps(ready), flush=True)
        elif not over.is_set():
            unhealthy.append(reason)
            os.kill(os.getpid(), signal.SIGTERM)

    announcing = threading.Thread(target=announce_when_healthy, daemon=True)
    if workers > 1:
        supervise(workers, work, announcing, stdin=until_stdin_closes)
    else:
        if until_stdin_closes:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        announcing.start()
        try:
            work()
        finally:
            over.set()  # what has failed is told by itself
    if unhealthy:
        raise click.ClickException(f"{service} is not ready: {unhealthy[0]}")


@contextmanager
def running(app: Flask | Build, tls: ServerTls | None = None) -> Iterator[str]:
    """Serve `app` in a thread on a free port of the loopback interface, for tests; yields the base URL.

    An app that must know its own URL is given as a function of it.
    """
    with _bind("127.0.0.1", 0) as listener:
        url = _url_of(listener, "https" if tls else "http")
        server = HttpServer(app if isinstance(app, Flask) else app(url), listener, tls, limits.THREADS)
        thread = threading.Thread(target=server.serve)
        thread.start()  # no wait: the socket listens already, and a connection queues until it is taken
        try:
            yield url
        finally:
            server.stop()
            thread.join()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # Accepted connections inherit it. Without it an answer in two packets waits 40 ms for an acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError) as error:
        # Of an unknown host, the number means nothing to os.strerror; of all, create_server says more than is needed.
        reason = str(getattr(error, "strerror", None) or error).partition(" (while attempting")[0]
        taken = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        choice = "--port, or 0 for any free one" if taken else "--host, one of this machine"
        raise click.ClickException(
            f"cannot listen on {host} port {port}: {reason}. Choose another with {choice}."
        ) from None


def _url_of(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{reachable}]:{port}" if ":" in reachable else f"{scheme}://{reachable}:{port}"


def _prepare_tls(directory: Path, service: str, hosts: set[str], client_certificates: bool) -> ServerTls:
    from hosting.tls.authority import prepare  # whoever serves plain HTTP need not pay for it

    try:
        return prepare(directory, service, hosts, client_certificates=client_certificates)
    except TlsError as error:
        raise click.ClickException(str(error)) from None


def _names_of(client: ClientTls, client_certificates: bool) -> dict[str, str]:
    """Return what a client needs, for the ready line."""
    names = {"ca": client.ca, "client_certificate": client.certificate, "client_key": client.key}
    needed = names if client_certificates else {"ca"}
    return {name: str(file.resolve()) for name, file in names.items() if file and name in needed}


def _check_stdin() -> None:
    try:
        os.fstat(0)
    except OSError:
        raise click.ClickException("--until-stdin-closes: standard input is closed already. Leave the option") from None


def _end_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _exit_at_once(_signal: int, _frame: object) -> NoReturn:
    # In force until the server is up, which has its own way of ending. An exception instead could be raised in the
    # middle of anything, a destructor say, and be lost there; and nothing is under way that must be finished.
    os._exit(0)
