"""HLS playlists: what is taken from a master and a media playlist, what is said about everything else, and how fast."""

import time
import tracemalloc
from contextlib import suppress
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import BadAddress, BadKeyUri, BadPlaylist
from emulator.hls import MAX_ADDRESSES, MAX_KEYS, MAX_PLAYLIST, Master, MediaPlaylist, Place, parse_playlist
from emulator.title import ALL_VARIANTS, Rendition, choose
from emulator.urls import MAX_ADDRESS

ID = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"
BASE = "http://sees.example/titles/film"
URL = f"{BASE}/master.m3u8"
KEY = (
    f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{ID}",KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"\n'
)
OTHER_KEY = KEY.replace("skd://c", "skd://d")
MASTER = (
    "#EXTM3U\n"
    '#EXT-X-MEDIA:TYPE=AUDIO,URI="sound/audio.m3u8",GROUP-ID="sound",NAME="Tone"\n'
    '#EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO="sound"\nvideo.m3u8\n'
    "#EXT-X-STREAM-INF:BANDWIDTH=2000\nbig.m3u8\n"
)


def body(*lines: str) -> str:
    return (
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
        + "".join(lines)
        + "#EXTINF:2,\na.m4s\n#EXTINF:2,\n../b.m4s\n#EXT-X-ENDLIST\n"
    )


def media(text: str, url: str = URL) -> MediaPlaylist:
    playlist = parse_playlist(text, url)
    assert isinstance(playlist, MediaPlaylist)
    return playlist


def master(text: str, url: str = URL) -> Master:
    playlist = parse_playlist(text, url)
    assert isinstance(playlist, Master)
    return playlist


def periods(text: str) -> list[tuple[str | None, str | None, int]]:
    """Init segment, content id and number of segments of each period."""
    return [
        (one.map.url if one.map else None, one.key.content_id if one.key else None, len(one.segments))
        for one in Rendition(media(text), {}).periods
    ]


def test_a_master_gives_its_variants_and_their_audio() -> None:
    found = master(MASTER)
    assert [(one.url, one.audio_group) for one in found.variants] == [
        (f"{BASE}/video.m3u8", "sound"),
        (f"{BASE}/big.m3u8", None),
    ]
    assert [(one.url, one.group) for one in found.audio] == [(f"{BASE}/sound/audio.m3u8", "sound")]


STREAM = "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS={}\n{}.m3u8\n"


def test_the_first_variant_with_video_is_a_players_choice() -> None:
    found = master("#EXTM3U\n" + STREAM.format('"mp4a.40.2"', "sound") + STREAM.format('"hvc1.1,mp4a.40.2"', "film"))
    assert [one.url for one in choose(found, None)] == [f"{BASE}/film.m3u8"]
    assert [one.url for one in choose(found, 1)] == [f"{BASE}/sound.m3u8"]
    assert len(choose(found, ALL_VARIANTS)) == 2
    with pytest.raises(BadPlaylist, match="a variant 3, found 2 variants"):
        choose(found, 3)


def test_a_title_of_sound_alone_plays_its_first_variant() -> None:
    found = master("#EXTM3U\n" + STREAM.format('"mp4a.40.2"', "sound"))
    assert [one.url for one in choose(found, None)] == [f"{BASE}/sound.m3u8"]


def test_default_then_autoselect_ranks_a_groups_audio() -> None:
    lines = [
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="{name}",URI="{name}"{more}\n'
        for name, more in (("plain", ""), ("auto", ",AUTOSELECT=YES"), ("default", ",DEFAULT=YES,AUTOSELECT=YES"))
    ]
    found = master("#EXTM3U\n" + "".join(lines) + '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="g"\nv.m3u8\n')
    assert [one.url.rpartition("/")[2] for one in sorted(found.audio, key=lambda one: one.rank)] == [
        "default",
        "auto",
        "plain",
    ]


def test_a_group_without_a_playlist_has_its_sound_in_the_variant() -> None:
    text = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="x"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="g"\nv.m3u8\n'
    assert master(text).variants[0].audio_group is None


def test_session_keys_are_announced() -> None:
    lines = KEY.replace("EXT-X-KEY", "EXT-X-SESSION-KEY") * 2
    assert [key.content_id for key in master(MASTER + lines).session_keys] == [ID]


def test_a_media_playlist_gives_init_segments_and_key() -> None:
    found = media(body('#EXT-X-MAP:URI="init.mp4"\n', KEY))
    assert [(one.place.url, one.map, one.seconds) for one in found.segments] == [
        (f"{BASE}/a.m4s", Place(f"{BASE}/init.mp4"), 2.0),
        ("http://sees.example/titles/b.m4s", Place(f"{BASE}/init.mp4"), 2.0),
    ]
    assert {one.key and one.key.content_id for one in found.segments} == {ID}
    assert (found.ended, found.target) == (True, 2.0)


def test_a_live_playlist_has_no_end_and_numbers_its_segments() -> None:
    text = body("#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-DISCONTINUITY\n")
    found = media(text.replace("#EXT-X-ENDLIST\n", ""))
    assert not found.ended
    assert [(one.number, one.run) for one in found.segments] == [(7, 4), (8, 4)]


def test_byte_ranges_with_and_without_an_offset() -> None:
    text = (
        '#EXTM3U\n#EXT-X-MAP:URI="f.mp4",BYTERANGE="930@10"\n#EXTINF:1,\n#EXT-X-BYTERANGE:100@998\nf.mp4\n'
        "#EXTINF:1,\n#EXT-X-BYTERANGE:50\nf.mp4\n#EXTINF:1,\nwhole.mp4\n#EXTINF:1,\n#EXT-X-BYTERANGE:5@0\nf.mp4\n"
    )
    found = media(text)
    assert found.segments[0].map == Place(f"{BASE}/f.mp4", 10, 930)
    assert [one.place for one in found.segments] == [
        Place(f"{BASE}/f.mp4", 998, 100),
        Place(f"{BASE}/f.mp4", 1098, 50),
        Place(f"{BASE}/whole.mp4"),
        Place(f"{BASE}/f.mp4", 0, 5),
    ]


@pytest.mark.parametrize("text", ["100", "x", "100@", "-1@2", "0@5", "@5"])
def test_a_byte_range_that_is_none(text: str) -> None:
    with pytest.raises(BadPlaylist, match="<length>@<offset>"):
        media(body(f"#EXTINF:1,\nother.mp4\n#EXT-X-BYTERANGE:{text}\n"))


def test_a_gap_is_marked_and_is_in_no_period() -> None:
    text = body("#EXT-X-GAP\n#EXTINF:2,\nmissing.m4s\n")
    assert [one.gap for one in media(text).segments] == [True, False, False]
    assert periods(text) == [(None, None, 2)]


def test_parts_and_hints_are_passed_over_and_parts_alone_are_named() -> None:
    parts = (
        '#EXT-X-PART:DURATION=0.3,URI="p1.m4s",INDEPENDENT=YES\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.m4s"\n'
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n"
    )
    assert len(media(body() + parts).segments) == 2
    with pytest.raises(BadPlaylist, match="parts alone"):
        media("#EXTM3U\n" + parts)


def test_variables_are_substituted() -> None:
    text = body(
        '#EXT-X-DEFINE:NAME="d",VALUE="deep/er"\n#EXT-X-DEFINE:QUERYPARAM="t"\n#EXT-X-DEFINE:IMPORT="m"\n',
        '#EXT-X-MAP:URI="{$d}/i.mp4?t={$t}&m={$m}"\n#EXTINF:2,\n{$d}/x.m4s\n',
    )
    found = parse_playlist(text, f"{URL}?t=42", imported={"m": "7"})
    assert isinstance(found, MediaPlaylist)
    assert found.segments[0].place.url == f"{BASE}/deep/er/x.m4s"
    assert found.segments[0].map == Place(f"{BASE}/deep/er/i.mp4?t=42&m=7")
    assert master('#EXTM3U\n#EXT-X-DEFINE:NAME="m",VALUE="1"\n' + MASTER[8:]).variables == {"m": "1"}


@pytest.mark.parametrize(
    "lines", ["#EXTINF:1,\n{$nope}\n", '#EXT-X-DEFINE:IMPORT="nope"\n', '#EXT-X-DEFINE:QUERYPARAM="nope"\n']
)
def test_a_variable_that_nobody_defined_is_named(lines: str) -> None:
    with pytest.raises(BadPlaylist, match="nope"):
        media(body(lines))


def test_other_key_systems_beside_fairplay_are_passed_over() -> None:
    other = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:x",KEYFORMAT="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"\n'
    for lines in ((other, KEY), (KEY, other)):
        assert periods(body(*lines)) == [(None, ID, 2)]


def test_a_clear_playlist_has_no_key() -> None:
    assert periods(body()) == periods(body("#EXT-X-KEY:METHOD=NONE\n")) == [(None, None, 2)]


@pytest.mark.parametrize("versions", ["1", "1/2", "5/1"])
def test_key_format_versions_with_a_1(versions: str) -> None:
    assert periods(body(KEY.replace('VERSIONS="1"', f'VERSIONS="{versions}"'))) == [(None, ID, 2)]
    assert periods(body(KEY.replace(',KEYFORMATVERSIONS="1"', ""))) == [(None, ID, 2)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "''"),
        ("<!doctype html><p>Not found", "an HTML page"),
        ('{"errorText": "x"}', "errorText"),
        ("#EXTM3U\n", "none"),
        (body('#EXT-X-KEY:METHOD=AES-128,URI="k.bin"\n'), "METHOD=AES-128"),
        (body(KEY.replace("SAMPLE-AES", "AES-128")), "METHOD=AES-128"),
        (body(KEY.replace('VERSIONS="1"', 'VERSIONS="2/3"')), "KEYFORMATVERSIONS='2/3'"),
        (body("#EXTINF:no number,\nx.m4s\n"), "no number"),
        (body("#EXT-X-MEDIA-SEQUENCE:" + "9" * 5000 + "\n"), "9999"),
        (body("#EXT-X-MAP:BYTERANGE=1\n"), "one without"),
        ("#EXTM3U\n" + "#" * (MAX_PLAYLIST + 1), "4194"),
        ('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="sound"\nvideo.m3u8\n', "AUDIO='sound'"),
    ],
)
def test_what_cannot_be_played_is_named(text: str, found: str) -> None:
    with pytest.raises(BadPlaylist) as caught:
        parse_playlist(text, URL)
    assert found in caught.value.found
    assert URL in str(caught.value)


def test_a_mangled_key_uri_is_the_key_uris_error() -> None:
    with pytest.raises(BadKeyUri, match="skd://"):
        media(body(KEY.replace("skd://", "skd%3A%2F%2F")))


def test_keys_are_counted_before_there_are_too_many() -> None:
    lines = [KEY.replace(ID, f"key-{number}") + "#EXTINF:1,\nx\n" for number in range(MAX_KEYS + 1)]
    assert len(media("#EXTM3U\n" + "".join(lines[:-1])).segments) == MAX_KEYS
    with pytest.raises(BadPlaylist, match=f"at most {MAX_KEYS} keys"):
        media("#EXTM3U\n" + "".join(lines))


HOSTILE = {
    "key lines": "#EXTM3U\n" + KEY * 20_000 + "#EXTINF:1,\nx\n",
    "attributes without an end": "#EXTM3U\n#EXT-X-KEY:" + "A=" * 1_000_000 + '"\n#EXTINF:1,\nx\n',
    "a name without an end": "#EXTM3U\n#EXT-X-KEY:" + "A" * 2_000_000 + "\n#EXTINF:1,\nx\n",
    "empty lines": "#EXTM3U\n" + "\n" * 2_000_000 + "#EXTINF:1,\nx\n",
    "variables": '#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="' + "x" * 100_000 + '"\n' + "#{$a}\n" * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_does_not_grow_faster_than_the_playlist(name: str) -> None:
    # By the processor's time of this thread, against a playlist of the same size: other work does not count.
    def cost(text: str) -> float:
        start = time.thread_time()
        with suppress(BadPlaylist):
            parse_playlist(text, URL)
        return time.thread_time() - start

    plain = "#EXTM3U\n" + "#EXTINF:1,\nsegment.m4s\n" * (len(HOSTILE[name]) // 23)
    assert cost(HOSTILE[name]) < 20 * cost(plain[:MAX_PLAYLIST]) + 0.5


def test_the_query_is_parsed_once_for_all_variables_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def count(query: str) -> list[tuple[str, str]]:
        parsed.append(query)
        return parse_qsl(query)

    monkeypatch.setattr("emulator.hls.parse_qsl", count)
    text = body('#EXT-X-DEFINE:QUERYPARAM="t"\n' * 100, "#EXTINF:2,\n{$t}.m4s\n")
    assert media(text, f"{URL}?s=1&t=42").segments[0].place.url == f"{BASE}/42.m4s"
    assert parsed == ["s=1&t=42"]
    assert media(body(), f"{URL}?t=42")
    assert len(parsed) == 1


def test_a_long_value_used_often_in_one_line_is_counted_before_it_is_put_in() -> None:
    text = '#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="' + "x" * 1_000_000 + '"\n#' + "{$a}" * 60 + "\n"
    tracemalloc.start()
    try:
        with pytest.raises(BadPlaylist, match="characters with variables"):
            parse_playlist(text, URL)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_variables_count_for_what_they_stand_for() -> None:
    # 4,000,000 characters of names that stand for one each.
    text = (
        '#EXTM3U\n#EXT-X-DEFINE:NAME="a",VALUE="x"\n#'
        + "{$a}" * 1_000_000
        + "\n#"
        + "y" * 100_000
        + "\n#EXTINF:1,\nx\n"
    )
    assert len(media(text).segments) == 1


@pytest.mark.parametrize(
    "lines",
    ["a\n", '#EXT-X-MAP:URI="a"\n', "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", '#EXT-X-MEDIA:TYPE=AUDIO,URI="a"\n'],
)
def test_an_address_is_bounded_where_it_is_joined(lines: str) -> None:
    host = "http://sees.example/"
    longest = host + "p" * (MAX_ADDRESS - len(host) - len("/a")) + "/"
    assert media("#EXTM3U\na\n", longest).segments[0].place.url == f"{longest}a"
    with pytest.raises(BadAddress, match=f"at most {MAX_ADDRESS} characters, found one of {MAX_ADDRESS + 1}"):
        parse_playlist("#EXTM3U\n" + lines, longest[:-1] + "p/")


@pytest.mark.parametrize("line", ["a\n", '#EXT-X-MAP:URI="a"\n', '#EXT-X-MEDIA:TYPE=AUDIO,URI="a"\n'])
def test_the_addresses_of_a_playlist_are_bounded_together(line: str) -> None:
    base = "http://sees.example/" + "p" * 7979 + "/"
    most = MAX_ADDRESSES // (len(base) + 1)
    assert media("#EXTM3U\n" + line * (most - 1) + "a\n", base).segments
    with pytest.raises(BadPlaylist, match=f"at most {MAX_ADDRESSES} characters of addresses"):
        parse_playlist("#EXTM3U\n" + line * (most + 1), base)


LINES = st.lists(
    st.sampled_from([*MASTER.splitlines(), *body(KEY, '#EXT-X-MAP:URI="i"\n').splitlines(), "#EXT-X-KEY:", "#EXTINF:"])
    | st.text(max_size=40).map("#EXT-X-".__add__)
    | st.sampled_from(["#EXT-X-BYTERANGE:", "#EXT-X-DEFINE:", "#EXT-X-MAP:", "http://[::1", "{$x}", "#EXT-X-GAP"])
)


@given(LINES.map(lambda lines: "\n".join(["#EXTM3U", *lines])) | st.text())
def test_any_text_gives_a_playlist_or_a_numbered_error(text: str) -> None:
    with suppress(BadPlaylist, BadKeyUri):
        assert parse_playlist(text, URL)


def period(init: str, key: str, *segments: str) -> str:
    return f'#EXT-X-MAP:URI="{init}"\n{key}' + "".join(f"#EXTINF:2,\n{segment}\n" for segment in segments)


def test_key_periods_have_an_init_segment_and_a_key_of_their_own() -> None:
    text = "#EXTM3U\n" + period("1.mp4", KEY, "1a", "1b") + "#EXT-X-DISCONTINUITY\n" + period("2.mp4", OTHER_KEY, "2a")
    assert periods(text) == [(f"{BASE}/1.mp4", ID, 2), (f"{BASE}/2.mp4", "d" + ID[1:], 1)]


@pytest.mark.parametrize(
    "between",
    ["#EXT-X-DISCONTINUITY\n", '#EXT-X-MAP:URI="other"\n', OTHER_KEY, "#EXT-X-KEY:METHOD=NONE\n"],
)
def test_each_change_begins_a_period(between: str) -> None:
    assert len(periods(body(KEY, "#EXTINF:2,\nx.m4s\n", between))) == 2


def test_a_clear_start_is_a_period_without_a_key() -> None:
    assert [key for _, key, _ in periods("#EXTM3U\n#EXTINF:2,\nclear\n" + period("i", KEY, "a"))] == [None, ID]
