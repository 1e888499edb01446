"""The /_sim/ routes and the HTTP errors, on an app of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient

from simulation.clock import Clock
from simulation.http_errors import register_http_errors
from simulation.journal import Journal
from simulation.routes import sim_routes

SECRET = "5EC7E7"


def make_client(
    *, enabled: bool = True, health: Callable[[], None] = lambda: None, resets: list[bool] | None = None
) -> FlaskClient:
    clock = Clock()
    journal = Journal("sees", clock)
    for trace in ("a", "b"):
        journal.record(step=1, summary="asked", trace=trace)
    app = Flask("test", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 100
    register_http_errors(app)
    app.register_blueprint(
        sim_routes(
            service="tested",
            version="9",
            journal=journal,
            health=health,
            clock=clock,
            on_reset=None if resets is None else resets.append,
            enabled=enabled,
        )
    )

    @app.post("/echo")
    def echo() -> Any:
        return {"length": len(request.get_data())}

    @app.get("/thing/<name>")
    def thing(name: str) -> Any:
        abort(404 if name == "none" else 415)

    @app.get("/broken")
    def broken() -> Any:
        raise RuntimeError(f"the secret is {SECRET.lower()}")

    return app.test_client()


@pytest.fixture
def client() -> FlaskClient:
    return make_client()


def test_health(client: FlaskClient) -> None:
    answer = client.get("/_sim/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "service": "tested", "version": "9"})


def test_health_tells_why_not() -> None:
    def unready() -> None:
        raise OSError("the log does not answer")

    answer = make_client(health=unready).get("/_sim/health")
    assert answer.status_code == 503
    assert answer.json == {"status": "unavailable", "service": "tested", "reason": "the log does not answer"}


def test_only_health_is_left_when_switched_off() -> None:
    client = make_client(enabled=False)
    assert client.get("/_sim/health").status_code == 200
    for method, path in (("GET", "clock"), ("POST", "clock"), ("GET", "journal"), ("POST", "reset")):
        assert client.open(f"/_sim/{path}", method=method).status_code == 404


def test_journal(client: FlaskClient) -> None:
    assert [entry["trace"] for entry in client.get("/_sim/journal").get_json()["entries"]] == ["a", "b"]
    assert [entry["seq"] for entry in client.get("/_sim/journal?trace=b").get_json()["entries"]] == [2]
    assert client.get("/_sim/journal?trace=c").json == {"entries": []}
    assert client.get("/_sim/journal?trace=a+b").status_code == 400
    assert client.delete("/_sim/journal").status_code == 200
    assert client.get("/_sim/journal").json == {"entries": []}


def test_clock(client: FlaskClient) -> None:
    before = client.get("/_sim/clock").get_json()
    assert before["offset"] == 0
    after = client.post("/_sim/clock", data=b'{"advance": 86400}').get_json()
    assert after["offset"] == 86400
    assert after["now"] > before["now"]
    assert after["now"].endswith("Z")


def test_reset() -> None:
    resets: list[bool] = []
    client = make_client(resets=resets)
    client.post("/_sim/clock", data=b'{"advance": 60}')
    for body in (b"", b"{}", b'{"log": false}', b'{"log": true}'):
        assert client.post("/_sim/reset", data=body).json == {"status": "ok"}
    assert resets == [False, False, False, True]
    assert client.get("/_sim/journal").json == {"entries": []}
    assert client.get("/_sim/clock").get_json()["offset"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("clock", b""),
        ("clock", b"{}"),
        ("clock", b"[]"),
        ("clock", b"60"),
        ("clock", b'{"advance": -1}'),
        ("clock", b'{"advance": "60"}'),
        ("clock", b'{"advance": true}'),
        ("clock", b'{"advance": NaN}'),
        ("clock", b'{"advance": 1, "advance": 2}'),
        ("clock", b'{"advance": 1, "to": 2}'),
        ("reset", b'{"log": 1}'),
        ("reset", b'{"logs": true}'),
        ("reset", b"\xff"),
    ],
)
def test_what_is_not_understood_is_refused_with_expected_and_found(client: FlaskClient, path: str, body: bytes) -> None:
    answer = client.post(f"/_sim/{path}", data=body)
    assert answer.status_code == 400
    assert set(answer.get_json()) == {"errorText", "expected", "found"}
    assert client.get("/_sim/clock").get_json()["offset"] == 0


def test_unknown_route_names_the_known_ones(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == answer.get_json()["error"] == 404
    assert "GET /nowhere" in answer.get_json()["errorText"]
    assert "/_sim/health" in answer.get_json()["errorText"]


def test_missing_thing_on_a_known_route(client: FlaskClient) -> None:
    assert "nothing here" in client.get("/thing/none").get_json()["errorText"]


def test_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    answer = client.put("/echo")
    assert answer.status_code == answer.get_json()["error"] == 405
    assert "POST" in answer.headers["Allow"]
    assert "POST" in answer.get_json()["errorText"]


def test_large_body(client: FlaskClient) -> None:
    assert client.post("/echo", data=b"x" * 100).json == {"length": 100}
    answer = client.post("/echo", data=b"x" * 101)
    assert answer.status_code == answer.get_json()["error"] == 413
    assert "at most 100 bytes, found 101" in answer.get_json()["errorText"]


def test_other_errors_are_json_too(client: FlaskClient) -> None:
    answer = client.get("/thing/some")
    assert answer.status_code == answer.get_json()["error"] == 415


def test_unforeseen_errors_tell_nothing(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = client.get("/broken")
    assert answer.status_code == answer.get_json()["error"] == 500
    assert "RuntimeError" in caplog.text
    assert "in broken" in caplog.text
    assert SECRET.lower() not in caplog.text + answer.text
