"""The command-line options that every ``serve`` command has."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from simulation.logs import LEVELS

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option(
        "--port",
        default=0,
        show_default=True,
        type=click.IntRange(0, 65535),
        help="Port to listen on; 0 takes a free one, which the ready line on standard output tells.",
    ),
    click.option(
        "--log-level",
        default="warning",
        show_default=True,
        type=click.Choice(LEVELS),
        help="Log to standard error from this level on; info has one line for each request.",
    ),
    click.option("--no-sim", is_flag=True, help="Switch the /_sim/ routes off, all but health."),
    click.option(
        "--until-stdin-closes",
        is_flag=True,
        help="End when standard input ends, as it does when whoever holds the other end dies.",
    ),
)


def serve_options(command: Command) -> Command:
    """Add ``host``, ``port``, ``log_level``, ``no_sim`` and ``until_stdin_closes`` to a click command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
