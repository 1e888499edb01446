"""A title by a URL of one's own: in entitlement mode and in direct mode, with and without frames.json."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from flask import Flask, Response, abort
from real_services import AUTHENTICATOR, account_at, services

from emulator.cli import main
from emulator.license_client import SpcShape, wrap_spc
from hosting.serving import running
from server.app import Config
from server.app import create_app as create_sees
from server.catalog import CONTENT, load_catalog, parse_catalog

TITLES = load_catalog(CONTENT / "catalog.toml").titles
FILM, DUMMY = TITLES["film"].keys[0], TITLES["dummy"].keys[0]


@contextmanager
def web_server(key_uri: str | None = None, frames: bool = True, damaged: str = "") -> Iterator[str]:
    """Serve the film as anybody would, its key URI replaced; yields the URL of its master playlist."""
    app = Flask("cdn", static_folder=None)

    @app.get("/some/where/<name>")
    def serve(name: str) -> Response:
        if name == "frames.json" and not frames:
            abort(403)
        body = (CONTENT / "film" / name).read_bytes()
        if name.endswith(".m3u8") and key_uri:
            body = body.replace(f"skd://{FILM.content_id}".encode(), key_uri.encode())
        return Response(body[:-1000] + bytes(1000) if name == damaged else body)

    with running(app) as url:
        yield f"{url}/some/where/master.m3u8"


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    with services() as both:
        yield both


def token_url(expressplay: str, **more: str) -> str:
    """Order a token as a provider's own back end does."""
    parameters = {"customerAuthenticator": AUTHENTICATOR, "contentKey": FILM.cek, "iv": FILM.iv, **more}
    return requests.post(f"{expressplay}/hms/fp/token", data=parameters, timeout=10).text.strip()


def play(*arguments: str, sees: str | None = None, expressplay: str) -> Result:
    options = ["--sees", sees] if sees else []
    return CliRunner().invoke(main, ["play", *arguments, "--expressplay", expressplay, *options])


def test_a_title_of_ones_own_with_entitlement(urls: tuple[str, str], request: pytest.FixtureRequest) -> None:
    sees, expressplay = urls
    cookie = ("--cookie", request.node.name[-20:])
    CliRunner().invoke(main, ["register", "--sees", sees, "--expressplay", expressplay, *cookie])
    with web_server() as url:
        result = play(url, *cookie, sees=sees, expressplay=expressplay)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Played: all 120 video frames and 236 audio frames as in the clear source" in result.stdout


def test_a_dummy_of_ones_own_registers(urls: tuple[str, str], request: pytest.FixtureRequest, tmp_path: Path) -> None:
    file = tmp_path / "recording.json"
    sees, expressplay = urls
    where = ("--sees", sees, "--expressplay", expressplay, "--cookie", request.node.name[-20:])
    with web_server(f"skd://{DUMMY.content_id}") as url:
        registered = CliRunner().invoke(main, ["register", url, *where, "--recording", str(file)])
    played = CliRunner().invoke(main, ["play", *where])
    assert (registered.exit_code, registered.stderr) == (0, "")
    assert "issued, registration" in registered.stdout
    assert url in file.read_text()
    assert (played.exit_code, played.stderr) == (0, "")


def test_a_dummy_is_named_by_an_http_url() -> None:
    result = CliRunner().invoke(main, ["register", "nope", "--sees", "http://x", "--expressplay", "http://x"])
    assert result.exit_code == 2
    assert "expected a playlist at http:// or https://, found 'nope'" in result.stderr


@pytest.mark.parametrize(
    ("command", "uri", "options", "fix"),
    [
        ("play", "skd://drmtoday?assetId=movie-42", (), "--content-id-from (host, path, query:NAME or all), name"),
        ("play", "skd://movie-42:00112233445566778899AABBCCDDEEFF", (), "--content-id-from (host,"),
        ("play", "skd://c2tkOi8vbW92aWU", (), "--content-id-from (host,"),  # looks mangled
        ("play", "skd://movie-42", (), "add the content id to the catalog of SEES, or name the one that it has with"),
        ("play", "skd://one?two=3", ("--content-id=movie-42",), "add the content id to the catalog of SEES"),
        ("register", "skd://drmtoday?assetId=movie-42", (), "with --dummy in place of the playlist"),
        ("register", "skd://movie-42", (), "add the content id to the catalog of SEES, or name the one that it has"),
    ],
)
def test_a_content_id_that_sees_does_not_know(
    urls: tuple[str, str], command: str, uri: str, options: tuple[str, ...], fix: str
) -> None:
    where = ("--sees", urls[0], "--expressplay", urls[1])
    with web_server(uri) as url:
        result = CliRunner().invoke(main, [command, url, *where, *options])
    assert result.exit_code == 1
    assert "SEES denied the entitlement: 4 unknown content" in result.stderr
    assert fix in result.stderr.replace("\n", " ")
    assert result.stderr.count("Fix:") == 1


def test_a_content_id_alone_is_taken_as_it_is(urls: tuple[str, str]) -> None:
    where = ("--sees", urls[0], "--expressplay", urls[1])
    result = CliRunner().invoke(main, ["play", "--content", "one?cid=two", *where])
    assert "found 'one?cid=two'. Fix: take it from the skd: URI" in result.stderr


def test_a_title_whose_files_are_not_at_sees(urls: tuple[str, str], tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    shutil.copy(CONTENT / "catalog.toml", catalog)
    with running(create_sees(Config(account_at(urls[1]), catalog))) as sees:
        result = play("--title", "film", sees=sees, expressplay=urls[1])
    assert "Fix: put the title's files beside the catalog of SEES" in result.stderr


def test_the_entry_that_the_docs_show_is_one_of_a_catalog() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "titles.md").read_text()
    (entry,) = re.findall("```toml\n(.*?)```", page, re.DOTALL)
    (title,) = parse_catalog(entry).titles.values()
    assert [key.content_id for key in title.keys] == ["movie-42"]


def test_direct_mode_needs_no_sees(urls: tuple[str, str]) -> None:
    _, expressplay = urls
    with web_server(token_url(expressplay).replace("http://", "skd://")) as url:
        result = play(url, expressplay=expressplay)
        summary = json.loads(play(url, "--json", expressplay=expressplay).stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "13 CKC" in result.stdout
    assert "Played: all 120 video frames" in result.stdout
    assert summary["licenses"][0]["content_id"] == expressplay.removeprefix("http://")


def test_direct_mode_with_a_content_id_and_a_rental(urls: tuple[str, str]) -> None:
    _, expressplay = urls
    direct = token_url(expressplay, rentalDuration="60").replace("http://", "skd://")
    with web_server(f"{direct}&cid={FILM.content_id}") as url:
        summary = json.loads(play(url, "--json", expressplay=expressplay).stdout)
    assert summary["licenses"][0]["content_id"] == FILM.content_id
    assert summary["licenses"][0]["rental_end"] is not None


def test_a_bound_token_in_direct_mode_is_refused_on_another_device(urls: tuple[str, str]) -> None:
    _, expressplay = urls
    with web_server(token_url(expressplay, deviceId="ab" * 20).replace("http://", "skd://")) as url:
        result = play(url, expressplay=expressplay)
    assert result.exit_code == 1
    assert "step 12: ExpressPlay refused the license: -9003" in result.stderr


def test_direct_mode_elsewhere_is_https(urls: tuple[str, str]) -> None:
    with web_server("skd://127.0.0.1:9/hms/fp/rights/?ExpressPlayToken=AQAAAbcd") as url:
        result = play(url, expressplay=urls[1])
    assert "https://127.0.0.1:9" in result.stderr


def test_without_frames_json_decoding_counts(urls: tuple[str, str]) -> None:
    direct = token_url(urls[1]).replace("http://", "skd://")
    with web_server(direct, frames=False) as url:
        result = play(url, expressplay=urls[1])
        summary = json.loads(play(url, "--json", expressplay=urls[1]).stdout)
    assert result.exit_code == 0
    assert "Played: all 120 video frames and 236 audio frames, decoded" in result.stdout
    assert [track["expected"] for track in summary["playback"]["tracks"]] == [None, None]


def test_without_frames_json_a_wrong_key_still_shows(urls: tuple[str, str]) -> None:
    direct = token_url(urls[1], contentKey="00" * 16).replace("http://", "skd://")
    with web_server(direct, frames=False) as url:
        result = play(url, expressplay=urls[1])
    assert result.exit_code == 1
    assert "-9110 playback failed" in result.stderr
    assert "does not decode under this key" in result.stderr


def test_without_frames_json_a_damaged_segment_still_shows(urls: tuple[str, str]) -> None:
    direct = token_url(urls[1]).replace("http://", "skd://")
    with web_server(direct, frames=False, damaged="video-2.m4s") as url:
        result = play(url, expressplay=urls[1])
    assert result.exit_code == 1
    assert "-9110 playback failed" in result.stderr


def test_a_content_id_needs_sees(urls: tuple[str, str]) -> None:
    with web_server() as url:
        result = play(url, expressplay=urls[1])
    assert result.exit_code == 1
    assert "expected --sees" in result.stderr


def test_a_title_that_sees_does_not_know(urls: tuple[str, str]) -> None:
    with web_server("skd://00000000-0000-0000-0000-000000000000") as url:
        result = play(url, sees=urls[0], expressplay=urls[1])
    assert "SEES denied the entitlement: 4 unknown content" in result.stderr


def test_a_web_server_that_is_gone_is_named(urls: tuple[str, str]) -> None:
    with web_server() as url:
        pass
    result = play(url, sees=urls[0], expressplay=urls[1])
    assert (result.exit_code, "is the web server running" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("film",), "expected a playlist at http"),
        (("http://x/", "--title", "film"), "not both"),
        ((), "Missing option '--sees'"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(arguments: tuple[str, ...], error: str) -> None:
    result = play(*arguments, expressplay="http://127.0.0.1:9")
    assert (result.exit_code, error in result.stderr) == (2, True)


@pytest.mark.parametrize("shape", list(SpcShape), ids=lambda shape: shape.value)
def test_every_shape_of_an_spc_brings_a_license(urls: tuple[str, str], tmp_path: Path, shape: SpcShape) -> None:
    sees, expressplay = urls
    arguments = ["bind", "--sees", sees, "--expressplay", expressplay, "--spc-shape", shape.value]
    file = tmp_path / "t.json"
    result = CliRunner().invoke(main, [*arguments, "--cookie", shape.value, "--recording", str(file)])
    steps = json.loads(file.read_text())["steps"]
    assert result.exit_code == 0
    assert [step["request"]["shape"] for step in steps if step["n"] in (4, 11)] == [shape.value] * 2
    answered = {"raw": "raw", "form": "text", "json": "json"}[shape.value]
    assert next(step for step in steps if step["n"] == 13)["response"]["shape"] == answered


def test_the_form_names_the_asset_too() -> None:
    body, content_type = wrap_spc(b"\xff\xfe", SpcShape.FORM, "an id")
    assert (body, content_type) == (b"spc=%2F%2F4%3D&assetId=an+id", "application/x-www-form-urlencoded")
