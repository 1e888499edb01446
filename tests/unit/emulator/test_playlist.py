"""Playlists: what is taken from a master and a media playlist, and what is said about everything else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import BadKeyUri, BadPlaylist
from emulator.playlist import parse_master, parse_media

ID = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"
URL = "http://sees.example/titles/film/master.m3u8"
KEY = (
    f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{ID}",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"\n'
)
MASTER = (
    "#EXTM3U\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,URI="sound/audio.m3u8",GROUP-ID="sound",NAME="Tone"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="sound"\nvideo.m3u8\n'
    "#EXT-X-STREAM-INF:BANDWIDTH=2000\nbig.m3u8\n"
)


def media(*lines: str) -> str:
    return (
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
        + "".join(lines)
        + "#EXTINF:2,\na.m4s\n#EXTINF:2,\n../b.m4s\n#EXT-X-ENDLIST\n"
    )


def test_a_master_gives_the_first_variant_and_its_audio() -> None:
    master = parse_master(MASTER, URL)
    assert master is not None
    assert master.video_url == "http://sees.example/titles/film/video.m3u8"
    assert master.audio_url == "http://sees.example/titles/film/sound/audio.m3u8"


def test_a_master_without_audio() -> None:
    master = parse_master("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://cdn.example/v.m3u8\n", URL)
    assert master is not None
    assert (master.video_url, master.audio_url) == ("https://cdn.example/v.m3u8", None)


def test_a_media_playlist_is_no_master() -> None:
    assert parse_master(media(KEY), URL) is None


def test_a_media_playlist_gives_init_segments_and_key() -> None:
    rendition = parse_media(media('#EXT-X-MAP:URI="init.mp4"\n', KEY), URL)
    [period] = rendition.periods
    assert period.init_url == "http://sees.example/titles/film/init.mp4"
    assert period.segment_urls == (
        "http://sees.example/titles/film/a.m4s",
        "http://sees.example/titles/b.m4s",
    )
    assert period.key is not None
    assert period.key.content_id == ID


def test_other_key_systems_beside_fairplay_are_passed_over() -> None:
    other = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:x",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"\n'
    for lines in ((other, KEY), (KEY, other)):
        [period] = parse_media(media(*lines), URL).periods
        assert period.key is not None
        assert period.key.content_id == ID


def test_a_clear_playlist_has_no_key() -> None:
    assert [period.key for period in parse_media(media(), URL).periods] == [None]
    assert [period.key for period in parse_media(media("#EXT-X-KEY:METHOD=NONE\n"), URL).periods] == [None]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "''"),
        ("<!doctype html><p>Not found", "an HTML page"),
        ('{"errorText": "x"}', "errorText"),
        ("#EXTM3U\n", "none"),
        (MASTER, "none"),
        (media('#EXT-X-KEY:METHOD=AES-128,URI="k.bin"\n'), "METHOD=AES-128"),
        (media(KEY.replace("SAMPLE-AES", "AES-128")), "METHOD=AES-128"),
        (media("#EXT-X-BYTERANGE:100@0\n"), "EXT-X-BYTERANGE"),
        (media("#EXTINF:no number,\nx.m4s\n"), "ValueError"),
    ],
)
def test_what_cannot_be_played_is_named(text: str, found: str) -> None:
    with pytest.raises(BadPlaylist) as caught:
        parse_media(text, URL)
    assert found in caught.value.found
    assert URL in str(caught.value)


def test_an_audio_group_that_is_not_there() -> None:
    with pytest.raises(BadPlaylist, match="AUDIO='sound'"):
        parse_master('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="sound"\nvideo.m3u8\n', URL)


def test_a_mangled_key_uri_is_the_key_uris_error() -> None:
    with pytest.raises(BadKeyUri, match="skd://"):
        parse_media(media(KEY.replace("skd://", "skd%3A%2F%2F")), URL)


LINES = st.lists(
    st.sampled_from([*MASTER.splitlines(), *media(KEY, '#EXT-X-MAP:URI="i"\n').splitlines(), "#EXT-X-KEY:", "#EXTINF:"])
    | st.text(max_size=40).map("#EXT-X-".__add__)
)


@given(LINES.map(lambda lines: "\n".join(["#EXTM3U", *lines])) | st.text())
def test_any_text_gives_a_playlist_or_a_numbered_error(text: str) -> None:
    for parse in (parse_master, parse_media):
        with suppress(BadPlaylist, BadKeyUri):
            parse(text, URL)


def period(init: str, key: str, *segments: str) -> str:
    return f'#EXT-X-MAP:URI="{init}"\n{key}' + "".join(f"#EXTINF:2,\n{segment}\n" for segment in segments)


OTHER_KEY = KEY.replace("skd://c", "skd://d")


def test_key_periods_have_an_init_segment_and_a_key_of_their_own() -> None:
    text = "#EXTM3U\n" + period("1.mp4", KEY, "1a", "1b") + "#EXT-X-DISCONTINUITY\n" + period("2.mp4", OTHER_KEY, "2a")
    first, second = parse_media(text, "http://x/").periods
    assert (first.init_url, first.segment_urls) == ("http://x/1.mp4", ("http://x/1a", "http://x/1b"))
    assert (second.init_url, second.segment_urls) == ("http://x/2.mp4", ("http://x/2a",))
    assert [one.key and one.key.content_id for one in (first, second)] == [ID, "d" + ID[1:]]


@pytest.mark.parametrize(
    "between",
    ["#EXT-X-DISCONTINUITY\n", '#EXT-X-MAP:URI="other"\n', OTHER_KEY, "#EXT-X-KEY:METHOD=NONE\n"],
)
def test_each_change_begins_a_period(between: str) -> None:
    assert len(parse_media(media(KEY, "#EXTINF:2,\nx.m4s\n", between), URL).periods) == 2


def test_a_clear_start_is_a_period_without_a_key() -> None:
    text = "#EXTM3U\n#EXTINF:2,\nclear\n" + period("i", KEY, "a")
    assert [one.key is None for one in parse_media(text, URL).periods] == [True, False]
