"""The command `fps-emulator`. Thin: each command calls one function, and imports it only when it runs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import __version__
from emulator.options import clock_option, cookie_option, device_options, device_settings, services
from hosting.commands import Commands
from simulation.printable import one_line

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from hosting.tls.tls import ClientTls


class _CannotTell(click.ClickException):
    """What was asked is neither so nor not so: an exit status of its own, for scripts."""

    exit_code = 3


class _Commands(Commands):
    """The group, and commands of other packages.

    Other packages add commands by an entry point in the group `fps_emulator.commands`: the conformance kit does,
    which may import the emulator, while the emulator may not import it.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands of this file, and the added ones."""
        return sorted({*super().list_commands(ctx), *_added_commands().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command here, or else among the added ones."""
        if command := super().get_command(ctx, cmd_name):
            return command
        for entry_point in _added_commands().select(name=cmd_name):
            added: click.Command = entry_point.load()
            return added
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            # Only here: with fairplay comes cryptography, 80 ms that `explain` and --help need not pay.
            from emulator.errors import CannotTell, EmulatorError
            from fairplay.errors import FairPlayError

            if not isinstance(error, EmulatorError | FairPlayError):
                raise
            kind = _CannotTell if isinstance(error, CannotTell) else click.ClickException
            raise kind(one_line(str(error))) from None


def _added_commands() -> "EntryPoints":
    from importlib.metadata import entry_points  # 15 ms that the commands of this file need not pay

    return entry_points(group="fps_emulator.commands")


@click.group(cls=_Commands, context_settings={"auto_envvar_prefix": "FPS_EMULATOR"})
@click.version_option(__version__, prog_name="fps-emulator")
def main() -> None:
    """Emulate an Apple device with a FairPlay player: register it, play on it, and explain what happens."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def explain(code: str, as_json: bool) -> None:
    """Say what the number CODE means, at which step, and what to do. (4011 will do for -4011.)"""
    from dataclasses import asdict

    from emulator.explain import UnknownCode
    from emulator.explain import explain as look_up

    try:
        meaning = look_up(code)
    except UnknownCode as error:
        if as_json:
            click.echo(json.dumps({"error": str(error), "near": [near.number for near in error.near]}, indent=2))
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(meaning), indent=2))
        return
    click.echo(f"{meaning.number}  {meaning.title}")
    click.echo(f"  said by  {meaning.whose}")
    click.echo(f"  at step  {meaning.step}")
    click.echo(f"  means    {meaning.meaning}")
    click.echo(f"  do       {meaning.fix}")


@main.command()
@services
@cookie_option
@device_options
@clock_option
@click.option("--title", help="Name of the kept title; by default the only one.")
@click.option(
    "--state",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The device's state, where the title is kept.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def renew(
    sees: str,
    expressplay: str,
    client_tls: "ClientTls",
    cookie: str,
    clock: float,
    title: str | None,
    state: Path,
    as_json: bool,
    **device: Any,
) -> None:
    """Renew a kept title: steps 6 to 13 for each of its keys.

    Needs no playlist.
    """
    from emulator.binding import connect
    from emulator.kept_titles import renew as renew_kept
    from simulation.clock import rfc3339

    seed = device.pop("seed")
    client = connect(sees, expressplay, seed, client_tls, **device_settings(**device))
    client.device.clock.advance(clock)
    try:
        kept = renew_kept(client, cookie, state, title)
    finally:
        client.web.close()
    end = None if kept.expires is None else rfc3339(kept.expires)
    if as_json:
        click.echo(json.dumps({"title": kept.name, "expires": end}, indent=2))
    else:
        click.echo(f"Renewed {kept.name}: good {f'until {end}' if end else 'for ever'}")
