"""What a web page of another origin can do: nothing under /_sim/, and what --cors-origin says elsewhere."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from real_services import AUTHENTICATOR

from expressplay_mock.cli import main as mock_command
from hosting.process import Service, start
from server.cli import main as sees_command

FOREIGN = "http://evil.example"
PAGE = "http://127.0.0.1:3000"
SERVICES = {"mock": ["expressplay_mock", "--database=:memory:"], "sees": ["server", "--expressplay=http://127.0.0.1:1"]}
DOCUMENTED = {
    "mock": [("POST", "/hms/fp/token"), ("POST", "/hms/fp/rights/"), ("GET", "/cmiapi/getrecord/")],
    "sees": [("POST", "/sees/SEESServlet"), ("GET", "/titles"), ("GET", "/titles/film/master.m3u8")],
}
OPEN_SIM = ["/_sim/provisioning", "/_sim/fairplay.cer", "/_sim/fairplay-v1.cer"]
CLOSED_SIM = ["/_sim/health", "/_sim/journal", "/_sim/clock", "/_sim/faults", "/_sim/reset", "/_sim", "/_sim/nowhere"]
ACAO = "Access-Control-Allow-Origin"


@contextmanager
def serving(name: str, state: Path, *options: str) -> Iterator[Service]:
    module, *own = SERVICES[name]
    environment = {"SEES_AUTHENTICATOR": AUTHENTICATOR, "EXPRESSPLAY_MOCK_SERVE_STATE": str(state)}
    command = [sys.executable, "-m", module, "serve", *own, *options]
    with start(command, env=os.environ | environment) as service:
        yield service


@pytest.fixture(scope="module", params=SERVICES)
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(request.param, tmp_path_factory.mktemp("state")) as service:
        yield service


@pytest.fixture(scope="module", params=SERVICES)
def permitting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    options = [f"--cors-origin={PAGE}", "--allowed-host=Sees.Test", "--public-url=https://public.example:8443"]
    with serving(request.param, tmp_path_factory.mktemp("state"), *options) as service:
        yield service


def ask(service: Service, method: str, path: str, headers: Mapping[str, str], json: object = None) -> requests.Response:
    url = service.ready.get("local_url", service.url)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, f"{url}{path}", json=json, headers=dict(headers), timeout=20)


def name_of(service: Service) -> str:
    return "mock" if service.name == "expressplay-mock" else "sees"


FROM_ELSEWHERE = {
    "no-cors fetch": {"Origin": FOREIGN, "Content-Type": "text/plain"},
    "sandboxed frame": {"Origin": "null"},
    "image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "frame": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "another port": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    "DNS rebinding": {"Host": "evil.example", "Origin": FOREIGN},
    "DNS rebinding, a GET": {"Host": "evil.example:80"},
    "a name that begins like one of ours": {"Host": "127.0.0.1.evil.example"},
    "half an address": {"Host": "[::1"},
    "more than an address": {"Host": "[::1].evil.example"},
    "a name before another": {"Host": "localhost#evil.example"},
    "a page that is no web page": {"Host": "127.0.0.1:1", "Origin": "chrome-extension://127.0.0.1:1"},
    "no host": {"Host": ""},
}


@pytest.mark.parametrize("headers", FROM_ELSEWHERE.values(), ids=FROM_ELSEWHERE.keys())
def test_no_foreign_page_reaches_the_stage(plain: Service, headers: dict[str, str]) -> None:
    before = ask(plain, "GET", "/_sim/journal", {}).json()
    for path in [*CLOSED_SIM, *OPEN_SIM]:
        answer = ask(plain, "GET", path, headers)
        assert (answer.status_code, ACAO in answer.headers) == (403, False)
        assert "entries" not in answer.text
        assert "ask" not in answer.json()
    assert ask(plain, "POST", "/_sim/reset", headers, {"log": True}).status_code == 403
    assert ask(plain, "POST", "/_sim/clock", headers, {"advance": 60}).status_code == 403
    assert ask(plain, "GET", "/_sim/journal", {}).json() == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Host": "LOCALHOST:99"},
        {"Host": "192.0.2.7:8001"},
        {"Host": "[::1]:8001"},
        {"Host": "sees.localhost"},
        {"Host": "localhost:8001", "Origin": "http://localhost:8001", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    ],
)
def test_who_is_no_foreign_page_does(plain: Service, headers: dict[str, str]) -> None:
    assert ask(plain, "GET", "/_sim/health", headers).status_code == 200


def test_a_name_has_to_be_allowed(permitting: Service) -> None:
    for host in ("sees.test", "SEES.test.:8443", "public.example"):
        assert ask(permitting, "GET", "/_sim/health", {"Host": host}).status_code == 200
    own = {"Host": "127.0.0.1:1", "Origin": "https://public.example:8443"}
    assert ask(permitting, "GET", "/_sim/health", own).status_code == 200
    refused = ask(permitting, "GET", "/_sim/health", {"Host": "rebound.test"})
    assert refused.status_code == 403
    assert "--allowed-host NAME" in refused.json()["errorText"]
    assert "rebound" not in refused.text


def test_without_the_option_no_answer_says_anything_of_cors(plain: Service) -> None:
    for method, path in DOCUMENTED[name_of(plain)]:
        for headers in ({}, {"Origin": PAGE}):
            for asked in (method, "OPTIONS"):
                found = ask(plain, asked, path, headers).headers
                assert not [name for name in found if name.lower().startswith("access-control")]
                assert "Vary" not in found


def test_the_named_origin_may_read_what_is_documented(permitting: Service) -> None:
    name = name_of(permitting)
    sim = [("GET", path) for path in OPEN_SIM] if name == "mock" else []
    for method, path in DOCUMENTED[name] + sim:
        answer = ask(permitting, method, path, {"Origin": PAGE})
        assert (answer.headers[ACAO], answer.headers["Vary"]) == (PAGE, "Origin")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        asked = {"Origin": PAGE, "Access-Control-Request-Method": method}
        preflight = ask(permitting, "OPTIONS", path, asked)
        assert (preflight.status_code, preflight.text, preflight.headers[ACAO]) == (204, "", PAGE)
        assert method in preflight.headers["Access-Control-Allow-Methods"]
        assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()
        for other in (FOREIGN, "null", "http://127.0.0.1:3001", "https://127.0.0.1:3000"):
            for asking in (method, "OPTIONS"):
                refused = ask(permitting, asking, path, {"Origin": other})
                assert (ACAO in refused.headers, refused.headers["Vary"]) == (False, "Origin")


def test_the_named_origin_gets_no_further_into_the_stage(permitting: Service) -> None:
    for path in CLOSED_SIM:
        for method in ("GET", "POST", "OPTIONS"):
            answer = ask(permitting, method, path, {"Origin": PAGE})
            assert (answer.status_code, ACAO in answer.headers) == (403, False)


def test_a_star_is_any_page_of_a_loopback_host(tmp_path: Path) -> None:
    with serving("mock", tmp_path, "--cors-origin=*") as mock:
        for origin in ("http://127.0.0.1:1", "http://localhost", "https://[::1]:5", "http://a.localhost:8"):
            assert ask(mock, "GET", "/_sim/provisioning", {"Origin": origin}).headers[ACAO] == origin
        for origin in (FOREIGN, "null", "http://localhost.evil.example", "http://192.0.2.1", "file://", "http://[::1"):
            answer = ask(mock, "GET", "/_sim/provisioning", {"Origin": origin})
            assert (answer.status_code, ACAO in answer.headers) == (403, False)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--cors-origin=null", "every sandboxed frame"),
        ("--cors-origin=evil.example", "expected scheme, host and port"),
        ("--cors-origin=http://a/b", "expected scheme, host and port"),
        ("--cors-origin=http://[::1", "expected scheme, host and port"),
        ("--allowed-host=http://a", "expected a host name"),
        ("--allowed-host=a:80", "expected a host name"),
    ],
)
@pytest.mark.parametrize("command", [mock_command, sees_command], ids=["mock", "sees"])
def test_what_is_no_origin_is_refused_at_the_start(command: object, option: str, words: str, tmp_path: Path) -> None:
    environment = {"SEES_AUTHENTICATOR": AUTHENTICATOR, "EXPRESSPLAY_MOCK_SERVE_STATE": str(tmp_path)}
    result = CliRunner().invoke(command, ["serve", option], env=environment)  # type: ignore[arg-type]
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
