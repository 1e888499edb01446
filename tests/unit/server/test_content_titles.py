"""The committed titles: small, told apart by their keys, and with the key lines that FairPlay players expect."""

import json
import tomllib
import uuid
from pathlib import Path
from typing import Any

import m3u8
import pytest

CONTENT = Path(__file__).parents[3] / "server" / "content"
CATALOG: dict[str, dict[str, Any]] = tomllib.loads((CONTENT / "catalog.toml").read_text())["titles"]
every_title = pytest.mark.parametrize("title", CATALOG)


def media_playlists(title: str) -> dict[str, Any]:
    master = m3u8.loads((CONTENT / title / "master.m3u8").read_text())
    (video,), (audio,) = master.playlists, master.media
    assert video.stream_info.resolution == (320, 180)
    assert (audio.type, audio.group_id) == ("AUDIO", video.stream_info.audio)
    return {uri: m3u8.loads((CONTENT / title / uri).read_text()) for uri in (video.uri, audio.uri)}


def keys_of(title: str, uri: str) -> list[dict[str, str]]:
    """The keys of one playlist, in the order in which it plays: all of the title, or the one for its track."""
    own = [key for key in CATALOG[title]["keys"] if key["content_id"].endswith(f"/{uri[:5].upper()}")]
    keys: list[dict[str, str]] = own or CATALOG[title]["keys"]
    return keys


def test_there_are_one_dummy_the_film_the_rotation_and_two_for_players() -> None:
    # In this order: a player that is told no title takes the first that is no dummy.
    assert [(title, entry.get("dummy", False), len(entry["keys"])) for title, entry in CATALOG.items()] == [
        ("dummy", True, 1),
        ("film", False, 1),
        ("rotation", False, 2),
        ("kid-uri", False, 1),
        ("key-per-track", False, 2),
    ]
    assert [key["content_id"] == key["kid"] for key in CATALOG["kid-uri"]["keys"]] == [True]
    assert [key["content_id"] for key in CATALOG["key-per-track"]["keys"]] == ["two-tracks/VIDEO", "two-tracks/AUDIO"]
    assert CATALOG["film"]["rental_duration"] > 0


@pytest.mark.parametrize("field", ["content_id", "kid", "cek", "iv"])
def test_every_key_has_values_of_its_own(field: str) -> None:
    values = [key[field] for entry in CATALOG.values() for key in entry["keys"]]
    assert len(set(values)) == len(values)
    for value in values if field != "content_id" else []:
        assert len(value) == 32
        assert uuid.UUID(value)
        assert value == value.lower()


@every_title
def test_a_title_is_about_five_seconds_in_separate_video_and_audio(title: str) -> None:
    playlists = media_playlists(title)
    assert set(playlists) == {"video.m3u8", "audio.m3u8"}
    for playlist in playlists.values():
        assert playlist.is_endlist
        assert sum(segment.duration for segment in playlist.segments) == pytest.approx(5, abs=0.4)


@every_title
def test_a_title_is_under_200_kb(title: str) -> None:
    assert sum(path.stat().st_size for path in (CONTENT / title).iterdir()) < 200_000


@every_title
def test_playlists_carry_the_key_lines_with_the_content_ids_of_the_catalog(title: str) -> None:
    for uri in media_playlists(title):
        lines = [
            f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{key["content_id"]}",'
            'KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
            for key in keys_of(title, uri)
        ]
        text = (CONTENT / title / uri).read_text()
        assert [line for line in text.splitlines() if line.startswith("#EXT-X-KEY")] == lines


@every_title
def test_each_period_begins_with_discontinuity_map_and_key(title: str) -> None:
    for uri in media_playlists(title):
        lines = (CONTENT / title / uri).read_text().splitlines()
        starts = [at for at, line in enumerate(lines) if line.startswith("#EXT-X-MAP")]
        assert len(starts) == len(keys_of(title, uri))
        assert all(lines[at + 1].startswith("#EXT-X-KEY") for at in starts)
        breaks = [at for at, line in enumerate(lines) if line == "#EXT-X-DISCONTINUITY"]
        assert breaks == [at - 1 for at in starts[1:]]


def test_video_and_audio_change_the_key_at_one_instant() -> None:
    lengths = [
        [
            sum(segment.duration for segment in playlist.segments if segment.init_section.uri == init.uri)
            for init in playlist.segment_map
        ]
        for playlist in media_playlists("rotation").values()
    ]
    assert lengths == [pytest.approx([8 / 3, 8 / 3], abs=0.002)] * 2


@every_title
def test_tracks_name_the_scheme_kid_and_iv_of_the_catalog(title: str) -> None:
    for uri, playlist in media_playlists(title).items():
        for key, init in zip(keys_of(title, uri), playlist.segment_map, strict=True):
            data = (CONTENT / title / init.uri).read_bytes()
            assert b"cbcs" in data
            assert bytes.fromhex(key["kid"] + "10" + key["iv"]) in data


@every_title
def test_every_file_is_used_and_every_used_file_is_there(title: str) -> None:
    used = {"master.m3u8", "frames.json"}
    for uri, playlist in media_playlists(title).items():
        used |= {uri, *(init.uri for init in playlist.segment_map), *(segment.uri for segment in playlist.segments)}
    assert {path.name for path in (CONTENT / title).iterdir()} == used


@every_title
def test_no_content_key_lies_beside_the_content(title: str) -> None:
    for path in (CONTENT / title).iterdir():
        data = path.read_bytes()
        for key in CATALOG[title]["keys"]:
            assert bytes.fromhex(key["cek"]) not in data
            assert key["cek"].encode() not in data.lower()


@every_title
def test_frames_are_sha256_in_hexadecimal(title: str) -> None:
    frames = json.loads((CONTENT / title / "frames.json").read_text())
    periods = frames.pop("periods", None)
    assert set(frames) == {"video", "audio"}
    assert all(len(bytes.fromhex(print_)) == 32 for prints in frames.values() for print_ in prints)
    assert len(set(frames["video"])) == len(frames["video"]) >= 120
    if len(keys_of(title, "video.m3u8")) > 1:
        for kind, prints in frames.items():
            assert sum(period[kind] for period in periods) == len(prints)
        assert len(periods) == len(CATALOG[title]["keys"])
    else:
        assert periods is None
