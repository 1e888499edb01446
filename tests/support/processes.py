"""The mock and SEES as real processes, started as a user starts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from mock_over_http import Mock

from hosting.process import Service, module_command, start


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
    options = ["serve", "--port=0", "--log-level=debug"]
    with start(module_command("expressplay_mock", *options, f"--state={state}")) as mock:
        environment = {**os.environ, "SEES_AUTHENTICATOR": mock.ready["authenticator"]}
        command = module_command("server", *options, f"--expressplay={mock.url}")
        with start(command, env=environment) as sees, requests.Session() as http:
            http.trust_env = False
            yield Processes(mock, sees, http)
