"""Starting a service as a process of its own, knowing when it answers, and leaving nothing behind."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import IO, Any, Self

READY_TIMEOUT = 30.0
"""Seconds until the ready line must have come."""
END_TIMEOUT = 10.0
"""Seconds a service has to end after SIGTERM before it is killed."""


class StartError(Exception):
    """A service did not become ready; the text holds the end of its log."""


@dataclass
class Service:
    """A running service, started by `start`; as a context manager it ends with the block."""

    name: str
    url: str
    ready: dict[str, Any] = field(repr=False)
    """The ready line, `service` and `url` included. The mock's holds its authenticator."""
    process: subprocess.Popen[bytes] = field(repr=False)
    _stderr: IO[bytes] = field(repr=False)
    _last_log: str = field(default="", repr=False)

    def log(self) -> str:
        """All that the service has written to standard error, also after its end."""
        return self._last_log if self._stderr.closed else _read(self._stderr)

    def stop(self) -> int:
        """End the service and return its exit status (0 for a clean end); harmless where it has ended."""
        status = _end(self.process)
        self._last_log = self.log()
        self._stderr.close()
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def module_command(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module as `python -m` does.

    In Python's safe-path mode: a `server.py` in the directory of whoever starts it would hide the package `server`.
    """
    return [sys.executable, "-P", "-m", name, *arguments]


@contextmanager
def running_program(argv: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run `argv` for the length of a block, and end it then, if it still runs. `options` are those of Popen.

    Ctrl-C can end it, even where this process ignores that, as a shell's job in the background does.
    """
    with subprocess.Popen([*argv], **_interruptible(), **options) as process:  # noqa: S603
        try:
            yield process
        finally:
            _end(process)


def start(argv: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = READY_TIMEOUT) -> Service:
    """Run `argv` (a `serve` command, its first item the program) and wait for its ready line.

    `--until-stdin-closes` is added: the service holds the end of a pipe whose other end dies with this
    process. Raises `StartError` if the service ends or stays silent for `timeout` seconds.
    """
    stderr = tempfile.TemporaryFile()  # noqa: SIM115  a file: a pipe would have to be emptied all the time
    try:
        process = subprocess.Popen(  # noqa: S603
            [*argv, "--until-stdin-closes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            start_new_session=True,  # Ctrl-C in the terminal reaches the starter, which ends its services in order
            **_interruptible(),
        )
    except OSError as error:
        stderr.close()
        raise StartError(f"{argv[0]} did not start: {error.strerror}") from None
    try:
        line = _first_line(process, timeout)
    except BaseException:  # Ctrl-C while it starts
        _end(process)
        stderr.close()
        raise
    try:
        ready = json.loads(line or b"")
        return Service(ready["service"], ready["url"], ready, process, stderr)
    except (ValueError, KeyError, TypeError):
        status = _end(process, at_once=line is None)
        found = f"no ready line within {timeout:g} s" if line is None else f"it ended with status {status}"
        with stderr:
            tail = "\n".join(_read(stderr).splitlines()[-15:]) or "(it wrote nothing)"
        raise StartError(f"{argv[0]} did not start: {found}. End of its log:\n{tail}") from None


def _interruptible() -> dict[str, Any]:
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        return {}
    return {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}


def _first_line(process: subprocess.Popen[bytes], timeout: float) -> bytes | None:
    """Read one line of the output, empty at its end, None after `timeout`.

    A thread does it, and goes on emptying the pipe afterwards.
    """
    lines: Queue[bytes] = Queue()

    def read(output: IO[bytes]) -> None:
        with output:
            lines.put(output.readline())
            for _ in output:
                pass

    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    try:
        return lines.get(timeout=timeout)
    except Empty:
        return None


def _end(process: subprocess.Popen[Any], *, at_once: bool = True) -> int:
    if at_once:
        process.terminate()
    if process.stdin is not None:
        process.stdin.close()
    try:
        return process.wait(END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _read(log: IO[bytes]) -> str:
    # By position: seeking would move the place where the service writes next, for they share it.
    return os.pread(log.fileno(), os.fstat(log.fileno()).st_size, 0).decode("utf-8", "replace")
