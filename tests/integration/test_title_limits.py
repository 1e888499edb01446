"""What a title may make a player ask for and hold: playlists, segments and first files, all of a run together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from real_services import services
from title_server import Answer, TitleServer, serving, text

from emulator.binding import connect
from emulator.errors import BadPlaylist, PlaybackFailed, UnexpectedAnswer
from emulator.hls import MediaPlaylist, Place, parse_playlist
from emulator.parties import WEB_SERVER
from emulator.preflight import check_media
from emulator.screening import fetcher
from emulator.title import ALL_VARIANTS, MAX_PLAYLISTS, Reading, Title, load_title
from emulator.transport import Web

ALL = Reading(variant=ALL_VARIANTS)


@contextmanager
def loading(files: dict[str, Answer]) -> Iterator[tuple[TitleServer, Web]]:
    web = Web()
    with serving(TitleServer(files)) as server:
        yield server, web
    web.close()


def load(server: TitleServer, web: Web, title: str = "film") -> Title:
    return load_title(web, f"{server.url}/{title}/master.m3u8", party=WEB_SERVER, reading=ALL)


def variants(count: int) -> dict[str, Answer]:
    """A master playlist with so many variants, each with a playlist of its own."""
    line = "#EXT-X-STREAM-INF:BANDWIDTH=1\n{}.m3u8\n"
    files: dict[str, Answer] = {f"film/{number}.m3u8": text("film/video.m3u8") for number in range(count)}
    return files | {"film/master.m3u8": "#EXTM3U\n" + "".join(map(line.format, range(count)))}


def test_one_playlist_too_many_is_told_before_any_is_asked_for() -> None:
    with loading(variants(MAX_PLAYLISTS)) as (server, web):
        assert len(load(server, web).renditions) == MAX_PLAYLISTS
    with loading(variants(MAX_PLAYLISTS + 1)) as (server, web):
        with pytest.raises(
            BadPlaylist, match=f"at most {MAX_PLAYLISTS} playlists to play, found {MAX_PLAYLISTS + 1} at"
        ) as error:
            load(server, web)
        assert server.paths() == ["film/master.m3u8"]
    assert "--variant N" in str(error.value)
    assert str(error.value.number) in str(error.value)


def test_the_sound_of_every_variant_counts_too() -> None:
    sound = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="{0}",URI="{0}.m3u8"\n'
    master = "#EXTM3U\n" + "".join(map(sound.format, range(MAX_PLAYLISTS)))
    master += '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nvideo.m3u8\n'
    with loading({"film/master.m3u8": master}) as (server, web), pytest.raises(BadPlaylist, match="playlists to play"):
        load(server, web)


def test_segments_are_bounded_over_all_playlists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.title.MAX_TITLE_SEGMENTS", 10)
    with loading(variants(3)) as (server, web):
        assert sum(len(one.playlist.segments) for one in load(server, web).renditions) == 9
    with loading(variants(40)) as (server, web):
        with pytest.raises(BadPlaylist, match="at most 10 segments in all playlists"):
            load(server, web)
        assert len(server.asked) == 1 + 4


def test_one_segment_too_many_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.hls.MAX_SEGMENTS", 100)
    lines = "#EXTM3U\n" + "#EXTINF:1,\n#EXT-X-BYTERANGE:9@0\nx\n" * 100
    found = parse_playlist(lines, "http://x/")
    assert isinstance(found, MediaPlaylist)
    assert len(found.segments) == 100
    with pytest.raises(BadPlaylist, match="at most 100 segments, found more"):
        parse_playlist(lines + "#EXTINF:1,\nx\n", "http://x/")


@pytest.mark.parametrize("place", [(), (0, 10**14), (10, 10**14)], ids=["all", "a range", "a range within"])
def test_no_file_is_larger_than_media_may_be(monkeypatch: pytest.MonkeyPatch, place: tuple[int, int]) -> None:
    monkeypatch.setattr("emulator.screening.MAX_MEDIA", 100_000)
    with loading({"film/large.m4s": bytes(1_000_000)}) as (server, web), services() as (sees, expressplay):
        fetch = fetcher(connect(sees, expressplay, "bounds"), load(server, web))
        with pytest.raises(UnexpectedAnswer, match="at most 100000 bytes"):
            fetch(Place(f"{server.url}/film/large.m4s", *place))


def test_the_first_files_that_are_looked_at_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.preflight.MAX_LOOKS", 3)
    with loading({}) as (server, web):
        check_media(web, load(server, web))  # two: the init segments of picture and sound
        with pytest.raises(PlaybackFailed, match="at most 3 init segments and keys to look at"):
            check_media(web, load(server, web, "rotation"))


def test_work_does_not_grow_faster_than_the_groups_of_a_master() -> None:
    def cost(groups: int) -> float:
        sound = "".join(f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{one}",URI="a{one}"\n' for one in range(groups))
        video = "".join(f'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="{one}"\nvideo.m3u8\n' for one in range(groups))
        with loading({"film/master.m3u8": f"#EXTM3U\n{sound}{video}"}) as (server, web):
            start = time.thread_time()  # of this thread: other work does not count
            with suppress(BadPlaylist):
                load(server, web)
            return time.thread_time() - start

    assert cost(20_000) < 100 * cost(1_000) + 0.5  # in square it would be 400 times


def test_nobody_waits_for_hours_for_a_live_playlist() -> None:
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:{}\n#EXTINF:1,\nx\n{}"
    for target, end in ((3600, ""), (999999999999, "#EXT-X-ENDLIST\n")):
        assert parse_playlist(playlist.format(target, end), "http://x/")
    with pytest.raises(BadPlaylist, match="target duration up to 3600 s, found 3601"):
        parse_playlist(playlist.format(3601, ""), "http://x/")
