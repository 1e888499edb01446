"""The mock as a Flask app: its configuration, its parts put together, and its own `/_sim/` routes."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Flask
from werkzeug.exceptions import ServiceUnavailable

from expressplay_mock import __version__
from expressplay_mock.accounts import Account, Budget, Environment
from expressplay_mock.credentials import SPC_VERSIONS, Credentials, load_or_create, new_credentials
from expressplay_mock.endpoints import Services, expressplay_routes
from expressplay_mock.faults.fault_effects import CODES
from expressplay_mock.faults.fault_routes import add_fault_routes
from expressplay_mock.faults.faults import Faults
from expressplay_mock.inbox.inbox_routes import add_inbox_routes
from expressplay_mock.license_body import MAX_BODY
from expressplay_mock.provisioning import provisioning_routes
from expressplay_mock.teaching import teaching_routes
from expressplay_mock.tokens.key_storage import KeyStorage
from expressplay_mock.transaction_log import MEMORY, LogUnavailable, TransactionLog
from simulation.clock import Clock
from simulation.foreign_pages import refuse_strangers
from simulation.http_errors import register_http_errors
from simulation.journal import Journal
from simulation.origins import Visitors
from simulation.routes import sim_routes

SERVICE = "expressplay-mock"
PARTY = "expressplay"
DATABASE = "transactions.db"


@dataclass(frozen=True)
class Config:
    """How to run the mock. With nothing given, everything lives in memory and ends with the app.

    `state` is the directory of credentials and, unless `database` (a URL, or `:memory:`) names another
    place, of the transaction log. `public_url` is the base of token URLs; no request's Host header ever is.
    `authenticator` takes the place of the account's own, and `accounts` take the place of that account; those of
    another `environment` get no answer. `key_storage` is what `kid` names keys in. `credentials` take the
    place of those in `state`. SPCs of `spc_versions` are taken. A `durable` log survives power loss. With more
    than one of `workers` this is the app of one of them, which has no clock, no faults and no journal to offer. What
    `allowed_hosts` and `cors_origins` are, `simulation.foreign_pages` says. With `teach` it opens its tokens for
    learners (`/_sim/open`).
    """

    state: Path | None = None
    database: str | None = field(default=None, repr=False)
    public_url: str = "http://127.0.0.1"
    authenticator: str | None = field(default=None, repr=False)
    accounts: tuple[Account, ...] = ()
    environment: Environment = Environment.TEST
    key_storage: KeyStorage | None = field(default=None, repr=False)
    sim: bool = True
    allowed_hosts: frozenset[str] = frozenset()
    cors_origins: frozenset[str] = frozenset()
    clock: Clock = field(default_factory=Clock)
    credentials: Credentials | None = None
    spc_versions: frozenset[int] = SPC_VERSIONS
    durable: bool = False
    workers: int = 1
    teach: bool = False


def create_app(config: Config) -> Flask:
    """Build the app. Raises `StateError`, `LogUnavailable` or `BadAuthenticator`, each with one clear line."""
    credentials = config.credentials or _credentials(config)
    budget = Budget()
    transaction_log = TransactionLog(config.database or _default_database(config), durable=config.durable)
    journal = Journal(PARTY, config.clock)
    faults = Faults(config.clock.now)

    app = Flask(SERVICE, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # A redirect to the canonical path would be built from the request's Host header.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    register_http_errors(app)
    refuse_strangers(app, Visitors(config.public_url, config.allowed_hosts, config.cors_origins))
    services = Services(
        public_url=config.public_url.rstrip("/"),
        keys=credentials.redemption_keys(config.spc_versions),
        accounts=config.accounts or (_only_account(config, credentials),),
        environment=config.environment,
        budget=budget,
        key_storage=config.key_storage,
        transaction_log=transaction_log,
        clock=config.clock,
        journal=journal if config.sim and config.workers == 1 else None,
        faults=faults,
    )
    app.register_blueprint(expressplay_routes(services))

    def reset(empty_log: bool) -> None:
        faults.clear()
        budget.reset()
        try:
            if empty_log:
                transaction_log.clear()
        except LogUnavailable as error:
            raise ServiceUnavailable(str(error)) from None

    sim = sim_routes(
        service=SERVICE,
        version=__version__,
        journal=journal,
        health=transaction_log.check,
        clock=config.clock,
        on_reset=reset,
        enabled=config.sim,
        workers=config.workers,
    )
    if config.sim:
        add_inbox_routes(sim, journal, config.clock, __version__)
        add_fault_routes(sim, faults, codes=CODES, accounts=lambda: [each.number for each in services.accounts])
    app.register_blueprint(sim)
    if config.sim:
        app.register_blueprint(provisioning_routes(credentials, config.spc_versions))
    if config.sim and config.teach:
        app.register_blueprint(teaching_routes(services.keys.tokens))
    return app


def _only_account(config: Config, credentials: Credentials) -> Account:
    account = Account(config.authenticator) if config.authenticator else credentials.account
    return replace(account, environment=config.environment)


def _credentials(config: Config) -> Credentials:
    return load_or_create(config.state) if config.state else new_credentials()


def _default_database(config: Config) -> str:
    return f"sqlite:///{config.state / DATABASE}" if config.state else MEMORY
