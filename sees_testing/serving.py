"""Running the server under test for the length of a test: a WSGI app in this process, or a program in any language."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import requests
from flask import Flask

from hosting.http_client import new_session
from hosting.process import running_program
from hosting.serving import running
from hosting.tls.tls import ClientTls

WsgiApp = Callable[..., Iterable[bytes]]
START_TIMEOUT = 30.0
"""Seconds until a program must listen."""
NO_FILES = ClientTls()


class StartError(Exception):
    """A program did not come to listen on its port."""


@contextmanager
def serving(app: WsgiApp) -> Iterator[str]:
    """Serve a WSGI app on a free port of the loopback interface; yields its base URL."""
    with running(lambda _: cast(Flask, app)) as url:  # any WSGI app will do there
        yield url


@contextmanager
def serving_process(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    scheme: str = "http",
    ready: str | None = None,
    tls: ClientTls = NO_FILES,
    timeout: float = START_TIMEOUT,
    **options: Any,
) -> Iterator[str]:
    """Run a program until the block ends; yields its base URL once it listens, and `ready` answers below 400.

    `{port}` in `argv` and in the values of `environment`, which is added to this process's, becomes a free port.
    `ready` is a path, "/health" say, for a program that listens before it can serve; without one listening is enough.
    `scheme` is "https" for a server that speaks TLS, and `tls` has the files to ask it with. `options` are those of
    subprocess.Popen. Raises `StartError` if the program ends, or is not ready within `timeout` seconds.
    """
    port = str(_free_port())
    settings = {name: value.replace("{port}", port) for name, value in environment.items()}
    command = [argument.replace("{port}", port) for argument in argv]
    with running_program(command, env=os.environ | settings, **options) as process:
        url = f"{scheme}://127.0.0.1:{port}"
        _wait(process, partial(_listens, int(port)), f"nothing listens on port {port}", timeout)
        if ready is not None:
            with new_session(tls) as session:
                _wait(process, partial(_answers, session, url + ready), f"{url}{ready} does not answer", timeout)
        yield url


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[Any]", is_so: Callable[[], bool], problem: str, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not is_so():
        if process.poll() is not None:
            raise StartError(f"{process.args!r}: ended with status {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise StartError(f"{process.args!r}: {problem} after {timeout:g} s")
        time.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _answers(session: requests.Session, url: str) -> bool:
    try:
        return session.get(url, timeout=1, allow_redirects=False).status_code < 400
    except (requests.RequestException, OSError):
        return False
