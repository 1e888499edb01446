"""`expressplay-mock compare` against a second mock: ten planted differences are named, no value is."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Certificates
from click.testing import CliRunner, Result
from flask import Flask, Response, jsonify, redirect, request
from real_services import AUTHENTICATOR
from werkzeug.wrappers import Response as BaseResponse

from expressplay_mock.app import Config, create_app
from expressplay_mock.cli import main
from expressplay_mock.compare.probes import MAX_REQUESTS, MAX_TOKENS, PROBES, RECORDS, TOKEN
from expressplay_mock.compare.shapes import shape_of
from hosting.serving import running

Change = Callable[[Response], BaseResponse]


def error(code: int, status: int) -> Response:
    response = jsonify({"errorCode": code, "errorMessage": "no", "hint": "none"})
    response.status_code = status
    return response


def other_type(answer: Response) -> Response:
    return Response(answer.data, content_type="text/plain")


def form(name: str) -> str:
    return request.form.get(name, "")


def of_nobody() -> bool:
    return "999999999" in request.full_path


def asked_records(*names: str) -> bool:
    return "getrecord" in request.path and list(request.args) == ["customerAuthenticator", *names]


def token_url(_: Response) -> Response:
    return Response("https://x/?ExpressPlayToken=AQAA", content_type="text/uri-list")


def page(_: Response) -> Response:
    return Response("<!DOCTYPE html>", 401, content_type="text/html")


# By the name of the probe that must find it: when it acts, and how.
PLANTED: dict[str, tuple[Callable[[], bool], Change]] = {
    "no authenticator": (
        lambda: bool(form("iv") and form("errorFormat")) and not form("customerAuthenticator"),
        lambda _: error(-2017, 403),
    ),
    "an authenticator of nobody, HTML": (
        lambda: bool(form("customerAuthenticator")) and not form("errorFormat"),
        lambda _: error(-2018, 401),
    ),
    "a short iv": (lambda: len(form("iv")) == 30, lambda _: error(-2005, 400)),
    "general flags": (lambda: "generalFlags" in request.form, lambda _: Response("", 400)),
    "a cookie of 33 characters": (lambda: len(form("cookie")) == 33, token_url),
    "an extension of no Base64": (lambda: "*" in form("fpExtension"), lambda _: redirect("https://x/")),
    "token with cookie and device": (lambda: len(form("deviceId")) == 40, other_type),
    "the newest records": (lambda: asked_records() and not of_nobody(), lambda _: jsonify({"events": []})),
    "a record by an id of none": (lambda: asked_records("id"), lambda _: jsonify({"records": []})),
    "records for nobody": (of_nobody, page),
}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def service(certificates: Certificates, asked: list[str]) -> Iterator[Callable[..., tuple[str, list[str]]]]:
    """Serve a second mock, with planted differences; returns its options."""
    with running(lambda url: planted(url, asked), certificates.server()) as url:
        yield lambda: (url, asked)


changes: dict[str, tuple[Callable[[], bool], Change]] = {}


def planted(url: str, asked: list[str]) -> Flask:
    app = create_app(Config(public_url=url, authenticator=AUTHENTICATOR))

    @app.before_request
    def count() -> None:
        asked.append(request.path)
        request.get_data(cache=True)  # for the form, which is looked at once the mock has read it

    @app.after_request
    def change(response: Response) -> BaseResponse:
        for acts, changed in changes.values():
            if acts():
                return changed(response)
        return response

    return app


def compare(url: str, ca: Path, *options: str, authenticator: str | None = AUTHENTICATOR) -> Result:
    services = (f"--token-url={url}/hms/fp/token", f"--records-url={url}/cmiapi/getrecord/", f"--ca={ca}")
    return CliRunner().invoke(main, ["compare", *services, *options], env={"EXPRESSPLAY_AUTHENTICATOR": authenticator})


def test_two_mocks_answer_alike(service: Callable[[], tuple[str, list[str]]], certificates: Certificates) -> None:
    url, asked = service()
    result = compare(url, certificates.ca, "--test-account")
    assert result.exit_code == 0, result.output
    assert f"{len(PROBES)} requests, 0 answered differently" in result.output
    assert len(asked) == len(PROBES)
    assert not [path for path in asked if "rights" in path]


def test_ten_planted_differences_are_named_and_no_value_is(
    service: Callable[[], tuple[str, list[str]]],
    certificates: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, change in PLANTED.items():
        monkeypatch.setitem(changes, name, change)
    url, _ = service()
    report = tmp_path / "report.json"
    result = compare(url, certificates.ca, "--test-account", f"--report={report}")
    assert result.exit_code == 1
    told = json.loads(report.read_text())
    assert {probe["name"] for probe in told["probes"] if probe["differs"]} == set(PLANTED)
    assert "10 answered differently" in result.output
    for text in (result.output, report.read_text()):
        assert AUTHENTICATOR.split(",")[1] not in text
        assert "AQAA" not in text
        assert url not in text
    by_name = {probe["name"]: probe for probe in told["probes"]}
    assert by_name["a short iv"]["differs"] == ["code"]
    assert by_name["token with cookie and device"]["differs"] == ["content_type"]
    assert by_name["no authenticator"]["differs"] == ["status"]
    assert by_name["the newest records"]["there"]["body"] == "{events: []}"


def test_after_five_tokens_no_more_are_asked_for(
    service: Callable[[], tuple[str, list[str]]], certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(changes, "all", (lambda: "token" in request.path, token_url))
    url, asked = service()
    result = compare(url, certificates.ca, "--test-account")
    assert len([path for path in asked if "token" in path]) == MAX_TOKENS
    assert "not asked  token by GET: the service has made 5 tokens" in result.output
    assert result.exit_code == 1


def test_a_dry_run_shows_each_request_and_sends_none(
    service: Callable[[], tuple[str, list[str]]], certificates: Certificates
) -> None:
    url, asked = service()
    result = compare(url, certificates.ca, "--dry-run", authenticator=None)
    assert result.exit_code == 0
    assert len(result.output.splitlines()) == len(PROBES)
    assert "customerAuthenticator=<authenticator>" in result.output
    assert asked == []


def test_there_are_few_requests_and_fewer_tokens() -> None:
    assert len(PROBES) <= MAX_REQUESTS
    assert sum(probe.good for probe in PROBES) <= MAX_TOKENS
    assert {probe.service for probe in PROBES} == {TOKEN, RECORDS}
    assert len({probe.name for probe in PROBES}) == len(PROBES)


def test_wrong_use_is_one_line(certificates: Certificates) -> None:
    url = "https://127.0.0.1:9"
    assert "say --test-account" in compare(url, certificates.ca).output
    for wrong in (None, "1,short"):
        result = compare(url, certificates.ca, "--test-account", authenticator=wrong)
        assert result.exit_code == 2
        assert "EXPRESSPLAY_AUTHENTICATOR" in result.output
        assert "short" not in result.output
    for address in ("http://127.0.0.1:9", "https://[::1", "https://u@127.0.0.1:9"):
        assert "expected https://" in compare(address, certificates.ca, "--test-account").output
    silent = compare(url, certificates.ca, "--test-account")
    assert silent.exit_code == 1
    assert "the service does not answer" in silent.output


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (b'[{"cookie": "alice", "n": 1}, {"cookie": null}]', "[{cookie: null} or {cookie: string, n: number}]"),
        (b'{"0f0f0f0f": "x", "alice@example.org": true}', "{<another name>: boolean}"),
        (b"[" * 100_000, "another text"),
        (b'{"a": {"b": {"c": {"d": {}}}}}', "{a: {b: {c: {d: …}}}}"),
        (b"\xff\xfe", "another text"),
        (b"", "empty"),
        (b"https://x/?ExpressPlayToken=AQAA", "a token URL"),
        (b"https://x/?ExpressPlayToken=", "another text"),
        (b"https://x/" + b"?ExpressPlayToken=" * 100_000 + b" x", "another text"),  # for hours, if tried from each
    ],
)
def test_a_shape_holds_names_and_types_only(body: bytes, shape: str) -> None:
    assert shape_of(200, "application/json", body).body == shape
