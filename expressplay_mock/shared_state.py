"""Warns when two mocks run on the default state directory: they share log and authenticator."""

import fcntl
import logging
from pathlib import Path
from typing import IO

IN_USE = "in-use"
"""File that every mock on a state directory holds locked, for as long as it runs."""

log = logging.getLogger(__name__)
_held: list[IO[bytes]] = []


def warn_if_shared(state: Path) -> None:
    """Warn in the log if another process uses `state`; hold its lock until this process ends."""
    try:
        file = (state / IN_USE).open("ab")
        _held.append(file)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.warning(
            "another mock runs on %s: log and authenticator are shared. To keep them apart, give each a --state, "
            "or --database :memory:",
            state,
        )
    except OSError:
        pass  # a directory that is for reading only: nobody else writes there either
