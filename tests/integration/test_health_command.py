"""`health`: a service that is ready, one that is not yet, and what is none."""

import socket
import threading

import pytest
from click.testing import CliRunner
from fixed_answer import FixedAnswer, answering
from real_services import expressplay_service

from expressplay_mock.cli import main as mock
from hosting.health import problem_of
from server.cli import main as sees


def test_a_ready_service() -> None:
    with expressplay_service() as url:
        result = CliRunner().invoke(mock, ["health", "--url", url])
        assert (result.exit_code, result.output) == (0, f"expressplay-mock at {url} is ready\n")
        other = CliRunner().invoke(sees, ["health", "--url", url])
        assert (other.exit_code, other.output) == (
            1,
            f"Error: sees-server at {url} is not ready: expected sees-server, found expressplay-mock\n",
        )


def test_a_service_that_becomes_ready_is_waited_for() -> None:
    answer = FixedAnswer('{"reason": "the log does not answer"}', status=503)
    asked = threading.Event()

    def body() -> str:
        if asked.is_set():
            answer.status = 200
            return '{"service": "expressplay-mock"}'
        asked.set()
        return '{"reason": "the log does not answer"}'

    with answering(answer) as url:
        assert problem_of("expressplay-mock", url) == "the log does not answer"
        answer.body, answer.status = body, 503
        result = CliRunner().invoke(mock, ["health", "--url", url, "--wait", "20"])
        assert (result.exit_code, asked.is_set()) == (0, True)


@pytest.mark.parametrize("wait", ["0", "0.1"])
def test_nothing_there_is_one_clear_line(wait: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    result = CliRunner().invoke(mock, ["health", "--url", url, "--wait", wait])
    assert result.exit_code == 1
    assert "Connection refused" in result.output
    assert len(result.output.splitlines()) == 1


def test_another_web_server_is_not_ready() -> None:
    with answering(FixedAnswer("<h1>It works!")) as url:
        assert problem_of("expressplay-mock", url) == "something else answers there"


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, '{"reason": "down\\u001b[31m\\nfor long"}'), (503, "[" * 60_000), (200, "[" * 60_000), (200, "[]")],
)
def test_whatever_answers_it_is_one_line_without_escapes(status: int, body: str) -> None:
    with answering(FixedAnswer(body, status=status)) as url:
        result = CliRunner().invoke(mock, ["health", "--url", url])
    assert result.exit_code == 1
    assert f"expressplay-mock at {url} is not ready" in result.output
    assert result.output.count("\n") == 1
    assert "\x1b" not in result.output
