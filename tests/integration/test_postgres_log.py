"""PostgreSQL as the log's engine: what is PostgreSQL's alone. The conformance suite is test_transaction_log.py."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.postgres import Postgres
from benchmarks.workload import workload_of
from expressplay_mock.app import Config, create_app
from expressplay_mock.record import Row
from expressplay_mock.record_query import ByCookie, Recent
from expressplay_mock.transaction_log import LogUnavailable, TransactionLog

ROW = Row("1001", 1_700_000_000.0, "viewer-7", "ab" * 20, "film", True, 0, None, None)
TIMEOUT = "expressplay_mock.transaction_log.TIMEOUT"


def test_a_look_up_by_cookie_uses_its_index(postgres: Postgres) -> None:
    url = postgres.new_database()
    log = TransactionLog(url)
    for number in range(50):
        log.append(replace(ROW, cookie=f"c{number}"))
    assert len(log.find("1001", ByCookie("c7"))) == 1
    log.close()
    question = "SELECT * FROM events WHERE account = '1001' AND cookie = 'c7' AND result = 0 ORDER BY event_id DESC"
    plan = str(postgres.execute(f"EXPLAIN {question} LIMIT 32", url))
    assert "events_by_cookie" in plan
    assert "Sort" not in plan


def test_a_log_outlives_its_server(postgres: Postgres) -> None:
    log = TransactionLog(postgres.new_database())
    record = log.append(ROW)
    postgres.kill()
    for action in (log.check, lambda: log.append(ROW), lambda: log.find("1001", Recent())):
        with pytest.raises(LogUnavailable) as caught:
            action()
        assert len(str(caught.value).splitlines()) == 1
    postgres.restart()
    assert log.find("1001", Recent()) == [record]
    assert log.append(ROW).event_id > record.event_id
    log.close()


def test_a_server_that_ended_and_came_back_costs_no_request(postgres: Postgres) -> None:
    log = TransactionLog(postgres.new_database())
    for action in (lambda: log.append(ROW), lambda: log.find("1001", Recent())):
        action()
        postgres.kill()
        postgres.restart()
        action()
    log.close()


def test_a_lock_that_is_held_ends_the_wait_with_an_error(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = "expressplay_mock.transaction_log._POSTGRESQL_LIMITS"
    monkeypatch.setattr(limits, {"options": "-c statement_timeout=200ms -c lock_timeout=100ms"})
    url = postgres.new_database()
    log = TransactionLog(url)
    with postgres.locked("events", url), pytest.raises(LogUnavailable, match="timeout"):
        log.append(ROW)
    assert log.append(ROW).row == ROW
    log.close()


def test_a_server_that_stands_still_is_given_up_from_this_side(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = TransactionLog(postgres.new_database())
    record = log.append(ROW)
    with monkeypatch.context() as patch, postgres.frozen():  # a statement_timeout would run in the server, which sleeps
        patch.setattr(TIMEOUT, 1)
        for action in (lambda: log.find("1001", Recent()), lambda: log.append(ROW), log.check):
            with pytest.raises(LogUnavailable):
                action()
    assert record in log.find("1001", Recent())
    log.check()
    log.close()


@pytest.mark.parametrize("how", ["frozen", "locked"])
def test_every_route_answers_while_the_database_does_not(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    url = postgres.new_database()
    app = create_app(Config(state=tmp_path, database=url, teach=True))
    client = app.test_client()
    workload = workload_of(tmp_path)

    def ask_for_the_log() -> dict[str, int]:
        token, authenticator = workload.token("a"), workload.credentials.account.authenticator
        answers = {
            "/hms/fp/rights/": client.post(
                "/hms/fp/rights/", query_string={"ExpressPlayToken": token}, data=workload.spc("a")
            ),
            "/cmiapi/getrecord/": client.get(
                "/cmiapi/getrecord/", query_string={"customerAuthenticator": authenticator}
            ),
            "/_sim/reset": client.post("/_sim/reset", json={"log": True}),
            "/_sim/health": client.get("/_sim/health"),
        }
        assert all(answer.json for answer in answers.values() if answer.status_code != 200)
        return {path: answer.status_code for path, answer in answers.items()}

    with monkeypatch.context() as patch, postgres.frozen() if how == "frozen" else postgres.locked("events", url):
        patch.setattr(TIMEOUT, 1)
        refused = ask_for_the_log()
        assert refused == dict.fromkeys(refused, 503)
        for rule in app.url_map.iter_rules():
            for method in rule.methods or () if rule.rule not in refused else ():
                path = re.sub("<.*>", "1", rule.rule)
                assert client.open(path, method=method, json={}).status_code < 500, (method, path)
    assert ask_for_the_log() == dict.fromkeys(refused, 200)


NO_ROOM = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER no_room BEFORE INSERT ON events EXECUTE FUNCTION no_room()
"""


def test_no_check_succeeds_where_a_row_could_not_be_written(postgres: Postgres) -> None:
    url = postgres.new_database()
    log = TransactionLog(url)
    record = log.append(ROW)
    postgres.execute(NO_ROOM, url)
    for action in (log.check, lambda: log.append(ROW), log.check):
        with pytest.raises(LogUnavailable, match="could not extend file"):
            action()
    postgres.execute("DROP TRIGGER no_room ON events", url)
    for _ in range(3):
        log.check()
    assert postgres.execute("SELECT count(*) FROM events", url) == [(1,)]
    assert log.append(ROW).event_id > record.event_id
    log.close()


def test_a_database_that_is_not_there_is_one_line_without_a_password() -> None:
    with pytest.raises(LogUnavailable) as caught:
        TransactionLog("postgresql+psycopg://user:hunter2@127.0.0.1:1/nowhere")
    assert "hunter2" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
