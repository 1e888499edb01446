"""The mock and SEES as processes, SEES pointed at the mock: what several scripts run against."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from hosting.process import Service, module_command, start


@contextmanager
def running_services(*mock_options: str, ports: tuple[int, int] = (0, 0)) -> Iterator[tuple[Service, Service]]:
    """Run both inside the block, the mock with an empty log; yields the mock and SEES.

    `ports` are theirs; 0 takes a free one.
    """
    mock_port, sees_port = (f"--port={port}" for port in ports)
    with tempfile.TemporaryDirectory() as state:
        command = module_command("expressplay_mock", "serve", mock_port, f"--state={state}", *mock_options)
        with start(command) as mock:
            environment = {**os.environ, "SEES_AUTHENTICATOR": mock.ready["authenticator"]}
            command = module_command("server", "serve", sees_port, f"--expressplay={mock.url}")
            with start(command, env=environment) as sees:
                yield mock, sees
