"""Logging of a process: to standard error, one line a request, never a query string, and no authenticator."""

import logging
from typing import TYPE_CHECKING

from simulation.printable import printable
from simulation.redaction import without_authenticators

if TYPE_CHECKING:
    from flask import Flask, Response  # 100 ms that a program without a server need not pay

LEVELS = ("debug", "info", "warning", "error")

log = logging.getLogger("simulation.requests")


class _Printable(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Write a record; lines beyond its first are indented, so that none passes for another record."""
        return printable(without_authenticators(super().format(record))).replace("\n", "\n    ")


def configure_logging(level: str) -> None:
    """Send this process's log to standard error from `level` (one of LEVELS) on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    hush_urllib3()


def hush_urllib3() -> None:
    """Keep urllib3 from logging addresses: it writes them with the query string, which may hold a secret."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def log_requests(app: "Flask") -> None:
    """Log method, path and status of each request of `app` at info; costs nothing where info is off."""
    if log.isEnabledFor(logging.INFO):
        app.after_request(_log_request)


def log_request(method: str, path: str, status: int) -> None:
    """Log the line of one request."""
    # A path may hold any character, a line end too.
    shown = without_authenticators(path).encode("unicode_escape").decode()
    log.info("%s %s %d", method, shown[:200], status)


def _log_request(response: "Response") -> "Response":
    from flask import request  # as above

    log_request(request.method, request.path, response.status_code)
    return response
