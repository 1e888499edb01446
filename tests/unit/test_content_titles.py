"""The committed titles: small, told apart by their keys, and with the key line that FairPlay players expect."""

import json
import tomllib
import uuid
from pathlib import Path
from typing import Any

import m3u8
import pytest

CONTENT = Path(__file__).parents[2] / "server" / "content"
CATALOG: dict[str, dict[str, Any]] = tomllib.loads((CONTENT / "catalog.toml").read_text())["titles"]
every_title = pytest.mark.parametrize("title", CATALOG)


def media_playlists(title: str) -> dict[str, Any]:
    master = m3u8.loads((CONTENT / title / "master.m3u8").read_text())
    (video,), (audio,) = master.playlists, master.media
    assert video.stream_info.resolution == (320, 180)
    assert (audio.type, audio.group_id) == ("AUDIO", video.stream_info.audio)
    return {uri: m3u8.loads((CONTENT / title / uri).read_text()) for uri in (video.uri, audio.uri)}


def test_there_is_one_dummy_and_the_film() -> None:
    assert {title: entry.get("dummy", False) for title, entry in CATALOG.items()} == {"dummy": True, "film": False}
    assert CATALOG["film"]["rental_duration"] > 0


@pytest.mark.parametrize(
    ("field", "form"), [("content_id", str(uuid.UUID(int=0))), *((k, "0" * 32) for k in ("kid", "cek", "iv"))]
)
def test_every_key_has_values_of_its_own(field: str, form: str) -> None:
    values = [key[field] for entry in CATALOG.values() for key in entry["keys"]]
    assert len(set(values)) == len(values)
    for value in values:
        assert len(value) == len(form)
        assert uuid.UUID(value)
        assert value == value.lower()


@every_title
def test_a_title_is_about_five_seconds_in_separate_video_and_audio(title: str) -> None:
    playlists = media_playlists(title)
    assert set(playlists) == {"video.m3u8", "audio.m3u8"}
    for playlist in playlists.values():
        assert playlist.is_endlist
        assert sum(segment.duration for segment in playlist.segments) == pytest.approx(5, abs=0.1)


@every_title
def test_a_title_is_under_200_kb(title: str) -> None:
    assert sum(path.stat().st_size for path in (CONTENT / title).iterdir()) < 200_000


@every_title
def test_playlists_carry_the_key_line_with_the_content_id_of_the_catalog(title: str) -> None:
    (key,) = CATALOG[title]["keys"]
    line = (
        f'#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{key["content_id"]}",'
        'KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
    )
    for uri in media_playlists(title):
        lines = (CONTENT / title / uri).read_text().splitlines()
        assert [text for text in lines if text.startswith("#EXT-X-KEY")] == [line]


@every_title
def test_tracks_name_the_scheme_kid_and_iv_of_the_catalog(title: str) -> None:
    (key,) = CATALOG[title]["keys"]
    for kind in ("video", "audio"):
        init = (CONTENT / title / f"{kind}-init.mp4").read_bytes()
        assert b"cbcs" in init
        assert bytes.fromhex(key["kid"] + "10" + key["iv"]) in init


@every_title
def test_every_file_is_used_and_every_used_file_is_there(title: str) -> None:
    used = {"master.m3u8", "frames.json"}
    for uri, playlist in media_playlists(title).items():
        used |= {uri, playlist.segment_map[0].uri, *(segment.uri for segment in playlist.segments)}
    assert {path.name for path in (CONTENT / title).iterdir()} == used


@every_title
def test_no_content_key_lies_beside_the_content(title: str) -> None:
    (key,) = CATALOG[title]["keys"]
    for path in (CONTENT / title).iterdir():
        data = path.read_bytes()
        assert bytes.fromhex(key["cek"]) not in data
        assert key["cek"].encode() not in data.lower()


@every_title
def test_frames_are_sha256_in_hexadecimal(title: str) -> None:
    frames = json.loads((CONTENT / title / "frames.json").read_text())
    assert set(frames) == {"video", "audio"}
    assert all(len(bytes.fromhex(print_)) == 32 for prints in frames.values() for print_ in prints)
    assert len(set(frames["video"])) == len(frames["video"]) == 120
