"""The player on titles as others lay them out: ranges, live, variants, redirects, headers; and what it refuses."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result
from flask import Response
from live_title import live
from real_services import services
from seig import sgpd
from title_server import TitleServer, committed, serving, text

from emulator.cli import main
from emulator.timeline import Pause, Timeline

COOKIE = "player"
PLAYED = "Played: all 120 video frames and 236 audio frames"


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    with services() as both:
        run("register", *where(both))
        yield both


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def where(urls: tuple[str, str]) -> tuple[str, ...]:
    return ("--sees", urls[0], "--expressplay", urls[1], "--cookie", COOKIE)


def play(urls: tuple[str, str], url: str, *more: str) -> Result:
    return run("play", url, *where(urls), *more)


def in_one_file(kind: str) -> tuple[bytes, str]:
    """The film's track as a single file, and its playlist with byte ranges, of which only the first has an offset."""
    names = [f"{kind}-init.mp4", *(f"{kind}-{number}.m4s" for number in (1, 2, 3))]
    parts = [committed(f"film/{name}") for name in names]
    playlist = text(f"film/{kind}.m3u8").replace(names[0] + '"', f'one.mp4",BYTERANGE="{len(parts[0])}@0"')
    for number, (name, part) in enumerate(zip(names[1:], parts[1:], strict=True)):
        offset = f"@{len(parts[0])}" if number == 0 else ""
        playlist = playlist.replace(f"\n{name}\n", f"\n#EXT-X-BYTERANGE:{len(part)}{offset}\none.mp4\n")
    return b"".join(parts), playlist.replace("one.mp4", f"{kind}.mp4")


@pytest.mark.parametrize("ranges", [True, False])
def test_single_files_by_byte_ranges(urls: tuple[str, str], ranges: bool) -> None:
    files: dict[str, bytes | str] = {}
    for kind in ("video", "audio"):
        files[f"film/{kind}.mp4"], files[f"film/{kind}.m3u8"] = in_one_file(kind)
    with serving(TitleServer({**files}, ranges=ranges)) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
        ranged = [headers["Range"] for path, headers in server.asked if path.endswith(".mp4")]
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{PLAYED} as in the clear source" in result.stdout
    assert all(one.startswith("bytes=") for one in ranged)


def test_a_live_title_asks_for_its_second_key_when_it_appears(urls: tuple[str, str]) -> None:
    with serving(live()) as server:
        result = play(urls, f"{server.url}/rotation/master.m3u8")
        paths = server.paths()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Played: all 128 video frames and 251 audio frames" in result.stdout
    assert paths.count("rotation/video.m3u8") == 3
    rounds = [line for line in result.stdout.splitlines() if " 6 " in line and "content" in line.lower()]
    assert rounds
    assert len([line for line in result.stdout.splitlines() if "issued" in line and "registration" not in line]) >= 2
    # The first window's segments were fetched before the second key was asked for: the player did not wait for all.
    assert paths.index("rotation/video-key1-1.m4s") < paths.index("rotation/video-key2-init.mp4")


def test_seconds_end_a_title_early_and_a_live_one(urls: tuple[str, str]) -> None:
    with serving(live()) as server:
        result = play(urls, f"{server.url}/rotation/master.m3u8", "--seconds", "2")
        assert "rotation/video-key2-1.m4s" not in server.paths()
    assert (result.exit_code, "Played: all 64 video frames" in result.stdout) == (0, True)
    with serving(TitleServer()) as server:
        result = play(urls, f"{server.url}/film/master.m3u8", "--seconds", "1")
        assert "film/video-2.m4s" not in server.paths()
    assert (result.exit_code, "as in the clear source" in result.stdout) == (0, True)


def test_a_live_title_that_shows_nothing_new_is_taken_as_ended(urls: tuple[str, str]) -> None:
    still = {f"film/{kind}.m3u8": text(f"film/{kind}.m3u8") for kind in ("video", "audio")}
    ongoing = {
        name: one.replace("#EXT-X-ENDLIST\n", "").replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "").replace("ION:2", "ION:1")
        + '#EXT-X-PART:DURATION=0.3,URI="p.m4s"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="q.m4s"\n'
        for name, one in still.items()
    }
    with serving(TitleServer({**ongoing})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    assert (result.exit_code, PLAYED in result.stdout) == (0, True)
    assert "nothing new for three target durations" in result.stderr


def test_a_gap_is_not_fetched(urls: tuple[str, str]) -> None:
    playlist = text("film/video.m3u8").replace("video-2.m4s", "#EXT-X-GAP\nvideo-2.m4s")
    with serving(TitleServer({"film/video.m3u8": playlist})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
        assert "film/video-2.m4s" not in server.paths()
    assert result.exit_code == 1  # frames.json has the frames of the gap: fewer came out, and that is said
    assert "-9110 playback failed" in result.stderr
    with serving(TitleServer({"film/video.m3u8": playlist, "film/frames.json": Response(status=404)})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    assert (result.exit_code, "Played: all" in result.stdout) == (0, True)


@pytest.mark.parametrize("frames", ["<!doctype html><p>app</p>", Response(status=401), '{"video": ["x"]}', "[]"])
def test_whatever_is_no_valid_frames_json_is_none(urls: tuple[str, str], frames: str | Response) -> None:
    with serving(TitleServer({"film/frames.json": frames})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    assert (result.exit_code, f"{PLAYED}, decoded" in result.stdout) == (0, True)


def test_sound_alone_plays(urls: tuple[str, str]) -> None:
    master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="mp4a.40.2"\naudio.m3u8\n'
    with serving(TitleServer({"film/master.m3u8": master})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    assert (result.exit_code, "Played: all 236 audio frames" in result.stdout) == (0, True)


TIERS = text("film/master.m3u8") + '#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=1920x1080,AUDIO="sound"\nhd.m3u8\n'
HD = text("film/video.m3u8").replace("skd://", "skd://unknown-")


def test_the_default_says_what_it_left_out_and_all_finds_the_unknown_key(urls: tuple[str, str]) -> None:
    with serving(TitleServer({"film/master.m3u8": TIERS, "film/hd.m3u8": HD})) as server:
        url = f"{server.url}/film/master.m3u8"
        default, second, both = play(urls, url), play(urls, url, "--variant", "2"), play(urls, url, "--variant", "all")
    assert default.exit_code == 0
    assert "1 of 2 variants' keys were asked for" in default.stderr
    for result in (second, both):
        assert (result.exit_code, "4 unknown content" in result.stderr) == (1, True)


def test_a_redirect_is_followed_and_relative_addresses_are_against_its_end(urls: tuple[str, str]) -> None:
    with serving(TitleServer()) as cdn:
        there = Response(status=302, headers={"Location": f"{cdn.url}/film/master.m3u8"})
        with serving(TitleServer({"watch": there})) as server:
            result = play(urls, f"{server.url}/watch")
    assert (result.exit_code, PLAYED in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("/round", "more than 5 redirects"),
        ("file:///etc/passwd", "a redirect to what is no http(s) address"),
        ("http://x:0/", "a redirect to what is no http(s) address"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_named(urls: tuple[str, str], location: str, found: str) -> None:
    answer = Response(status=302, headers={"Location": location})
    with serving(TitleServer({"round": answer})) as server:
        result = play(urls, f"{server.url}/round")
    assert (result.exit_code, found in result.stderr) == (1, True)


def test_headers_and_cookies_go_to_the_typed_origin_alone(urls: tuple[str, str]) -> None:
    with serving(TitleServer()) as cdn:
        setting = Response(text("film/master.m3u8"), headers={"Set-Cookie": "signed=42; Path=/; HttpOnly"})
        moved = Response(status=307, headers={"Location": f"{cdn.url}/film/audio.m3u8"})
        with serving(TitleServer({"film/master.m3u8": setting, "film/audio.m3u8": moved})) as server:
            url = f"{server.url}/film/master.m3u8"
            result = play(urls, url, "--header", "Authorization:Bearer abc", "--header", "Cookie: a=b")
            own = [headers for path, headers in server.asked if path != "film/master.m3u8"]
    assert (result.exit_code, PLAYED in result.stdout) == (0, True)
    assert {headers.get("Authorization") for headers in own} == {"Bearer abc"}
    assert {headers.get("Cookie") for headers in own} == {"a=b; signed=42"}
    assert cdn.asked
    assert not [headers for _, headers in cdn.asked if {"Authorization", "Cookie"} & set(headers)]


def test_the_name_and_password_of_an_address_are_shown_to_its_server(urls: tuple[str, str]) -> None:
    with serving(TitleServer()) as server:
        result = play(urls, f"{server.url}/film/master.m3u8".replace("://", "://viewer:pass%20word@"))
        shown = {headers.get("Authorization") for _, headers in server.asked}
    assert (result.exit_code, PLAYED in result.stdout) == (0, True)
    assert shown == {f"Basic {b64encode(b'viewer:pass word').decode()}"}


def test_headers_go_neither_to_sees_nor_to_expressplay(urls: tuple[str, str]) -> None:
    from emulator.parties import EXPRESSPLAY, SEES, WEB_SERVER
    from emulator.transport import Access

    access = Access("http://x", {"Authorization": "abc"}, {"signed": "42"})
    assert access.headers_for(WEB_SERVER, "http://x/film")["Authorization"] == "abc"
    for party, url in ((SEES, "http://x/sees"), (EXPRESSPLAY, "http://x/hms"), (WEB_SERVER, "http://x.evil/film")):
        assert access.headers_for(party, url) == {}


@pytest.mark.parametrize("header", ["no colon", ": x", "a b: c", "X: line\nbreak", "X: é"])
def test_a_header_that_is_none(header: str) -> None:
    result = run("play", "http://x/", "--header", header, "--sees", "http://x", "--expressplay", "http://x")
    assert (result.exit_code, "expected NAME:VALUE" in result.stderr) == (2, True)


def test_addresses_with_blanks_and_letters_of_any_script(urls: tuple[str, str]) -> None:
    files = {f"film é/{name}": committed(f"film/{name}") for name in ("master.m3u8", "video.m3u8", "audio.m3u8")}
    files |= {
        f"film é/{kind}-{number}.m4s": committed(f"film/{kind}-{number}.m4s")
        for kind in ("video", "audio")
        for number in (1, 2, 3)
    }
    for kind in ("video", "audio"):
        files[f"film é/début {kind}.mp4"] = committed(f"film/{kind}-init.mp4")
        files[f"film é/{kind}.m3u8"] = text(f"film/{kind}.m3u8").replace(f"{kind}-init", f"début {kind}").encode()
    with serving(TitleServer({**files})) as server:
        result = play(urls, f"{server.url}/film é/master.m3u8")
    assert (result.exit_code, PLAYED in result.stdout) == (0, True)


@pytest.mark.parametrize("address", ["http://[::1", "http://\u2100.example", "http://x:99999/", "http://x:0/"])
@pytest.mark.parametrize("place", ["variant", "audio", "map", "segment", "master"])
def test_an_address_that_is_none_ends_in_one_line(urls: tuple[str, str], address: str, place: str) -> None:
    master, video = text("film/master.m3u8"), text("film/video.m3u8")
    places: dict[str, dict[str, str | Response]] = {
        "variant": {"film/master.m3u8": master.replace("\nvideo.m3u8", f"\n{address}")},
        "audio": {"film/master.m3u8": master.replace('"audio.m3u8"', f'"{address}"')},
        "map": {"film/video.m3u8": video.replace('"video-init.mp4"', f'"{address}"')},
        "segment": {"film/video.m3u8": video.replace("\nvideo-1.m4s", f"\n{address}")},
        "master": {
            "film/master.m3u8": Response(status=302, headers={"Location": address.encode("ascii", "replace").decode()})
        },
    }
    with serving(TitleServer({**places[place]})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip().splitlines()) == 1


def answered(urls: tuple[str, str], files: dict[str, bytes | str]) -> tuple[Result, bool]:
    """Play the film with these files in it; tells whether a license was spent on it."""
    with serving(TitleServer({**files})) as server:
        result = play(urls, f"{server.url}/film/master.m3u8")
    return result, " 13 CKC" in result.stdout


@pytest.mark.parametrize(
    ("name", "body", "found"),
    [
        ("film/video-init.mp4", b"<!doctype html><p>moved", "media of another form"),
        ("film/video-init.mp4", committed("film/video-init.mp4").replace(b"cbcs", b"cenc"), "'cenc'"),
        ("film/video-init.mp4", committed("film/video-init.mp4").replace(b"avc1", b"xxxx"), "that this player's libav"),
        ("film/video.m3u8", text("film/video.m3u8").replace('#EXT-X-MAP:URI="video-init.mp4"\n', ""), "EXT-X-MAP"),
        ("film/audio-init.mp4", committed("film/audio-init.mp4") + b"sgpd\0\0\0\0seig", "sample groups"),
        ("film/video-1.m4s", sgpd(bytes(16)) + committed("film/video-1.m4s"), "sample groups"),
    ],
)
def test_what_no_license_could_mend_is_told_before_one_is_spent(
    urls: tuple[str, str], name: str, body: bytes | str, found: str
) -> None:
    result, spent = answered(urls, {name: body})
    assert result.exit_code == 1
    assert found in result.stderr
    assert "CEK" not in result.stderr
    assert not spent


def test_a_cut_segment_is_not_blamed_on_the_key(urls: tuple[str, str]) -> None:
    result, spent = answered(
        urls, {"film/video-2.m4s": committed("film/video-2.m4s")[:-2000], "film/frames.json": "none"}
    )
    assert (result.exit_code, spent) == (1, True)
    assert "segment 2 is cut short" in result.stderr
    assert "CEK" not in result.stderr


def test_a_missing_key_line_is_named(urls: tuple[str, str]) -> None:
    lines = text("film/audio.m3u8").splitlines(keepends=True)
    result, _ = answered(urls, {"film/audio.m3u8": "".join(line for line in lines if "EXT-X-KEY" not in line)})
    assert result.exit_code == 1
    assert "EXT-X-KEY line" in result.stderr


def test_the_entitlement_server_of_a_playlist_gets_the_cookie_only_with_leave(urls: tuple[str, str]) -> None:
    content_id = next(line for line in text("film/video.m3u8").splitlines() if "skd://" in line)
    content_id = content_id.partition("skd://")[2].partition('"')[0]
    server_of = urls[0].removeprefix("http://")
    files = {
        f"film/{kind}.m3u8": text(f"film/{kind}.m3u8").replace(
            f"skd://{content_id}", f"skd://{server_of}?cid={content_id}"
        )
        for kind in ("video", "audio")
    }
    named = {name: body.replace("skd://", "skd:http://") for name, body in files.items()}
    elsewhere = ("--expressplay", urls[1], "--cookie", COOKIE)
    with serving(TitleServer({**named})) as server:
        url = f"{server.url}/film/master.m3u8"
        refused = run("play", url, *elsewhere)
        trusted = run("play", url, *elsewhere, "--trust-playlist-host")
        told = play(urls, url)
    assert refused.exit_code == 2 or f"http://{server_of}" in refused.stderr
    assert "--trust-playlist-host" in refused.stderr
    assert (trusted.exit_code, PLAYED in trusted.stdout) == (0, True)
    assert (told.exit_code, "not asked without --trust-playlist-host" in told.stderr) == (0, True)


def test_the_summary_holds_the_notes(urls: tuple[str, str]) -> None:
    with serving(TitleServer({"film/master.m3u8": TIERS, "film/hd.m3u8": HD})) as server:
        summary = json.loads(play(urls, f"{server.url}/film/master.m3u8", "--json").stdout)
    assert any("1 of 2 variants" in note for note in summary["notes"])


def test_ctrl_c_ends_a_live_title_and_what_played_is_told(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    def partial_of(pause: Pause) -> Callable[..., Timeline]:
        return lambda title, reload, _, seconds: Timeline(title, reload, pause, seconds)

    monkeypatch.setattr("emulator.screening.Timeline", partial_of(interrupted))
    with serving(live()) as server:
        result = play(urls, f"{server.url}/rotation/master.m3u8")
    assert (result.exit_code, "Played: all 64 video frames" in result.stdout) == (0, True)
