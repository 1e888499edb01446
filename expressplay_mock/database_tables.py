"""The tables of the transaction log, and the statements that write and read them.

The unique index over the replay ids of issued rows is what refuses a second license for one SPC.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from expressplay_mock.record import Record, Row
from expressplay_mock.record_query import MAX_RECENT, ByCookie, ById, Query, Recent, Window

SCHEMA_VERSION = 2
"""1 had replay ids of the transaction id and the anti-replay seed, which nothing in an SPC authenticates."""
ROW_FIELDS = [field.name for field in fields(Row)]

_metadata = MetaData()
EVENTS = Table(
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
_schema = Table("schema_version", _metadata, Column("version", Integer, primary_key=True, autoincrement=False))
_issued = EVENTS.c.result == literal_column("0")  # not as a bound value: planners match the text of partial indexes
Index("events_by_account", EVENTS.c.account, EVENTS.c.event_id.desc())
_of_replay_ids = Index("one_license_per_spc", EVENTS.c.replay_id, unique=True)
_of_issued_rows = (
    Index("events_by_cookie", EVENTS.c.account, EVENTS.c.cookie, EVENTS.c.event_id.desc()),
    _of_replay_ids,
)
# Made once: to build a statement takes longer than to run it.
INSERT = insert(EVENTS).returning(EVENTS.c.event_id)
NEWEST = f"SELECT max(event_id) FROM {EVENTS.name}"  # noqa: S608 - no value in it comes from elsewhere
_newest_first = select(EVENTS).where(EVENTS.c.account == bindparam("of")).order_by(EVENTS.c.event_id.desc())
_RECENT = _newest_first.limit(MAX_RECENT)
_BY_COOKIE = _newest_first.where(EVENTS.c.cookie == bindparam("asked"), _issued).limit(MAX_RECENT)
_BY_ID = _newest_first.where(EVENTS.c.event_id == bindparam("asked"))
_WINDOW = _newest_first.offset(bindparam("start", type_=BigInteger)).limit(bindparam("length", type_=Integer))


def create_tables(connection: Connection) -> int:
    """Make what is not there yet of tables and indexes. Return the version of the schema that is there then."""
    for partial in _of_issued_rows:
        # Not said for every engine where they are made: SQLAlchemy would import the dialects of all of them.
        partial.dialect_kwargs[f"{connection.dialect.name}_where"] = _issued
    for table in _metadata.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
        for index in table.indexes:
            connection.execute(CreateIndex(index, if_not_exists=True))
    version: int | None = connection.execute(select(func.max(_schema.c.version))).scalar()
    if version is None:
        connection.execute(insert(_schema).values(version=SCHEMA_VERSION))
    return SCHEMA_VERSION if version is None else version


def statement(account: str, query: Query) -> tuple[Select[Any], dict[str, Any]]:
    """Return the statement that answers `query`, and the values that it is asked with."""
    match query:
        case Recent():
            return _RECENT, {"of": account}
        case ByCookie(cookie):
            return _BY_COOKIE, {"of": account, "asked": cookie}
        case ById(event_id):
            return _BY_ID, {"of": account, "asked": event_id}
        case Window(start, length):
            return _WINDOW, {"of": account, "start": start, "length": length}


def violates_replay_index(error: Exception) -> bool:
    """Tell whether a driver's error says that the index of replay ids refused a row: that it, and no other rule, did.

    PostgreSQL's drivers name the index (https://www.psycopg.org/psycopg3/docs/api/errors.html, `Diagnostic`). SQLite
    names the columns, in the whole text of its error (https://www.sqlite.org/rescode.html#constraint_unique).
    """
    if diagnostic := getattr(error, "diag", None):
        return bool(diagnostic.constraint_name == _of_replay_ids.name)
    return str(error) == f"UNIQUE constraint failed: {EVENTS.c.replay_id}"


_TEXT, _MAYBE_TEXT = (str,), (str, type(None))
_FORMS: tuple[tuple[type, ...], ...] = (
    (int,), _TEXT, (float, int), _MAYBE_TEXT, _MAYBE_TEXT, _MAYBE_TEXT, (bool,), (int,), (int, type(None)), _MAYBE_TEXT,
)  # fmt: skip
"""The types of what was read, column by column: whoever has the database can write anything into it."""
_YEAR_10000 = 253_402_300_800


def record_of(values: Sequence[Any]) -> Record:
    """Return the record of a row as it was read. Raises `ValueError` for one that this program never writes."""
    event_id, *rest = values
    record = Record(event_id, Row(*rest))
    as_written = all(isinstance(value, form) for value, form in zip(values, _FORMS, strict=True))
    if not as_written or not 0 <= record.row.time < _YEAR_10000:
        raise ValueError(f"row {event_id} has values that this program never writes")
    return record
