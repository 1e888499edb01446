"""Several worker processes behind one socket: forked, replaced when they die, never left behind.

A private-key operation holds the interpreter's lock, so only processes use more than one core. The parent serves
nothing: it holds the bound socket, starts the workers and watches them. Each worker reads from a pipe that only the
parent holds open, and so ends with it, however that dies.
"""

import contextlib
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable

import click

CHECK_INTERVAL = 0.1
"""Seconds between two checks for workers that have ended."""
END_TIMEOUT = 5.0
"""Seconds that workers have to end after SIGTERM."""

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a service."""

log = logging.getLogger(__name__)


def supervise(number: int, work: Callable[[], None], started: threading.Thread, *, stdin: bool) -> None:
    """Run `work` in `number` processes until one of ENDINGS or, if `stdin`, the end of standard input.

    `started` is a thread to start once they run, which ends when the first request was answered. A worker that
    dies later is replaced; one that ends before that, say because it cannot reach its database, ends everything with
    click.ClickException: it has said why on stderr.
    """
    lifeline, held_open = os.pipe()
    workers = {_start(work, lifeline, held_open) for _ in range(number)}
    told_to_end: list[int] = []
    for ending in ENDINGS:
        signal.signal(ending, lambda number, _: told_to_end.append(number))
    try:
        started.start()
        while not (told_to_end or (stdin and _stdin_closed())):
            time.sleep(CHECK_INTERVAL)
            for dead in _ended(workers):
                workers.remove(dead)
                if started.is_alive():
                    raise click.ClickException("a worker ended before it served")
                log.error("worker %d ended; another takes its place", dead)
                workers.add(_start(work, lifeline, held_open))
    finally:
        _end(workers)


def _start(work: Callable[[], None], lifeline: int, held_open: int) -> int:
    worker = os.fork()
    if worker:
        return worker
    status = 1
    try:
        for ending in ENDINGS:
            signal.signal(ending, lambda *_: os._exit(0))  # until the server has its own way
        os.close(held_open)
        threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
        work()
        status = 0
    except click.ClickException as error:
        error.show()
    except SystemExit as end:
        status = int(end.code or 0)
    except Exception:
        log.exception("a worker failed")
    finally:
        # Never back into the parent's code: its clean-up is not this process's.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _stdin_closed() -> bool:
    readable, _, _ = select.select([0], [], [], 0)
    return bool(readable) and not os.read(0, 4096)


def _ended(workers: set[int]) -> list[int]:
    return [worker for worker in workers if os.waitpid(worker, os.WNOHANG)[0]]


def _end(workers: set[int]) -> None:
    for how, patience in ((signal.SIGTERM, END_TIMEOUT), (signal.SIGKILL, END_TIMEOUT)):
        deadline = time.monotonic() + patience
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, how)
        while workers and time.monotonic() < deadline:
            for worker in list(workers):
                with contextlib.suppress(ChildProcessError):
                    if not os.waitpid(worker, os.WNOHANG)[0]:
                        continue
                workers.remove(worker)
            time.sleep(0.01)
