"""What goes wrong with titles of other packagers and web servers: named for what it is, and no license spent on it."""

import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Response
from live_title import live
from real_services import services
from title_server import TitleServer, serving, text

from emulator.cli import main

COOKIE = "foreign"
NO_FRAMES = Response(status=404)


@pytest.fixture(scope="module")
def where() -> Iterator[tuple[str, ...]]:
    with services() as (sees, expressplay):
        options = ("--sees", sees, "--expressplay", expressplay, "--cookie", COOKIE)
        CliRunner().invoke(main, ["register", *options])
        yield options


def play(where: tuple[str, ...], files: dict[str, bytes | str | Response], *, ranges: bool = True) -> Result:
    return play_from(where, TitleServer({"film/frames.json": NO_FRAMES, **files}, ranges=ranges))


def play_from(where: tuple[str, ...], titles: TitleServer, title: str = "film") -> Result:
    with serving(titles) as server:
        return CliRunner().invoke(main, ["play", f"{server.url}/{title}/master.m3u8", *where])


def spent(result: Result) -> bool:
    """Tell whether a license was spent."""
    return " 13 CKC" in result.stdout


def without_key_line(kind: str) -> str:
    lines = text(f"film/{kind}.m3u8").splitlines(keepends=True)
    return "".join(line for line in lines if "EXT-X-KEY" not in line)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize(
    ("name", "body", "found", "fix"),
    [
        ("film/video-1.m4s", Response("expired", 403), "HTTP 403", "sign the address anew"),
        ("film/audio-1.m4s", Response(status=404), "HTTP 404", "upload the file"),
        ("film/video-1.m4s", "<!doctype html><p>log in", "media of another form", "package or upload"),
        ("film/video-1.m4s", b"", "an empty file", "package or upload"),
        ("film/audio.m3u8", without_key_line("audio"), "none, and encrypted samples", "EXT-X-KEY line"),
    ],
)
def test_what_the_first_segment_shows_is_told_before_a_license_is_spent(
    where: tuple[str, ...], name: str, body: bytes | str | Response, found: str, fix: str, ranges: bool
) -> None:
    result = play(where, {name: body}, ranges=ranges)
    assert result.exit_code == 1
    assert found in result.stderr
    assert fix in result.stderr.partition("Fix: ")[2]
    assert not spent(result)


@pytest.mark.parametrize("body", [b"", b"\0\0\0\x10stypmsdh\0\0\0\0"])
def test_a_segment_without_samples_is_not_passed_over(where: tuple[str, ...], body: bytes) -> None:
    result = play(where, {"film/video-2.m4s": body})
    assert result.exit_code == 1
    assert "segment 2 holds no samples" in result.stderr
    assert "CEK" not in result.stderr


def test_an_expired_address_of_the_playlist_has_a_fitting_fix(where: tuple[str, ...]) -> None:
    result = play(where, {"film/master.m3u8": Response("expired", 403)})
    assert "sign the address anew" in result.stderr
    assert "the address of the web server" not in result.stderr


def test_a_title_without_any_key_line_is_not_called_clear(where: tuple[str, ...]) -> None:
    result = play(where, {f"film/{kind}.m3u8": without_key_line(kind) for kind in ("video", "audio")})
    assert "Fix: add the key line if its segments are encrypted" in result.stderr


def test_two_key_ids_under_one_key_uri_are_named_before_a_license_is_spent(where: tuple[str, ...]) -> None:
    video, _, _ = text("rotation/video.m3u8").partition("#EXT-X-DISCONTINUITY")
    key = next(line for line in text("film/video.m3u8").splitlines() if "EXT-X-KEY" in line)
    playlist = re.sub("#EXT-X-KEY.*", key, video).replace("video-", "../rotation/video-") + "#EXT-X-ENDLIST\n"
    result = play(where, {"film/video.m3u8": playlist})
    assert (result.exit_code, spent(result)) == (1, False)
    assert "2 default key ids under the one key URI" in result.stderr
    assert "Fix: give each key a key URI of its own: one license has one key" in result.stderr


def under_one_uri(playlist: str) -> str:
    """The rotation title's playlist with the first key's URI in all its key lines."""
    first = re.search('skd://[^"]+', text("rotation/video.m3u8"))
    assert first
    return re.sub('skd://[^"]+', first[0], playlist)


def test_two_key_ids_in_one_playlist_are_named_before_a_license_is_spent(where: tuple[str, ...]) -> None:
    files = {f"rotation/{kind}.m3u8": under_one_uri(text(f"rotation/{kind}.m3u8")) for kind in ("video", "audio")}
    result = play_from(where, TitleServer({**files}), "rotation")
    assert (result.exit_code, spent(result)) == (1, False)
    assert "2 default key ids under the one key URI" in result.stderr


def test_two_key_ids_that_a_live_title_shows_later_are_named_at_its_end(where: tuple[str, ...]) -> None:
    """Only the second window has the second init segment, when a license has long been spent."""
    result = play_from(where, live(under_one_uri), "rotation")
    assert (result.exit_code, spent(result)) == (1, True)
    assert "2 default key ids under the one key URI" in result.stderr
    assert "one license has one key" in result.stderr
