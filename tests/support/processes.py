"""The mock and SEES as real processes, started as a user starts them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from mock_over_http import Mock

from benchmarks.services import running_services
from hosting.process import Service


@dataclass(frozen=True)
class Processes:
    """The two services as running processes, and an HTTP session to reach them."""

    mock: Service
    sees: Service
    http: requests.Session

    @property
    def authenticator(self) -> str:
        """The mock's throw-away authenticator, from its ready line."""
        return str(self.mock.ready["authenticator"])

    def records(self, cookie: str) -> list[dict[str, Any]]:
        """The issued rows of a cookie, newest first."""
        return Mock(self.mock.url, self.http, self.authenticator).rows(cookie=cookie)


@contextmanager
def running_processes(state: Path) -> Iterator[Processes]:
    """Run both on free ports, logging everything, with the mock's state in a directory."""
    debug = "--log-level=debug"
    with running_services(debug, sees_options=[debug], state=state) as (mock, sees), requests.Session() as http:
        http.trust_env = False
        yield Processes(mock, sees, http)
