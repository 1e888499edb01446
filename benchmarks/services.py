"""The mock and SEES as processes, alone or one pointed at the other: what scripts, benchmarks and tests run against."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hosting.process import Service, module_command, start


def start_mock(state: Path, *options: str) -> Service:
    """Start a mock as it is meant for load: without `/_sim/`."""
    quiet = ("--no-sim", "--log-level=error")
    return start(module_command("expressplay_mock", "serve", f"--state={state}", *quiet, *options))


def start_sees(mock: Service, authenticator: str, *options: str) -> Service:
    """Start a SEES that asks a mock; the authenticator is that of its account there."""
    command = module_command("server", "serve", f"--expressplay={mock.url}", *options)
    return start(command, env={**os.environ, "SEES_AUTHENTICATOR": authenticator})


@contextmanager
def running_services(
    *mock_options: str,
    sees_options: Sequence[str] = (),
    ports: tuple[int, int] = (0, 0),
    state: Path | None = None,
) -> Iterator[tuple[Service, Service]]:
    """Run both inside the block; yields the mock and SEES.

    `ports` are theirs; 0 takes a free one. The mock's state is in the directory `state`, or goes with the block.
    """
    mock_port, sees_port = (f"--port={port}" for port in ports)
    with tempfile.TemporaryDirectory() as passing:
        command = module_command("expressplay_mock", "serve", mock_port, f"--state={state or passing}", *mock_options)
        with start(command) as mock, start_sees(mock, mock.ready["authenticator"], sees_port, *sees_options) as sees:
            yield mock, sees
