"""`sees-server add-title` with the real programs, then played by the emulator: every layout, and what cannot be."""

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from real_services import services

from emulator.cli import main as emulator
from server.catalog import load_catalog
from server.cli import main
from server.packaging import PackagingError, program

try:
    FFMPEG, _ = program("ffmpeg"), program("packager")
except PackagingError as missing:
    pytest.skip(f"{missing}", allow_module_level=True)

PICTURE, TONE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=24:d=3"), ("-f", "lavfi", "-i", "sine=440:d=3")
H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none")
LANGUAGES = (
    "-map",
    "0",
    "-map",
    "1",
    "-map",
    "2",
    "-metadata:s:a:0",
    "language=eng",
    "-metadata:s:a:1",
    "language=fra",
)
A_PICTURE = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "stage-light.png"
FILMS = {
    "plain.mp4": (*PICTURE, *TONE, *H264, "-c:a", "aac"),
    "two languages.mkv": (*PICTURE, *TONE, *TONE, *LANGUAGES, *H264, "-c:a", "aac"),
    "silent.mp4": (*PICTURE, *H264),
    "sound.m4a": (*TONE, "-c:a", "aac"),
    "hevc.mkv": (*PICTURE, *TONE, *HEVC, "-c:a", "libmp3lame"),
    "odd.mkv": ("-f", "lavfi", "-i", "testsrc2=s=161x91:r=24:d=3", "-c:v", "libx264", "-pix_fmt", "yuv444p"),
    "old.avi": (*PICTURE, *TONE, "-c:v", "mpeg4", "-c:a", "libmp3lame"),
}
CASES = {
    "segments": ("plain.mp4",),
    "single file": ("plain.mp4", "--single-file"),
    "ts": ("plain.mp4", "--ts"),
    "key per track": ("plain.mp4", "--keys", "per-track", "--content-id", "movie-42"),
    "two languages": ("two languages.mkv", "--content-id", "/AEiM0RVZneImaq7zN3u/w=="),
    "silent": ("silent.mp4", "--storage", "2592000", "--playback", "172800"),
    "audio only": ("sound.m4a", "--rental", "3600"),
    "hevc": ("hevc.mkv", "--lease", "3600"),
    "odd size": ("odd.mkv",),
    "old codecs": ("old.avi", "--persistent"),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(tmp_path_factory.mktemp("films"))
    for name, options in FILMS.items():
        subprocess.run([FFMPEG, "-loglevel", "error", "-y", *options, str(folder / name)], check=True)
    shutil.copyfile(A_PICTURE, folder / "picture.png")  # the ffmpeg of the packager writes no PNG
    (folder / "notes.txt").write_text("no film")
    (folder / "playlist.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nplain.mp4\n#EXT-X-ENDLIST\n")
    (folder / "script.mp4").write_text("ffconcat version 1.0\nfile plain.mp4\n")
    return folder


def add(films: Path, catalog: Path, film: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["add-title", str(films / film), f"--catalog={catalog}", *options])


@pytest.fixture(scope="module")
def catalog(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(tmp_path_factory.mktemp("catalog"), "new", "catalog.toml")
    path.parent.mkdir()
    for title, (film, *options) in CASES.items():
        result = add(films, path, film, f"--title={title}", *options)
        assert result.exit_code == 0, result.output
        assert f"--title {title.replace(' ', '-')}" in result.output
    return path


@pytest.fixture(scope="module")
def urls(catalog: Path) -> Iterator[tuple[str, str]]:
    with services(catalog) as both:
        yield both


@pytest.mark.parametrize("title", CASES)
def test_what_was_added_plays_as_the_film_it_was(urls: tuple[str, str], title: str) -> None:
    where = (f"--sees={urls[0]}", f"--expressplay={urls[1]}")
    title = title.replace(" ", "-")
    result = CliRunner().invoke(emulator, ["bind", *where, f"--cookie={title}", f"--title={title}"])
    assert result.exit_code == 0, result.output
    assert "as in the clear source" in result.output


def test_keys_and_terms_are_in_the_catalog(catalog: Path) -> None:
    titles = load_catalog(catalog).titles
    assert [title.dummy for title in titles.values()] == [True, *(False for _ in CASES)]
    assert [key.content_id for key in titles["key-per-track"].keys] == ["movie-42/VIDEO", "movie-42/AUDIO"]
    assert [key.content_id for key in titles["two-languages"].keys] == ["/AEiM0RVZneImaq7zN3u/w=="]
    assert (titles["silent"].terms.storage_duration, titles["silent"].terms.playback_duration) == (2_592_000, 172_800)
    assert (titles["audio-only"].terms.rental_duration, titles["hevc"].terms.lease_duration) == (3600, 3600)
    assert titles["old-codecs"].terms.persistent


@pytest.mark.parametrize(
    ("film", "options", "words"),
    [
        ("nothing.mp4", ("--title=x",), "expected a film, found no file"),
        ("notes.txt", ("--title=x",), "ffprobe failed"),
        ("picture.png", ("--title=x",), "expected a film, found a picture (png)"),
        ("playlist.mp4", ("--title=x",), "playlist.mp4"),  # some versions of ffmpeg refuse it by themselves
        ("script.mp4", ("--title=x",), "expected a film, found a list of other files (concat)"),
        ("plain.mp4", ("--title=segments",), "found one with the id segments. Fix: give another --title"),
        ("plain.mp4", ("--title=映画",), "expected a title with letters a-z or digits"),
        ("plain.mp4", ("--title=x", "--content-id=movie-42/VIDEO"), "used already by titles.key-per-track"),
        ("plain.mp4", ("--title=x", '--content-id=a"b'), "that a playlist can hold"),
        ("plain.mp4", ("--title=x", "--content-id=" + "x" * 201), "2 to 200 bytes"),
        ("plain.mp4", ("--title=x", "--storage=5"), "storage_duration and playback_duration together"),
        ("plain.mp4", ("--title=x", "--ts", "--single-file"), "exclude each other"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(
    films: Path, catalog: Path, film: str, options: tuple[str, ...], words: str
) -> None:
    before = catalog.read_text(), sorted(catalog.parent.iterdir())
    result = add(films, catalog, film, *options)
    assert result.exit_code != 0
    assert words in result.output
    assert (catalog.read_text(), sorted(catalog.parent.iterdir())) == before
    tomllib.loads(before[0])
