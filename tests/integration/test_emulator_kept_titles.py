"""Persistent keys: kept on the device, owner-only and sealed; played without any server; refused after the expiry."""

import json
import re
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from real_services import services

from emulator.cli import main
from emulator.errors import NoKeptTitle, StoredKeyExpired
from emulator.kept_titles import FILE, LICENSES, load, name_of, play_kept
from emulator.key_uri import parse_key_uri
from emulator.title import Title
from emulator.verdict import Verdict
from server.catalog import CONTENT, load_catalog

RENTAL = load_catalog(CONTENT / "catalog.toml").titles["film"].terms.rental_duration
SEED = "device A"
FRAMES_OF_A_SEGMENT = 48
NOWHERE = ("--sees", "http://127.0.0.1:9", "--expressplay", "http://127.0.0.1:9")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device's state with the film in it; the services are gone."""
    folder = tmp_path_factory.mktemp("device") / "state"
    with services() as (sees, expressplay):
        result = run("bind", "--sees", sees, "--expressplay", expressplay, "--cookie", "keep", "--state", str(folder))
    assert (result.exit_code, "Kept for offline play: film-" in result.stdout) == (0, True)
    return folder


def folder_of(state: Path) -> Path:
    [folder] = state.iterdir()
    return folder


def offline(state: Path, *more: str) -> Result:
    return run("play", "--offline", "--state", str(state), *more)


def test_a_kept_title_plays_without_any_server(state: Path, tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    result = offline(state, *NOWHERE, "--still", str(still))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Played film-" in result.stdout
    assert ": all 120 video frames and 236 audio frames as in the clear source" in result.stdout
    assert "no server asked, good until 20" in result.stdout
    assert still.read_bytes().startswith(b"\x89PNG")


def test_the_beginning_of_a_kept_title_can_be_played_alone_and_tells_a_wrong_key(state: Path) -> None:
    kept = load(state, SEED, "film", 0)
    beginning = play_kept(kept, seconds=1)
    assert (beginning.played, beginning.compared) == (True, True)
    assert [track.frames for track in beginning.tracks if track.kind == "video"] == [FRAMES_OF_A_SEGMENT]
    wrong = {
        key: replace(license, content=replace(license.content, key=bytes(16))) for key, license in kept.licenses.items()
    }
    tracks = play_kept(replace(kept, licenses=wrong), seconds=1).tracks
    assert {track.verdict for track in tracks} == {Verdict.WRONG_KEY}


def test_it_is_refused_after_the_expiry(state: Path) -> None:
    assert offline(state, "--clock", str(RENTAL - 600)).exit_code == 0
    result = offline(state, "--clock", str(RENTAL))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "-9114 stored key expired" in result.stderr


def test_the_expiry_counts_from_the_download(state: Path) -> None:
    kept = load(state, SEED, "film", 0)
    assert kept.expires
    assert load(state, SEED, None, kept.expires - 0.001).name == kept.name
    with pytest.raises(StoredKeyExpired):
        load(state, SEED, None, kept.expires)


def test_another_device_cannot_open_it(state: Path) -> None:
    result = offline(state, "--device", "device B")
    assert result.exit_code == 1
    assert "-9115 no such kept title" in result.stderr
    assert "another device" in result.stderr


def test_nobody_but_the_owner_can_read_it_and_no_key_is_in_it(state: Path) -> None:
    for path in (folder_of(state), *folder_of(state).iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    content = load_catalog(CONTENT / "catalog.toml").titles["film"].keys[0]
    everything = b"".join(path.read_bytes() for path in folder_of(state).iterdir())
    for spelling in (bytes.fromhex(content.cek), content.cek.encode(), content.cek.upper().encode()):
        assert spelling not in everything


def test_keeping_again_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    with services() as (sees, expressplay):
        listings = []
        for _ in range(2):
            run("bind", "--sees", sees, "--expressplay", expressplay, "--cookie", "again", "--state", str(tmp_path))
            listings.append(sorted(path.name for path in folder_of(tmp_path).iterdir()))
    assert listings[0] == listings[1]
    assert {FILE, LICENSES} == {name for name in listings[0] if not name.startswith("media-")}


def test_two_titles_of_one_folder_name_are_two(state: Path, tmp_path: Path) -> None:
    shutil.copytree(state, tmp_path / "state")
    first = {path: path.read_bytes() for path in folder_of(tmp_path / "state").iterdir()}
    with services() as (sees, expressplay):  # on another port: another address
        where = ("--sees", sees, "--expressplay", expressplay, "--cookie", "two", "--state", str(tmp_path / "state"))
        assert run("bind", *where).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert len(names) == 2
    assert {path: path.read_bytes() for path in first} == first
    ambiguous = offline(tmp_path / "state", "--title", "film")
    assert (ambiguous.exit_code, all(name in ambiguous.stderr for name in names)) == (1, True)
    assert "Fix: name one of these with --title." in ambiguous.stderr
    for name in names:
        assert offline(tmp_path / "state", "--title", name).exit_code == 0


def test_a_license_for_one_playback_is_not_kept(tmp_path: Path) -> None:
    with services() as (sees, expressplay):
        where = ("--sees", sees, "--expressplay", expressplay, "--cookie", "lease", "--state", str(tmp_path / "s"))
        result = run("bind", *where, "--title", "rotation")
        told = json.loads(run("bind", *where, "--json").stdout)
    assert result.exit_code == 1
    assert "-9116 key not persistent" in result.stderr
    assert told["kept"]["title"] == folder_of(tmp_path / "s").name


def test_offline_as_json(state: Path) -> None:
    told = json.loads(offline(state, "--json").stdout)
    assert (told["ok"], told["title"], told["playback"]["played"]) == (True, folder_of(state).name, True)


def test_what_is_not_there_is_named(state: Path, tmp_path: Path) -> None:
    assert "found film-" in offline(state, "--title", "other").stderr
    assert "found none" in offline(tmp_path).stderr
    assert run("play", "--offline").exit_code == 2
    assert "no URL" in run("play", "http://x/", "--offline", "--state", str(state)).stderr


@pytest.fixture
def copy(state: Path, tmp_path: Path) -> Path:
    shutil.copytree(state, tmp_path / "state")
    return tmp_path / "state"


def test_a_missing_part_is_a_damaged_title(copy: Path) -> None:
    (folder_of(copy) / "media-3").unlink()
    assert "a damaged one" in offline(copy).stderr


def test_damaged_media_is_shown_as_such(copy: Path) -> None:
    media = max(folder_of(copy).glob("media-*"), key=lambda path: path.stat().st_size)
    media.write_bytes(media.read_bytes()[:-5_000])
    result = offline(copy)
    assert result.exit_code == 1
    assert "-9110 playback failed" in result.stderr
    assert json.loads(offline(copy, "--json").stdout)["ok"] is False


def test_a_license_moved_to_another_title_does_not_open(copy: Path) -> None:
    folder_of(copy).rename(copy / "other")
    assert "altered" in offline(copy).stderr


ANY: Any = st.recursive(st.none() | st.integers(2) | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3))


@given(name=st.sampled_from(["renditions", "version", "format"]), value=ANY)
def test_an_altered_file_is_refused(state: Path, tmp_path_factory: Any, name: str, value: Any) -> None:
    folder = tmp_path_factory.mktemp("altered")
    copied = shutil.copytree(folder_of(state), folder / folder_of(state).name)
    content = {**json.loads((copied / FILE).read_text()), name: value}
    (copied / FILE).write_text(json.dumps(content))
    with pytest.raises(NoKeptTitle):
        load(folder, SEED, None, 0)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://x/titles/film/master.m3u8", "film"),
        ("http://x/a%2F..b/m.m3u8", "a_2F__b"),
        ("http://x/../m.m3u8", "__"),
        ("http://x/m.m3u8", "title"),
        ("http://x/éß/m.m3u8", "__"),
    ],
)
def test_the_name_begins_as_the_playlists_folder_and_is_never_a_path(url: str, name: str) -> None:
    assert re.fullmatch(re.escape(name) + "-[0-9a-f]{8}", name_of(Title(url, ())))


def test_the_name_is_that_of_content_id_and_address() -> None:
    keys = [parse_key_uri(f"skd://{content_id}") for content_id in ("one", "two")]
    titles = [Title(url, (key,)) for url in ("http://x/f/m.m3u8", "http://y/f/m.m3u8") for key in keys]
    assert len({name_of(title) for title in titles}) == 4
