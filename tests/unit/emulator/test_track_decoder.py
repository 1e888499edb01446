"""Playing the committed titles: the outcomes of the right, a wrong and no key; damage; the still picture."""

import io
import json
import os
import struct
import sys
import tomllib
import zlib
from collections.abc import Sequence
from pathlib import Path

import av
import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.containers import PlaybackError, TrackKind
from emulator.decoding import still_png
from emulator.errors import PlaybackFailed
from emulator.hls import MediaPlaylist, Place, Segment
from emulator.screening import show
from emulator.timeline import Timeline
from emulator.title import Rendition, Title
from emulator.track_decoder import TrackDecoder, fingerprints, play_track
from emulator.verdict import TrackResult, Verdict

CONTENT = Path(__file__).parents[3] / "server" / "content"
# A track is what lies under one key: a whole title, or one key period of it.
KEYS: dict[tuple[str, int], dict[str, str]] = {
    (title, period): key
    for title, entry in tomllib.loads((CONTENT / "catalog.toml").read_text())["titles"].items()
    if title != "key-per-track"  # whose keys are for its tracks, not for its periods
    for period, key in enumerate(entry["keys"])
}
FILM = ("film", 0)
WRONG = bytes(range(16))
KINDS: tuple[TrackKind, ...] = ("video", "audio")
TRACKS = [pytest.param(part, kind, id=f"{part[0]}-{part[1]}-{kind}") for part in KEYS for kind in KINDS]
every_track = pytest.mark.parametrize(("part", "kind"), TRACKS)
Part = tuple[str, int]


def track(part: Part, kind: TrackKind) -> bytes:
    title, period = part
    playlist = m3u8.loads((CONTENT / title / f"{kind}.m3u8").read_text())
    init = playlist.segment_map[period].uri
    segments = [segment.uri for segment in playlist.segments if segment.init_section.uri == init]
    return b"".join((CONTENT / title / name).read_bytes() for name in (init, *segments))


def frames_of(part: Part, kind: TrackKind) -> Sequence[str]:
    title, period = part
    document = json.loads((CONTENT / title / "frames.json").read_text())
    counts = [counts[kind] for counts in document.get("periods", [])] or [len(document[kind])]
    start = sum(counts[:period])
    frames: list[str] = document[kind][start : start + counts[period]]
    return frames


def key_of(part: Part) -> bytes:
    return bytes.fromhex(KEYS[part]["cek"])


def play(part: Part, kind: TrackKind, key: bytes | None, data: bytes | None = None) -> TrackResult:
    return play_track(kind, track(part, kind) if data is None else data, key, frames_of(part, kind))


@every_track
def test_right_key_plays_every_frame(part: Part, kind: TrackKind) -> None:
    result = play(part, kind, key_of(part))
    assert result.verdict is Verdict.PLAYED
    assert result.frames == result.expected == len(frames_of(part, kind)) > 60


@every_track
def test_wrong_key_is_told_as_such(part: Part, kind: TrackKind) -> None:
    result = play(part, kind, WRONG)
    assert (result.verdict, result.frames) == (Verdict.WRONG_KEY, 0)
    assert "key does not fit" in result.detail


@every_track
def test_every_other_key_of_the_catalog_is_a_wrong_key(part: Part, kind: TrackKind) -> None:
    for other in KEYS.keys() - {part}:
        assert play(part, kind, key_of(other)).verdict is Verdict.WRONG_KEY


@pytest.mark.parametrize("kind", KINDS)
def test_key_periods_together_play_the_whole_title(kind: TrackKind) -> None:
    results = [play(part, kind, key_of(part)) for part in KEYS if part[0] == "rotation"]
    assert [result.verdict for result in results] == [Verdict.PLAYED, Verdict.PLAYED]
    whole = json.loads((CONTENT / "rotation" / "frames.json").read_text())[kind]
    assert sum(result.frames for result in results) == len(whole)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoilt", [0, 1])
def test_one_wrong_key_fails_exactly_its_period(kind: TrackKind, spoilt: int) -> None:
    parts = [part for part in KEYS if part[0] == "rotation"]
    keys = [WRONG if part[1] == spoilt else key_of(part) for part in parts]
    verdicts = [play(part, kind, key).verdict for part, key in zip(parts, keys, strict=True)]
    assert verdicts[spoilt] is Verdict.WRONG_KEY
    assert verdicts[1 - spoilt] is Verdict.PLAYED


@every_track
def test_without_a_key_nothing_is_decoded(part: Part, kind: TrackKind) -> None:
    result = play(part, kind, None)
    assert (result.verdict, result.frames) == (Verdict.NO_KEY, 0)
    assert "there is no key" in result.detail


def test_clear_track_plays_without_a_key() -> None:
    data = _clear_video(frames=5)
    expected = fingerprints("video", data)
    assert len(set(expected)) == 5
    assert play_track("video", data, None, expected).verdict is Verdict.PLAYED
    # Where nothing is encrypted, no key is to blame.
    assert play_track("video", data, WRONG, expected[::-1]).verdict is Verdict.DAMAGED


def test_nothing_expected_is_not_played() -> None:
    init = (CONTENT / "film" / "video-init.mp4").read_bytes()
    assert play_track("video", init, key_of(FILM), []).verdict is Verdict.DAMAGED


def test_missing_pyav_is_told_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(PlaybackError, match="PyAV"):
        play(FILM, "video", WRONG)
    segment = Segment(0, 0, Place("film"), None, None, 1.0)
    title = Title("film", (), (Rendition(MediaPlaylist("film", 1.0, True, (segment,)), {}),))
    timeline = Timeline(title, lambda one: one.playlist, lambda _: None)
    with pytest.raises(PlaybackFailed, match=r"found There is no PyAV .*Fix: pip install av") as failure:
        show(timeline, lambda _: track(FILM, "video"), lambda _: None, None)
    assert str(failure.value).count("Fix:") == 1


@every_track
def test_iv_of_the_ckc_counts(part: Part, kind: TrackKind) -> None:
    data, expected = track(part, kind), frames_of(part, kind)
    iv = bytes.fromhex(KEYS[part]["iv"])
    assert play_track(kind, data, key_of(part), expected, iv=iv).verdict is Verdict.PLAYED
    assert play_track(kind, data, key_of(part), expected, iv=WRONG).verdict is Verdict.WRONG_KEY


@every_track
def test_missing_samples_are_damage_not_a_wrong_key(part: Part, kind: TrackKind) -> None:
    result = play(part, kind, key_of(part), track(part, kind)[:-3000])
    whole = len(frames_of(part, kind))
    assert result.verdict is Verdict.DAMAGED
    assert f"where {whole} belong" in result.detail
    assert 0 < result.frames < whole


@every_track
def test_one_flipped_byte_is_damage_not_a_wrong_key(part: Part, kind: TrackKind) -> None:
    data = bytearray(track(part, kind))
    data[-2000] ^= 0xFF
    result = play(part, kind, key_of(part), bytes(data))
    assert result.verdict is Verdict.DAMAGED
    assert result.frames > len(frames_of(part, kind)) / 2


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("data", [b"", b"#EXTM3U\n", bytes(4096), b"<html>404</html>" * 100])
@pytest.mark.parametrize("key", [None, WRONG])
def test_what_is_no_track_is_unplayable(kind: TrackKind, data: bytes, key: bytes | None) -> None:
    result = play(FILM, kind, key, data)
    assert result.verdict is Verdict.UNPLAYABLE
    assert "CEK" not in result.fix


def test_wrong_kind_of_track_is_unplayable() -> None:
    result = play_track("audio", track(FILM, "video"), key_of(FILM), frames_of(FILM, "audio"))
    assert result.verdict is Verdict.UNPLAYABLE
    assert "0 audio streams" in result.detail


def test_other_pictures_under_the_right_key_do_not_pass() -> None:
    expected = list(frames_of(FILM, "video"))
    expected[7], expected[8] = expected[8], expected[7]
    result = play_track("video", track(FILM, "video"), key_of(FILM), expected)
    assert (result.verdict, result.frames) == (Verdict.DAMAGED, len(expected) - 2)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(cut=st.integers(0, 9000), noise=st.binary(max_size=64), key=st.sampled_from([None, WRONG, key_of(FILM)]))
def test_any_bytes_give_a_verdict(cut: int, noise: bytes, key: bytes | None) -> None:
    data = track(FILM, "audio")
    damaged = data[:cut] + noise + data[cut + len(noise) : 9000]
    result = play_track("audio", damaged, key, frames_of(FILM, "audio"))
    assert result.verdict in (Verdict.DAMAGED, Verdict.NO_KEY, Verdict.UNPLAYABLE)


def test_key_or_iv_of_another_size_is_refused_without_showing_it() -> None:
    for key, iv in ((b"secret", None), (WRONG, b"secret")):
        with pytest.raises(ValueError, match="has 16 bytes, this one 6") as caught:
            play_track("video", b"", key, [], iv=iv)
        assert "secret" not in str(caught.value)


@every_track
def test_no_result_shows_the_key(part: Part, kind: TrackKind) -> None:
    key = key_of(part)
    for data in (track(part, kind), track(part, kind)[:-3000], b""):
        assert key.hex() not in repr(play(part, kind, key, data))


def test_libav_says_nothing_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    for key in (WRONG, None):
        play(FILM, "video", key)
        play(FILM, "audio", key)
    assert capfd.readouterr() == ("", "")


def test_fingerprints_need_the_key() -> None:
    assert fingerprints("audio", track(FILM, "audio"), key_of(FILM)) == frames_of(FILM, "audio")
    with pytest.raises(PlaybackError, match="there is no key"):
        fingerprints("video", track(FILM, "video"))


def test_still_is_a_png_of_the_picture() -> None:
    png = still_png(track(FILM, "video"), key_of(FILM), 84)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (320, 180)
    assert len(set(_png_pixels(png))) > 1000


def test_stills_of_two_moments_differ() -> None:
    data, key = track(FILM, "video"), key_of(FILM)
    assert still_png(data, key, 0) != still_png(data, key, 119)


@pytest.mark.parametrize(
    ("key", "at_frame", "told"),
    [(WRONG, 84, "does not decode"), (None, 84, "does not decode"), ("right", 120, "no frame 120")],
)
def test_no_still_without_the_picture(key: bytes | str | None, at_frame: int, told: str) -> None:
    chosen = key_of(FILM) if isinstance(key, str) else key
    with pytest.raises(PlaybackError, match=told):
        still_png(track(FILM, "video"), chosen, at_frame)


def _clear_video(frames: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24, width=64, height=48, pix_fmt="yuv420p")
        for number in range(frames):
            picture = av.VideoFrame(64, 48, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([40 * number]) * plane.buffer_size)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def _png_pixels(png: bytes) -> list[bytes]:
    """Return the filtered RGB triplets of a PNG: enough to see that they are not all alike."""
    body, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            body += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(body)
    return [raw[i : i + 3] for i in range(0, len(raw), 3)]


HEVC = Path(__file__).parents[2] / "media" / "hevc.mp4"
"""Made by make_hevc.py beside it; its key counts from 00 to 0f, as WRONG does."""


def test_pictures_that_decode_under_any_key_are_never_called_played() -> None:
    data = HEVC.read_bytes()
    verdicts = [play_track("video", data, os.urandom(16), None).verdict for _ in range(20)]
    assert set(verdicts) <= {Verdict.CANNOT_TELL, Verdict.WRONG_KEY}
    right = play_track("video", data, WRONG, None)
    assert (right.verdict, right.frames) == (Verdict.CANNOT_TELL, 24)
    assert "random keys" in right.detail
    assert "CEK" not in right.fix


@every_track
def test_without_fingerprints_the_right_key_plays_and_a_wrong_one_does_not(part: Part, kind: TrackKind) -> None:
    assert play_track(kind, track(part, kind), key_of(part), None).verdict is Verdict.PLAYED
    for _ in range(5):
        wrong = play_track(kind, track(part, kind), os.urandom(16), None)
        assert wrong.verdict is Verdict.WRONG_KEY
        assert "CEK" in wrong.fix


@every_track
def test_without_fingerprints_damage_late_in_a_track_acquits_the_key(part: Part, kind: TrackKind) -> None:
    data = bytearray(track(part, kind))
    data[-2500:-500] = bytes(2000)
    result = play_track(kind, bytes(data), key_of(part), None)
    assert result.verdict is Verdict.DAMAGED
    assert "CEK" not in result.fix


def test_segments_fed_one_by_one_are_one_track() -> None:
    init = (CONTENT / "film" / "video-init.mp4").read_bytes()
    decoder = TrackDecoder("video", key_of(FILM), None, frames_of(FILM, "video"))
    for number in (1, 2, 3):
        decoder.feed(init + (CONTENT / "film" / f"video-{number}.m4s").read_bytes())
    assert decoder.finish().verdict is Verdict.PLAYED
    assert sum(decoder.samples) == 120


def test_a_picture_beyond_the_bound_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.containers.MAX_PIXELS", 320 * 180 - 1)
    result = play_track("video", track(FILM, "video"), key_of(FILM), None)
    assert result.verdict is Verdict.UNPLAYABLE
    assert "pixels" in result.detail
