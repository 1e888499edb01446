"""A database that others altered: a row that it keeps out is no replay and no mistake of the program, but -2030."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from benchmarks.postgres import Postgres
from benchmarks.workload import Workload, workload_of
from expressplay_mock.app import Config, create_app

OTHER_UNIQUE_INDEX = "CREATE UNIQUE INDEX other ON events (result)"
OTHER_CONDITION = "DROP INDEX one_license_per_spc; CREATE UNIQUE INDEX one_license_per_spc ON events (replay_id)"
POSTGRESQL = {
    "the sequence behind the rows": """
        INSERT INTO events (account, time, registration, result) SELECT '1', 1, false, 1 FROM generate_series(1, 50);
        SELECT setval(pg_get_serial_sequence('events', 'event_id'), 1, false)""",
    "a trigger that returns NULL": """
        CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER swallow BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION nothing()""",
    "a rule instead": "CREATE RULE nothing AS ON INSERT TO events DO INSTEAD NOTHING",
    "a column more": "ALTER TABLE events ADD more int DEFAULT 0 NOT NULL; ALTER TABLE events ALTER more DROP DEFAULT",
    "another unique index": OTHER_UNIQUE_INDEX,
}
SQLITE = {
    "a trigger that ignores": "CREATE TRIGGER swallow BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END",
    "a trigger that names the index": """
        CREATE TRIGGER refuse BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'one_license_per_spc'); END""",
    "another unique index": OTHER_UNIQUE_INDEX,
}
ALTERATIONS = [
    (engine, sql) for engine, ways in (("postgresql", POSTGRESQL), ("sqlite", SQLITE)) for sql in ways.values()
]
NAMES = [f"{engine}: {name}" for engine, ways in (("postgresql", POSTGRESQL), ("sqlite", SQLITE)) for name in ways]


class Mock:
    """A mock on a database of its own, which `alter` changes behind its back."""

    def __init__(self, client: FlaskClient, workload: Workload, alter: Callable[[str], object]) -> None:
        self.client, self.workload, self.alter = client, workload, alter

    def redeem(self, spc: bytes) -> tuple[int, int]:
        """Redeem a new token with an SPC; returns the status and the code of the refusal, or 0."""
        token = {"ExpressPlayToken": self.workload.token("viewer")}
        answer = self.client.post("/hms/fp/rights/", query_string=token, data=spc)
        return answer.status_code, 0 if answer.status_code == 200 else (answer.json or {})["errorCode"]

    def health(self) -> int:
        """Return the status of its health."""
        return self.client.get("/_sim/health").status_code


@pytest.fixture
def mock(request: pytest.FixtureRequest, tmp_path: Path) -> Mock:
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.new_database()
        alter: Callable[[str], object] = lambda sql: postgres.execute(sql, url)  # noqa: E731
    else:
        path = tmp_path / "altered.db"
        url = f"sqlite:///{path}"

        def alter(sql: str) -> None:
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(sql)

    client = create_app(Config(state=tmp_path, database=url)).test_client()
    return Mock(client, workload_of(tmp_path), alter)


@pytest.mark.parametrize(("mock", "alteration"), ALTERATIONS, ids=NAMES, indirect=["mock"])
def test_a_row_that_is_kept_out_is_no_replay(mock: Mock, alteration: str) -> None:
    assert mock.redeem(mock.workload.spc("a")) == (200, 0)
    mock.alter(alteration)
    assert [mock.redeem(mock.workload.spc("a")) for _ in range(3)] == [(503, -2030)] * 3
    assert mock.health() == 503


@pytest.mark.parametrize("mock", ["postgresql", "sqlite"], indirect=True)
def test_a_replay_whose_row_is_refused_too_ends_with_that(mock: Mock) -> None:
    spc = mock.workload.spc("a")
    mock.alter(OTHER_CONDITION)
    assert mock.redeem(spc) == (200, 0)
    assert mock.redeem(spc) == (503, -2030)


@pytest.mark.parametrize("mock", ["postgresql"], indirect=True)
def test_health_tells_of_numbers_behind_the_rows_though_the_next_one_is_free(mock: Mock) -> None:
    assert [mock.redeem(mock.workload.spc("a")) for _ in range(3)] == [(200, 0)] * 3
    mock.alter("""
        DELETE FROM events WHERE event_id < 3;
        SELECT setval(pg_get_serial_sequence('events', 'event_id'), 1, false)""")
    assert mock.health() == 503
    mock.alter("SELECT setval(pg_get_serial_sequence('events', 'event_id'), 3)")
    assert mock.health() == 200


@pytest.mark.parametrize("mock", ["postgresql", "sqlite"], indirect=True)
def test_health_leaves_no_row_behind(mock: Mock) -> None:
    assert [mock.health() for _ in range(3)] == [200] * 3
    account = mock.workload.credentials.account
    mock.alter(f"UPDATE events SET account = '{account.number}'")
    query = {"customerAuthenticator": account.authenticator}
    assert mock.client.get("/cmiapi/getrecord/", query_string=query).json == {"records": []}


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE events SET time = 'yesterday'",
        "UPDATE events SET time = 9e99",
        "UPDATE events SET result = 'good'",
        "UPDATE events SET cookie = x'ff'",
        "UPDATE events SET cookie = CAST(x'ff' AS text)",
    ],
)
@pytest.mark.parametrize("mock", ["sqlite"], indirect=True)
def test_rows_that_make_no_sense_are_not_told(mock: Mock, alteration: str) -> None:
    assert mock.redeem(mock.workload.spc("a")) == (200, 0)
    mock.alter(alteration)
    authenticator = {"customerAuthenticator": mock.workload.credentials.account.authenticator, "errorFormat": "json"}
    answer = mock.client.get("/cmiapi/getrecord/", query_string=authenticator)
    assert (answer.status_code, (answer.json or {})["errorCode"]) == (503, -2030)
