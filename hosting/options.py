"""The command-line options that every `serve` command has."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hosting.base_url import read_base_url
from hosting.limits import THREADS
from hosting.logs import LEVELS
from hosting.tls.tls import default_directory
from simulation.origins import read_hosts, read_origins

Command = TypeVar("Command", bound=Callable[..., Any])


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return one decorator for several options, in this order; the command gets a parameter for each."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


class Seconds(click.FloatRange):
    """A finite number of seconds in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it: `nan` is in no range, but no comparison says so."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"expected a number of seconds, found {value}", param, ctx)
        return seconds


def base_url(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Check an address that paths are appended to; a click callback. Returns it without a slash at its end."""
    if value is None:
        return None
    try:
        return read_base_url(value)
    except ValueError as error:
        expected = "http://host:port or https://host:port, without user name, query, fragment and spaces"
        raise click.BadParameter(f"expected {expected}, found {error}") from None


def _checked(read: Callable[[tuple[str, ...]], frozenset[str]]) -> Callable[..., frozenset[str]]:
    def check(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
        try:
            return read(values)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return check


allowed_host_option = click.option(
    "--allowed-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    callback=_checked(read_hosts),
    help="Host name under which /_sim/ may be asked too, beside IP addresses, localhost and that of the public URL. "
    "Any other is taken for DNS rebinding. Can be given several times.",
)
cors_option = click.option(
    "--cors-origin",
    "cors_origins",
    metavar="ORIGIN",
    multiple=True,
    callback=_checked(read_origins),
    help="Origin whose pages may read the documented routes and /_sim/provisioning, like http://127.0.0.1:3000; * is "
    "any page that a loopback host serves. Can be given several times.",
)

serve_options = together(
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
    allowed_host_option,
    cors_option,
    click.option(
        "--until-stdin-closes",
        is_flag=True,
        help="End when standard input ends, as it does when whoever holds the other end dies.",
    ),
)
workers_option = click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Processes that serve; about one per core. With more than one, most /_sim/ routes answer 409.",
)

tls_option = click.option(
    "--tls", is_flag=True, help="Serve https, with a certificate of a throw-away authority that is made for it."
)
tls_dir_option = click.option(
    "--tls-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_directory,
    show_default="fairplay-device-binding/tls in $XDG_STATE_HOME or ~/.local/state",
    help="Directory of that authority and all certificates; made when it is not there. One for all services.",
)

threads_option = click.option(
    "--threads",
    default=THREADS,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Requests in work at the same time in each process. 1 costs the least under load, but a slow client or a "
    "fault that delays an answer then holds up all the others: put a proxy in front that hands on whole requests.",
)
