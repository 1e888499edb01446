"""Running the server under test for the length of a test: a WSGI app in this process, or a program in any language."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask

from hosting.serving import running

WsgiApp = Callable[..., Iterable[bytes]]
START_TIMEOUT = 30.0
"""Seconds until a program must listen."""
END_TIMEOUT = 10.0
"""Seconds that a program has to end after SIGTERM before it is killed."""


class StartError(Exception):
    """A program did not come to listen on its port."""


@contextmanager
def serving(app: WsgiApp) -> Iterator[str]:
    """Serve a WSGI app on a free port of the loopback interface; yields its base URL."""
    with running(lambda _: cast(Flask, app)) as url:  # any WSGI app will do there
        yield url


@contextmanager
def serving_process(argv: Sequence[str], environment: Mapping[str, str], **options: Any) -> Iterator[str]:
    """Run a program until the block ends; yields its base URL once it listens.

    `{port}` in `argv` and in the values of `environment`, which is added to this process's, becomes a free port.
    `options` are those of subprocess.Popen. Raises StartError if nothing listens there in time.
    """
    port = str(_free_port())
    settings = {name: value.replace("{port}", port) for name, value in environment.items()}
    command = [argument.replace("{port}", port) for argument in argv]
    with subprocess.Popen(command, env=os.environ | settings, **options) as process:  # noqa: S603
        try:
            _wait_until_it_listens(process, int(port))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(END_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_listens(process: "subprocess.Popen[Any]", port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StartError(f"{process.args!r}: ended with status {process.returncode} before it listened")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise StartError(f"{process.args!r}: nothing listens on port {port} after {START_TIMEOUT:g} s")
