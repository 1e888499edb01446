"""The journal for people: `expressplay-mock journal`, and `/_sim/` as a page, with what strangers may write into it."""

import gzip
import json
import threading
import time

import pytest
import requests
from click.testing import CliRunner
from fixed_answer import FixedAnswer, answering
from mock_over_http import KEYS, MINE, Mock
from real_services import services

from emulator.binding import connect, register
from expressplay_mock.cli import main
from expressplay_mock.inbox.journal_command import MAX_ANSWER

HOSTILE = "<script>alert(1)</script>"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ESCAPE = "\x1b[2J\x07"


def shown(mock: Mock, *options: str) -> list[str]:
    result = CliRunner().invoke(main, ["journal", "--url", mock.url, *options])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_the_command_shows_requests_rows_and_why_something_was_refused(mock: Mock) -> None:
    mock.license()
    mock.token(iv="short")
    token, redemption, row, refused, why, hint = shown(mock)
    assert "POST /hms/fp/token: 200 token request: cookie-bound token made; asked with contentKey" in token
    assert "POST /hms/fp/rights/: 200 redemption: CKC issued" in redemption
    assert f"row: event 1, cookie 'alice', device {MINE.hex()[:8]}…, registration, issued" in row
    assert "400 token request: refused, -6003" in refused
    assert why.startswith("    iv: expected 32 hexadecimal digits, found")
    assert hint.startswith("    hint: iv: expected")
    assert KEYS["contentKey"] not in token


def test_the_command_shows_one_trace_and_json(mock: Mock) -> None:
    for trace in ("one", "two"):
        mock.http.post(f"{mock.url}/hms/fp/token", data=KEYS, headers={"X-Sim-Trace": trace}, timeout=10)
    [line] = shown(mock, "--trace", "two")
    assert " [two] POST /hms/fp/token" in line
    [line] = shown(mock, "--trace=one", "--json")
    assert json.loads(line)["trace"] == "one"


def test_the_page_shows_bytes_that_were_no_text(mock: Mock) -> None:
    for cookie in (b"%FF", b"%ED%A0%80"):
        mock.http.post(f"{mock.url}/hms/fp/token", data=b"cookie=" + cookie, headers=FORM, timeout=10)
    entries = [entry["seq"] for entry in mock.http.get(f"{mock.url}/_sim/journal", timeout=10).json()["entries"]]
    assert len(entries) == 2
    for entry in entries:
        page = mock.http.get(f"{mock.url}/_sim/entries/{entry}", timeout=10)
        assert page.status_code == 200
        assert "\\ud" in page.text


def test_the_command_follows(mock: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def pause(_: float) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        mock.token(cookie="later")

    monkeypatch.setattr(time, "sleep", pause)
    mock.token()
    first, second = shown(mock, "--follow")
    assert "unbound token" in first
    assert "cookie-bound token" in second


def test_no_control_sequence_reaches_the_terminal(mock: Mock) -> None:
    mock.license(cookie=f"a{ESCAPE}")
    assert ESCAPE[0] not in "".join(shown(mock))


def test_whoever_answers_no_control_sequence_reaches_the_terminal() -> None:
    entry = {"seq": 1, "time": f"2026-11-26T{ESCAPE}", "trace": ESCAPE, "summary": ESCAPE}
    with answering(FixedAnswer(json.dumps({"entries": [entry]}))) as url:
        result = CliRunner().invoke(main, ["journal", "--url", url])
    assert result.exit_code == 0
    assert not set(ESCAPE[0::4]) & set(result.output)
    assert result.output.count("\n") == 1


def test_the_journal_of_sees_is_shown_as_well() -> None:
    with services() as (sees, expressplay):
        client = connect(sees, expressplay, "device A")
        register(client, "alice")
        client.web.close()
        result = CliRunner().invoke(main, ["journal", "--url", sees])
    assert result.exit_code == 0, result.output
    assert "POST /hms/fp/token" in result.output


def test_no_more_is_read_than_a_journal_can_hold() -> None:
    one_million = b'{"entries": ["' + b"x" * 1_000_000
    bomb = gzip.compress(one_million * (MAX_ANSWER // 1_000_000 + 1), compresslevel=1)
    with answering(FixedAnswer(bomb, headers={"Content-Encoding": "gzip"})) as url:
        result = CliRunner().invoke(main, ["journal", "--url", url])
    assert result.exit_code == 1
    assert f"at most {MAX_ANSWER} bytes" in result.output


@pytest.mark.parametrize("body", ["[]", "{}", '{"entries": 1}', '{"entries": [1]}', '{"entries": [{}]}', "[" * 60_000])
def test_what_is_no_journal_is_one_clear_line(body: str) -> None:
    with answering(FixedAnswer(body)) as url:
        result = CliRunner().invoke(main, ["journal", "--url", url])
    assert result.exit_code == 1
    assert "expected the journal of expressplay-mock" in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [("http://127.0.0.1:9", "Is expressplay-mock running?"), ("{}/hms", "with --no-sim, or is something else")],
)
def test_the_command_says_what_is_no_mock(mock: Mock, url: str, said: str) -> None:
    result = CliRunner().invoke(main, ["journal", "--url", url.format(mock.url)])
    assert result.exit_code == 1
    assert said in result.output
    assert result.output.count("\n") == 1


def get(mock: Mock, path: str) -> requests.Response:
    return mock.http.get(f"{mock.url}{path}", timeout=10)


def test_the_page_escapes_what_strangers_wrote(mock: Mock) -> None:
    agent = {"User-Agent": HOSTILE}
    mock.http.post(f"{mock.url}/hms/fp/token", data=KEYS | {"cookie": HOSTILE}, headers=agent, timeout=10)
    mock.license(cookie=HOSTILE)
    entries = mock.journal()
    for path in ("/_sim/", *(f"/_sim/entries/{entry['seq']}" for entry in entries)):
        page = get(mock, path)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert HOSTILE not in page.text
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
    first = get(mock, f"/_sim/entries/{entries[0]['seq']}").text
    assert "<dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>" in first
    assert KEYS["contentKey"] not in first
    assert KEYS["customerAuthenticator"] not in first


def test_the_page_shows_the_newest_first_and_marks_what_was_refused(mock: Mock) -> None:
    mock.token()
    mock.token(iv="short")
    page = get(mock, "/_sim/").text
    assert page.index("refused, -6003") < page.index("unbound token made")
    assert page.count('class="request refused"') == 1
    assert "2 entries" in page


def test_an_entry_that_is_gone_is_not_found(mock: Mock) -> None:
    assert get(mock, "/_sim/entries/999999").status_code == 404
    assert get(mock, "/_sim/inbox/inbox.html").status_code == 404
