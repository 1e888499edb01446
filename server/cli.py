"""The command `sees-server`."""

from pathlib import Path
from typing import Any

import click
from flask import Flask

from hosting.commands import Commands
from hosting.health import health_command
from hosting.logs import configure_logging
from hosting.options import Seconds, base_url, serve_options, tls_dir_option, tls_option, workers_option
from hosting.serving import serve as serve_app
from hosting.tls.tls import ClientTls, TlsError, client_files
from server import SERVICE, __version__
from server.add_title_command import add_title
from server.app import Config, create_app
from server.catalog import MAX_TOKEN_LIFETIME, CatalogError
from server.entitlement import REGISTRATION_LIFETIME
from server.expressplay import DEADLINE, ExpressPlayAccount
from server.patient_look_up import LAG_PATIENCE, MAX_LOOKS, MAX_PATIENCE
from simulation.origins import Visitors

MAX_DEADLINE = 60.0
"""Seconds: a client has given up by then."""


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "SEES_SERVER"})
@click.version_option(__version__, prog_name=SERVICE)
def main() -> None:
    """SEES, the entitlement server of device binding: decides who gets a license, and has ExpressPlay make it."""


main.add_command(health_command(SERVICE))
main.add_command(add_title)


def _check_ca(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    try:
        if file:
            ClientTls(file).context()
    except TlsError as error:
        raise click.BadParameter(str(error)) from None
    return file


@main.command()
@serve_options
@workers_option
@tls_option
@tls_dir_option
@click.option("--public-url", callback=base_url, help="Base URL of SEES for others, where it is not http://HOST:PORT.")
@click.option("--expressplay", callback=base_url, help="Base URL of ExpressPlay: tokens, rights and records at once.")
@click.option("--token-url", callback=base_url, help="Base URL of its token service.")
@click.option("--rights-url", callback=base_url, help="Base URL of its license service, where token URLs must lead.")
@click.option("--records-url", callback=base_url, help="Base URL of its record retrieval.")
@click.option(
    "--expressplay-ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_check_ca,
    help="Authorities (PEM) to trust for ExpressPlay's https address; without it that of --tls-dir, if there is one.",
)
@click.option(
    "--authenticator",
    required=True,
    envvar=["SEES_AUTHENTICATOR", "SEES_SERVER_SERVE_AUTHENTICATOR"],
    show_envvar=True,
    help="Customer authenticator of the ExpressPlay account; better given as SEES_AUTHENTICATOR in the environment, "
    "since others can read a command line.",
)
@click.option(
    "--catalog",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Config.catalog,
    help="The catalog (TOML), beside it a folder of files for each title; by default the one that comes with SEES.",
)
@click.option(
    "--deadline",
    type=Seconds(0.1, MAX_DEADLINE),
    default=DEADLINE,
    show_default=True,
    help="Seconds for all that one request has ExpressPlay asked for, every try and wait included.",
)
@click.option(
    "--lag-patience",
    type=Seconds(0, MAX_PATIENCE),
    default=LAG_PATIENCE,
    show_default=True,
    help=f"Seconds to wait, in {MAX_LOOKS} looks, for a registration that record retrieval does not show yet; "
    "0: one look.",
)
@click.option(
    "--registration-lifetime",
    type=click.IntRange(1, MAX_TOKEN_LIFETIME),
    default=REGISTRATION_LIFETIME,
    show_default=True,
    help="Seconds that a registration token lives, unless the dummy's token_lifetime is shorter.",
)
def serve(
    expressplay: str | None,
    token_url: str | None,
    rights_url: str | None,
    records_url: str | None,
    expressplay_ca: Path | None,
    authenticator: str,
    catalog: Path,
    deadline: float,
    lag_patience: float,
    registration_lifetime: int,
    log_level: str,
    no_sim: bool,
    allowed_hosts: frozenset[str],
    cors_origins: frozenset[str],
    workers: int,
    tls: bool,
    tls_dir: Path,
    **serving: Any,
) -> None:
    """Answer entitlement requests until Ctrl-C or SIGTERM.

    When it answers, it prints one JSON line on standard output: {"service": "sees-server", "url": "…"}.
    Options can be given in the environment too: SEES_SERVER_SERVE_PORT and so on. With --tls it is mutual TLS:
    a client without a certificate of the same authority is turned away.
    """
    token_url, records_url = token_url or expressplay, records_url or expressplay
    if token_url is None or records_url is None:
        raise click.UsageError(
            "ExpressPlay's address is missing: give --expressplay, or --token-url and --records-url."
        )
    if not authenticator.isascii() or not authenticator.isprintable() or not authenticator.strip():
        raise click.UsageError("--authenticator: expected printable characters, <number>,<32 hexadecimal digits>.")
    rights_url = rights_url or expressplay
    configure_logging(log_level)

    def build(url: str) -> Flask:
        # Not earlier: with --tls it is this start that makes the directory, where nobody else has.
        trusted = ClientTls(expressplay_ca) if expressplay_ca else client_files(tls_dir).without_certificate()
        account = ExpressPlayAccount(token_url, records_url, authenticator, rights_url, deadline=deadline, tls=trusted)
        try:
            visitors = Visitors(url, allowed_hosts, cors_origins)
            config = Config(
                account,
                catalog,
                lag_patience,
                registration_lifetime,
                sim=not no_sim,
                visitors=visitors,
                workers=workers,
            )
            return create_app(config)
        except CatalogError as error:
            raise click.ClickException(str(error)) from None

    serve_app(
        build,
        service=SERVICE,
        workers=workers,
        tls_directory=tls_dir if tls else None,
        client_certificates=True,
        **serving,
    )
