"""The transaction log: one append-only table of redemptions, in SQLite or any database that SQLAlchemy speaks.

A row is committed before its license leaves, so whatever was answered is in the log. A unique index over the
replay ids of issued rows makes the insert itself the check against replays: it also holds where several processes
share one database.
"""

import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    StaticPool,
    String,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from expressplay_mock.record_service import RECENT, ByCookie, ById, Query, Recent, Record, Row, Window

SCHEMA_VERSION = 1
BUSY_TIMEOUT = 5
"""Seconds that SQLite waits for another process's write to end."""
MEMORY = ":memory:"

_metadata = MetaData()
_events = Table(
    "events",
    _metadata,
    # SQLite numbers rows by itself only in a column that is called INTEGER.
    Column("event_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", String, nullable=False),
    Column("time", Double, nullable=False),
    Column("cookie", String),
    Column("device_id", String),
    Column("content_id", String),
    Column("registration", Boolean, nullable=False),
    Column("result", Integer, nullable=False),
    Column("cause", Integer),
    Column("replay_id", String),
    sqlite_autoincrement=True,  # no number is given twice, not even after rows were deleted
)
_issued = _events.c.result == literal_column("0")  # not as a bound value: planners match the text of partial indexes
Index("events_by_account", _events.c.account, _events.c.event_id.desc())
Index(
    "events_by_cookie",
    _events.c.account,
    _events.c.cookie,
    _events.c.event_id.desc(),
    sqlite_where=_issued,
    postgresql_where=_issued,
)
Index(
    "one_license_per_spc",
    _events.c.replay_id,
    unique=True,
    sqlite_where=_issued,
    postgresql_where=_issued,
)
_schema = Table("schema_version", _metadata, Column("version", Integer, primary_key=True, autoincrement=False))


class LogUnavailable(Exception):
    """The log cannot be opened, read or written; the text is one line, without the password of a URL."""


class Replayed(Exception):
    """A license was already issued for the SPC of this row; the row was not written."""


class TransactionLog:
    """The log behind ``url``, made ready at once. Raises `LogUnavailable`, as every method may.

    ``:memory:`` (or ``sqlite:///:memory:``) is a log of its own that ends with the process.
    """

    def __init__(self, url: str) -> None:
        self._engine = _make_engine(url)
        self._name = self._engine.url.render_as_string(hide_password=True)
        # Closes the connections when it is called, when the log is forgotten, or when the program ends.
        self.close = weakref.finalize(self, self._engine.dispose)
        # One connection for all threads: they take turns.
        in_memory = isinstance(self._engine.pool, StaticPool)
        self._turn: AbstractContextManager[Any] = threading.Lock() if in_memory else nullcontext()
        try:
            self._prepare()
        except (LogUnavailable, IntegrityError):
            # Another process may just have been making the tables. If that was it, they are there now.
            self._prepare()

    def append(self, row: Row) -> Record:
        """Commit ``row`` and return it with its number. Raises `Replayed` for a second license for one SPC."""
        try:
            with self._transaction() as connection:
                inserted = connection.execute(insert(_events).values(**asdict(row)))
                event_id = inserted.inserted_primary_key[0]  # type: ignore[index]  # None for many rows only
        except IntegrityError:
            raise Replayed from None
        return Record(event_id, row)

    def find(self, account: str, query: Query) -> list[Record]:
        """Return the records of ``account`` that ``query`` asks for, newest first."""
        with self._transaction() as connection:
            found = connection.execute(_statement(account, query)).mappings().all()
        return [_record(columns) for columns in found]

    def check(self) -> None:
        """Ask for nothing but an answer."""
        with self._transaction() as connection:
            _schema_version(connection)

    def clear(self) -> None:
        """Delete all rows, for tests; numbering goes on."""
        with self._transaction() as connection:
            connection.execute(delete(_events))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._turn, self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise LogUnavailable(f"transaction log {self._name}: {reason}") from None

    def _prepare(self) -> None:
        with self._transaction() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            for table in _metadata.sorted_tables:
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))
            version = _schema_version(connection)
            if version is None:
                connection.execute(insert(_schema).values(version=SCHEMA_VERSION))
        if version is not None and version > SCHEMA_VERSION:
            raise LogUnavailable(
                f"transaction log {self._name}: expected schema version {SCHEMA_VERSION}, found {version}. "
                "A newer release made it: use that one, or another --database"
            )


def _make_engine(url: str) -> Engine:
    options: dict[str, Any] = {"hide_parameters": True}
    try:
        parsed = make_url("sqlite:///:memory:" if url == MEMORY else url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, **options)
        if parsed.database in (None, "", MEMORY):
            engine = create_engine(parsed, **options, poolclass=StaticPool, connect_args={"check_same_thread": False})
        else:
            engine = create_engine(parsed, **options, connect_args={"timeout": BUSY_TIMEOUT})
    except (NoSuchModuleError, ImportError):
        raise LogUnavailable(f"database: no driver for {parsed.drivername} is installed; install its package") from None
    except ArgumentError:
        # Not repeated here: what cannot be parsed may hold a password anywhere.
        raise LogUnavailable("database: expected a URL like sqlite:///log.db, found none") from None
    event.listen(engine, "connect", _on_sqlite_connect)
    return engine


def _on_sqlite_connect(connection: Any, _: Any) -> None:
    # With WAL, a committed row survives the death of the process; power loss may cost the newest ones.
    connection.execute("PRAGMA synchronous=NORMAL")


def _schema_version(connection: Connection) -> int | None:
    version: int | None = connection.execute(select(func.max(_schema.c.version))).scalar()
    return version


def _statement(account: str, query: Query) -> Select[Any]:
    newest_first = select(_events).where(_events.c.account == account).order_by(_events.c.event_id.desc())
    match query:
        case Recent():
            return newest_first.limit(RECENT)
        case ByCookie(cookie):
            return newest_first.where(_events.c.cookie == cookie, _issued).limit(RECENT)
        case ById(event_id):
            return newest_first.where(_events.c.event_id == event_id)
        case Window(start, length):
            return newest_first.offset(start).limit(length)


def _record(columns: RowMapping) -> Record:
    values = dict(columns)
    return Record(values.pop("event_id"), Row(**values))
