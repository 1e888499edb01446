"""The command `expressplay-mock`."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from flask import Flask

from expressplay_mock import __version__
from expressplay_mock.accounts import BadAuthenticator, Environment
from expressplay_mock.accounts_file import read_accounts
from expressplay_mock.app import SERVICE, Config, create_app
from expressplay_mock.compare.compare_command import compare
from expressplay_mock.credentials import SPC_VERSIONS, StateError, load_or_create, new_credentials, seeded_credentials
from expressplay_mock.inbox.journal_command import journal
from expressplay_mock.shared_state import warn_if_shared
from expressplay_mock.tokens.key_storage import read_key_storage
from expressplay_mock.toml_file import BadFile
from expressplay_mock.transaction_log import MEMORY, LogUnavailable
from hosting.commands import Commands, state_home
from hosting.health import health_command
from hosting.logs import configure_logging
from hosting.options import base_url, serve_options, threads_option, tls_dir_option, tls_option, workers_option
from hosting.serving import serve as serve_app


def default_state() -> Path:
    """Return the state directory of this user, as the XDG base directory specification places it."""
    return state_home("--state, or --database :memory:") / SERVICE


@click.group(cls=Commands, context_settings={"auto_envvar_prefix": "EXPRESSPLAY_MOCK"})
@click.version_option(__version__, prog_name=SERVICE)
def main() -> None:
    """A mock of the ExpressPlay services for FairPlay. It simulates: no real device can use it."""


main.add_command(health_command(SERVICE))
main.add_command(journal)
main.add_command(compare)


@main.command()
@serve_options
@workers_option
@threads_option
@tls_option
@tls_dir_option
@click.option(
    "--durable", is_flag=True, help="Let committed rows survive power loss too: SQLite waits for the disk each time."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    default=default_state,
    show_default="expressplay-mock in $XDG_STATE_HOME or ~/.local/state",
    help="Directory of the credentials and the transaction log; made when it is not there.",
)
@click.option(
    "--database",
    help="Transaction log: a database URL, or :memory: for one that ends with the process. "
    "[default: SQLite in the state directory]",
)
@click.option(
    "--public-url",
    callback=base_url,
    help="Base of the token URLs, where clients reach this service under another address.",
)
@click.option(
    "--authenticator", help="Customer authenticator to accept, <number>,<32 hex>, instead of a throw-away one."
)
@click.option(
    "--accounts",
    "accounts_file",
    type=click.Path(path_type=Path),
    help="TOML file with accounts and their options, instead of one throw-away account.",
)
@click.option(
    "--environment",
    type=click.Choice([each.value for each in Environment]),
    default=Environment.TEST.value,
    show_default=True,
    help="Which of ExpressPlay's environments to play; accounts of the other one are refused.",
)
@click.option(
    "--key-storage",
    "key_storage_file",
    type=click.Path(path_type=Path),
    help="TOML file with content keys that token requests name by kid.",
)
@click.option(
    "--spc-versions",
    type=click.Choice(["1,2", "2"]),
    default="1,2",
    show_default=True,
    help="Versions of SPC to take: 1 is for RSA-1024, 2 for RSA-2048.",
)
@click.option(
    "--seed",
    help="Make ASk, token key and authenticator from this text, the same at each start; needs --database :memory:. "
    "The RSA keys are new ones all the same.",
)
@click.option("--teach", is_flag=True, help="Open tokens for learners, content key and all, at /_sim/open.")
@click.version_option(__version__, prog_name=SERVICE)
def serve(
    log_level: str,
    no_sim: bool,
    allowed_hosts: frozenset[str],
    cors_origins: frozenset[str],
    workers: int,
    tls: bool,
    tls_dir: Path,
    durable: bool,
    state: Path,
    database: str | None,
    public_url: str | None,
    authenticator: str | None,
    accounts_file: Path | None,
    environment: str,
    key_storage_file: Path | None,
    spc_versions: str,
    seed: str | None,
    teach: bool,
    **serving: Any,
) -> None:
    """Serve tokens, licenses and records.

    Prints one JSON line when it answers, with the throw-away authenticator in it unless others were given. Every
    option can also be set as an environment variable, EXPRESSPLAY_MOCK_SERVE_PORT and so on.
    """
    if workers > 1 and database == MEMORY:
        raise click.UsageError("--database :memory: belongs to one process: give a URL, or --workers 1.")
    if accounts_file and authenticator:
        raise click.UsageError("--accounts and --authenticator exclude each other: write it into the file.")
    if seed is not None and database != MEMORY:
        raise click.UsageError("--seed needs --database :memory:, for a log that is kept does not begin anew.")
    configure_logging(log_level)
    is_default = click.get_current_context().get_parameter_source("state") is ParameterSource.DEFAULT
    try:
        if seed is not None:
            credentials = seeded_credentials(seed)
        elif database == MEMORY and is_default:
            credentials = new_credentials()
        else:
            credentials = load_or_create(state)
            if is_default:
                warn_if_shared(state)
        accounts = read_accounts(accounts_file) if accounts_file else ()
        key_storage = read_key_storage(key_storage_file) if key_storage_file else None
    except (StateError, BadFile) as error:
        raise click.ClickException(str(error)) from None

    def build(url: str) -> Flask:
        config = Config(
            state=state,
            database=database,
            public_url=url,
            authenticator=authenticator,
            accounts=accounts,
            environment=Environment(environment),
            key_storage=key_storage,
            sim=not no_sim,
            allowed_hosts=allowed_hosts,
            cors_origins=cors_origins,
            credentials=credentials,
            spc_versions=SPC_VERSIONS if spc_versions == "1,2" else frozenset({2}),
            durable=durable,
            workers=workers,
            teach=teach,
        )
        try:
            return create_app(config)
        except (LogUnavailable, BadAuthenticator) as error:
            raise click.ClickException(str(error)) from None

    serve_app(
        build,
        service=SERVICE,
        public_url=public_url,
        announce=lambda: {} if authenticator or accounts else {"authenticator": credentials.account.authenticator},
        workers=workers,
        tls_directory=tls_dir if tls else None,
        **serving,
    )
