"""The transaction log: one append-only table of redemptions, in SQLite or any database that SQLAlchemy speaks.

A row is committed before its license leaves, so whatever was answered is in the log. A unique index over the
replay ids of issued rows makes the insert itself the check against replays: it also holds where several processes
share one database. Nothing here waits without a bound: not for a connection, a lock or an answer.
"""

import secrets
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import replace
from select import POLLIN, poll
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, delete, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError, SQLAlchemyError

from expressplay_mock.database_deadline import Watchdog
from expressplay_mock.database_file import FileGone, close_writer, open_file
from expressplay_mock.database_tables import (
    EVENTS,
    INSERT,
    NEWEST,
    ROW_FIELDS,
    SCHEMA_VERSION,
    create_tables,
    record_of,
    statement,
    violates_replay_index,
)
from expressplay_mock.record import Record, Row
from expressplay_mock.record_query import Query

TIMEOUT = 5
"""Seconds that anything may take here, all of it together."""
WAIT = 2
"""Seconds for a free connection, and as many to make one: what they leave is for the answer."""
MAX_CONNECTIONS = 16
"""Connections of one process: more requests at the same time take turns, each for a statement."""
MAX_AGE = 300
"""Seconds after which a connection to a server is replaced: whatever lies between may have forgotten it."""
MEMORY = ":memory:"
HIDDEN = "***"
_PROBE = Row("", 0.0, "probe", None, None, registration=False, result=0, cause=None, replay_id=None)

_PREPARING = 0x5EE5
"""The number of the advisory lock in PostgreSQL that the maker of the tables holds."""
_POSTGRESQL_LIMITS = {
    "connect_timeout": WAIT,
    "tcp_user_timeout": TIMEOUT * 1000,  # milliseconds until a peer that is gone without a word counts as gone
    # A little before the watchdog, which ends the whole connection.
    "options": f"-c statement_timeout={TIMEOUT - 1}s -c lock_timeout={TIMEOUT - 1}s",
}


class LogUnavailable(Exception):
    """The log cannot be opened, read or written; the text is one line, without the password of a URL."""


class Replayed(Exception):
    """A license was already issued for the SPC of this row; the row was not written."""


class TransactionLog:
    """The log behind `url`, made ready at once. Raises `LogUnavailable`, as every method may.

    `:memory:` (or `sqlite:///:memory:`) is a log of its own that ends with the process. A committed row survives
    the death of every process; `durable`, it survives power loss too (in PostgreSQL it always does, unless that
    is set up otherwise).
    """

    def __init__(self, url: str, *, durable: bool = False) -> None:
        self._engine = _make_engine(url, durable)
        self._driver: Any = self._engine.dialect.loaded_dbapi
        self._insert = str(INSERT.compile(dialect=self._engine.dialect, column_keys=ROW_FIELDS))
        self._name, self._secrets = _without_secrets(self._engine.url)
        open_ones = ExitStack()
        after_connections = open_ones.enter_context(ExitStack())
        open_ones.callback(self._engine.dispose)
        # Closes the connections when it is called, when the log is forgotten, or when the program ends.
        self.close = weakref.finalize(self, open_ones.close)
        # A database in memory is one connection for all threads: they take turns, to read too.
        self._write_turn = threading.Lock()
        in_memory = isinstance(self._engine.pool, StaticPool)
        self._turn: AbstractContextManager[Any] = self._write_turn if in_memory else nullcontext()
        self._watchdog = Watchdog() if self._engine.dialect.name == "postgresql" else None
        try:
            self._prepare()
        except LogUnavailable:
            # Another process may just have been making the tables. If that was it, they are there now.
            self._prepare()
        # SQLite has one writer at a time: threads queue for one connection, rather than wake up to try and try again.
        self._writer = self._engine.raw_connection() if self._engine.dialect.name == "sqlite" else None
        self._file = open_file(self._writer) if self._writer else None
        if self._writer:
            open_ones.callback(close_writer, self._writer, self._file)
        if self._file:
            after_connections.callback(self._file.close)

    def append(self, row: Row) -> Record:
        """Commit `row` and return it with its number.

        Raises `Replayed` for a second license for one SPC, and for nothing else: never for the row of a refusal.
        """
        try:
            with self._to_write() as connection:
                event_id = self._write(connection, row)
                self._check_file()
        except (self._driver.Error, SQLAlchemyError) as error:
            if row.result == 0 and violates_replay_index(error):
                raise Replayed from None
            raise self._unavailable(error) from None
        return Record(event_id, row)

    def find(self, account: str, query: Query) -> list[Record]:
        """Return the records of `account` that `query` asks for, newest first."""
        self._check_file()
        try:
            with self._connection() as connection:
                return [record_of(values) for values in connection.execute(*statement(account, query))]
        except ValueError as error:
            raise self._unavailable(error) from None

    def check(self) -> None:
        """Write a row and take it back: only that tells whether the next one can be written. It costs a number."""
        try:
            with self._to_write() as connection:
                ((newest,),) = connection.execute(NEWEST).fetchall()
                connection.execute("BEGIN")
                try:
                    number = self._write(connection, replace(_PROBE, replay_id=secrets.token_hex(32)))
                finally:
                    connection.rollback()
                if number <= (newest or 0):  # it would count as older than rows that were there before it
                    why = f"expected a number over {newest} for the next row, found {number}: set its sequence"
                    raise LogUnavailable(f"transaction log {self._name}: {why}")
                self._check_file()
                if self._file:
                    self._file.check_room()
        except (self._driver.Error, SQLAlchemyError, OSError) as error:
            raise self._unavailable(error) from None

    def clear(self) -> None:
        """Delete all rows, for tests; numbering goes on."""
        self._check_file()
        with self._connection() as connection:
            connection.execute(delete(EVENTS))

    def _write(self, connection: Any, row: Row) -> int:
        # The hottest statement goes to the driver as text: SQLAlchemy's way there takes three times as long.
        values = {name: getattr(row, name) for name in ROW_FIELDS}
        match connection.execute(self._insert, values).fetchall():
            case [(int(event_id),)]:
                return event_id
            case _:
                why = "expected the number of the new row, found none: does a trigger of the database keep rows out?"
                raise LogUnavailable(f"transaction log {self._name}: {why}")

    @contextmanager
    def _to_write(self) -> Iterator[Any]:
        """Lend a connection of the driver."""
        deadline = time.monotonic() + TIMEOUT
        if self._writer is None:
            with closing(self._engine.raw_connection()) as connection, self._watched(connection, deadline):
                yield connection
        elif self._write_turn.acquire(timeout=TIMEOUT):
            try:
                writer: Any = self._writer.dbapi_connection
                self._check_file()
                # What is left of the time, to wait for a lock of another process: the turn may have taken some of it.
                writer.execute(f"PRAGMA busy_timeout={max(0, round((deadline - time.monotonic()) * 1000))}")
                yield writer
            finally:
                self._write_turn.release()
        else:
            raise LogUnavailable(f"transaction log {self._name}: no turn to write within {TIMEOUT} s")

    @contextmanager
    def _connection(self, engine: Engine | None = None) -> Iterator[Connection]:
        deadline = time.monotonic() + TIMEOUT
        try:
            with (
                self._turn,
                (engine or self._engine).connect() as connection,
                self._watched(connection.connection, deadline),
            ):
                yield connection
        except SQLAlchemyError as error:
            raise self._unavailable(error) from None

    def _watched(self, connection: Any, deadline: float) -> AbstractContextManager[None]:
        return self._watchdog.bound(connection.fileno(), deadline) if self._watchdog else nullcontext()

    def _check_file(self) -> None:
        """Raise `LogUnavailable` if what is written or read goes to files that nobody will find."""
        try:
            if self._file:
                self._file.check()
        except FileGone as gone:
            raise LogUnavailable(f"transaction log {self._name}: {gone}; start the service again") from None

    def _unavailable(self, error: Exception) -> LogUnavailable:
        reason = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
        for secret in self._secrets:
            reason = reason.replace(secret, HIDDEN)
        return LogUnavailable(f"transaction log {self._name}: {reason}")

    def _prepare(self) -> None:
        engine = self._engine
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(isolation_level="READ COMMITTED")
        with self._connection(engine) as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            if engine.dialect.name == "postgresql":
                # Processes that start at once make the tables one after the other.
                connection.execute(select(func.pg_advisory_xact_lock(_PREPARING)))
            version = create_tables(connection)
            connection.commit()
        if version != SCHEMA_VERSION:
            why = (
                "A newer release made it: use that one, or another --database"
                if version > SCHEMA_VERSION
                else "An older release made it, and its rows cannot tell a used SPC from a fresh one: "
                "move it away to begin a new log, or name another --database"
            )
            raise LogUnavailable(
                f"transaction log {self._name}: expected schema version {SCHEMA_VERSION}, found {version}. {why}"
            )


def _without_secrets(url: URL) -> tuple[str, tuple[str, ...]]:
    """Return a URL as it may be shown, and what it must not show: passwords may be in its query too."""
    hidden = {name: value for name, value in url.query.items() if "password" in name.lower()}
    shown = url.update_query_dict(dict.fromkeys(hidden, HIDDEN)).render_as_string(hide_password=True)
    secrets = [each for value in hidden.values() for each in ([value] if isinstance(value, str) else value)]
    return shown, tuple(filter(None, (url.password, *secrets)))


def _make_engine(url: str, durable: bool) -> Engine:
    # One statement is one transaction, committed with its answer: no BEGIN and COMMIT to wait for, no ROLLBACK to make.
    options: dict[str, Any] = {"hide_parameters": True, "isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    named: dict[str, Any] = {"paramstyle": "named"}  # as PostgreSQL's driver has it anyway
    pool: dict[str, Any] = {"pool_size": MAX_CONNECTIONS, "max_overflow": 0, "pool_timeout": WAIT}
    try:
        parsed = make_url("sqlite:///:memory:" if url == MEMORY else url)
        match parsed.get_backend_name(), parsed.database:
            case "sqlite", None | "" | ":memory:":
                to_share = {"check_same_thread": False}
                engine = create_engine(parsed, **options, **named, poolclass=StaticPool, connect_args=to_share)
            case "sqlite", _:
                engine = create_engine(parsed, **options, **named, **pool, connect_args={"timeout": TIMEOUT - WAIT})
            case "postgresql", _:
                limits = {"pool_recycle": MAX_AGE, "connect_args": _POSTGRESQL_LIMITS}
                engine = create_engine(parsed, **options, **pool, **limits)
                event.listen(engine, "checkout", _check_alive)
                return engine
            case _:
                return create_engine(parsed, **options)
    except (NoSuchModuleError, ImportError):
        raise LogUnavailable(
            f"database: no driver for {parsed.drivername} is installed; PostgreSQL's comes with the extra postgres"
        ) from None
    except (ArgumentError, ValueError):
        # Not repeated here: what cannot be parsed may hold a password anywhere.
        raise LogUnavailable(
            "database: expected a URL like sqlite:///log.db (with a number as port, if any), found none"
        ) from None
    # With WAL, a committed row survives the death of the process; power loss may cost the newest ones unless FULL.
    synchronous = "FULL" if durable else "NORMAL"
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA synchronous={synchronous}"))
    return engine


def _check_alive(connection: Any, *_: object) -> None:
    """Have all connections made anew if one that is about to be used died with the server.

    A ping would tell as well, for one more exchange each time. Nobody has asked anything on this connection, so
    there is nothing to read from it unless the server said goodbye, or its end was closed without a word.
    """
    if connection.closed:
        raise InvalidatePoolError
    look = poll()
    look.register(connection, POLLIN)
    if look.poll(0):
        raise InvalidatePoolError
