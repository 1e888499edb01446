"""The group of commands that every program of ours is: one line for each error, whatever it is, and no raw escapes."""

import os
import sys
from collections.abc import Callable
from io import StringIO, TextIOWrapper
from pathlib import Path
from traceback import extract_tb
from typing import Any

import click

from hosting.entry import INTERRUPTED
from simulation.printable import brief, one_line, printable


class Commands(click.Group):
    """A group with `-h`, a suggestion for a command that is mistyped, and one way from any exception to one line."""

    def __init__(self, *arguments: Any, context_settings: dict[str, Any] | None = None, **options: Any) -> None:
        settings = {"help_option_names": ["-h", "--help"], **(context_settings or {})}
        super().__init__(*arguments, context_settings=settings, **options)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that is asked for."""
        known = self.list_commands(ctx)
        if args[0][:1] != "-" and args[0] not in known:
            from simulation.sim_requests import near  # it takes flask: 100 ms that a command need not pay

            raise click.UsageError(f"No such command {args[0]!r}{near(args[0], known)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C ends it quietly."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            return ctx.exit(INTERRUPTED)

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command, and end the process with its status."""
        run: Callable[..., Any] = super().main
        if not options.pop("standalone_mode", True):
            return run(*arguments, standalone_mode=False, **options)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # the terminal's encoding may lack any character that others chose
        try:
            status = run(*arguments, standalone_mode=False, **options)
            sys.exit(status if isinstance(status, int) else 0)
        except click.Abort:
            sys.exit(INTERRUPTED)
        except click.ClickException as error:
            _show(error)
            sys.exit(error.exit_code)
        except Exception as error:
            _show(click.ClickException(_line_of(error)))
            sys.exit(1)


def _show(error: click.ClickException) -> None:
    text = StringIO()
    error.show(text)
    click.echo(printable(text.getvalue()), err=True, nl=False)


def _line_of(error: Exception) -> str:
    """Say in one line what went wrong."""
    if isinstance(error, OSError) and error.strerror:
        return one_line(f"{error.filename or 'file'}: {error.strerror}")
    if isinstance(error, UnicodeEncodeError):
        return "expected arguments in UTF-8, found bytes that are none"
    if isinstance(error, MemoryError) or "can't start new thread" in str(error):
        return "out of memory: expected about 150 MB of address space (`ulimit -v`), and 1 MB for each of --threads"
    frame = extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return one_line(
        f"a mistake in this program, not in its use: {type(error).__name__} ({brief(str(error))}) in {where}"
    )


def state_home(option: str) -> Path:
    """Return where this user's programs keep state, as the XDG base directory specification has it.

    Raises `click.UsageError`, which names `option`, where there is no home directory.
    """
    if base := os.environ.get("XDG_STATE_HOME"):
        return Path(base)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:  # no HOME, and no entry in the list of users
        raise click.UsageError(f"no home directory: expected HOME or XDG_STATE_HOME to be set, or {option}") from None
