"""What replay says of servers that show less than ours: nothing counts as equal that nobody saw."""

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from real_services import account_at, expressplay_service

from emulator.cli import main
from hosting.serving import running
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from simulation.journal import TRACE_HEADER
from walkthrough.record.comparison import compare
from walkthrough.record.recorded import Recording
from walkthrough.record.recording_file import read_recording
from walkthrough.replay import check, replay

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "recordings"
CONTENT = SeesConfig.catalog.parent


def read(name: str) -> Recording:
    return read_recording((FOLDER / f"{name}.binding.json").read_bytes())


def step(recording: Recording, n: int) -> Any:
    return next(step for step in recording["steps"] if step["n"] == n)


def bare(environ: Any) -> None:
    """Forget the trace that a request brings, as a server does that knows nothing of it."""
    environ.pop(f"HTTP_{TRACE_HEADER.upper().replace('-', '_')}", None)


@contextmanager
def foreign_sees(
    catalog: Path = CONTENT / "catalog.toml", *, passes_trace: bool = False, titles: bool = False
) -> Iterator[str]:
    """Run a SEES as others have them: no journal, no titles, and the trace header passed on to no one."""
    with expressplay_service() as expressplay:
        sees = create_sees(SeesConfig(account_at(expressplay), catalog=catalog, sim=False))
        if not titles:
            sees.view_functions["list_titles"] = lambda: ("nothing", 404)
        served = sees.wsgi_app

        def without_trace(environ: Any, start_response: Any) -> Any:
            bare(environ)
            return served(environ, start_response)

        if not passes_trace:
            sees.wsgi_app = without_trace  # type: ignore[method-assign]
        with running(sees) as url:
            yield url


def unleased(folder: Path) -> Path:
    """Write our catalog without its leases."""
    return altered_catalog(folder, r"(?m)^lease_duration.*$", "")


def with_another_key(folder: Path) -> Path:
    """Write our catalog with another key for all content."""
    return altered_catalog(folder, r'(cek = )"[0-9a-f]{32}"', r'\1"000102030405060708090a0b0c0d0e0f"')


def altered_catalog(folder: Path, pattern: str, other: str) -> Path:
    text, count = re.subn(pattern, other, (CONTENT / "catalog.toml").read_text())
    assert count
    (folder / "catalog.toml").write_text(text)
    for title in CONTENT.iterdir():
        if title.is_dir():
            (folder / title.name).symlink_to(title)
    return folder / "catalog.toml"


@pytest.mark.parametrize("name", ["bound-play", "rotation", "other-device"])
def test_a_sees_that_offers_no_titles_and_keeps_no_journal_shows_less(name: str) -> None:
    recording = read(name)
    with foreign_sees(passes_trace=True) as sees:
        comparison = replay(recording, sees, None)
    assert comparison.difference is None
    pictures = ["playback"] if recording["playback"] else []
    own = ["decision of step 3", "decision of step 10"]
    assert comparison.unseen == ("step 0", *own, *pictures)


def test_a_sees_that_passes_no_trace_on_shows_nothing_of_what_it_asks() -> None:
    with foreign_sees() as sees:
        comparison = replay(read("bound-play"), sees, None)
    assert comparison.difference is None
    steps = [f"step {n}" for n in (0, 2, 7, 8, 9)]
    assert comparison.unseen == (*steps, "decision of step 3", "decision of step 10", "playback")


def test_the_command_tells_what_was_not_seen(tmp_path: Path) -> None:
    with foreign_sees() as sees:
        arguments = ["replay", str(FOLDER / "bound-play.binding.json"), "--sees", sees]
        text, as_json = (CliRunner().invoke(main, [*arguments, *more]) for more in ((), ("--json",)))
    assert (text.exit_code, as_json.exit_code) == (0, 0)
    assert "Not seen, so neither equal nor different (8): step 0, step 2" in text.stdout
    assert text.stdout.endswith("No difference: what was seen went as recorded.\n")
    assert "every step" not in text.stdout
    assert len(json.loads(as_json.stdout)["unseen"]) == 8


def test_where_expressplay_keeps_no_journal_its_steps_and_rows_are_unseen() -> None:
    recording = read("bound-play")
    found = copy.deepcopy(recording)
    found["steps"] = [one for one in found["steps"] if one["n"] not in (2, 5, 7, 8, 9, 12)]
    found["log_after"] = []
    comparison = compare(recording, found)
    assert comparison.difference is None
    assert comparison.unseen == (*(f"step {n}" for n in (2, 7, 8, 9, 5, 12)), "log_after")
    check(comparison)


def lost(change: Callable[[Any], None]) -> Recording:
    found = copy.deepcopy(read("bound-play"))
    change(found)
    return found


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("log_after", lambda found: found.update(log_after=[])),
        ("step 10", lambda found: step(found, 10).update(decision={"isAllowed": True})),
    ],
    ids=["rows gone though ExpressPlay tells", "half a decision"],
)
def test_what_is_told_in_part_is_compared(place: str, change: Callable[[Any], None]) -> None:
    difference = compare(read("bound-play"), lost(change)).difference
    assert difference is not None
    assert difference.place == place


def test_a_recorded_renewal_against_a_server_without_leases_differs(tmp_path: Path) -> None:
    with foreign_sees(unleased(tmp_path)) as sees:
        comparison = replay(read("renewal"), sees, None)
    assert comparison.difference is not None
    assert comparison.difference.place == "step 6, round 3"  # a renewal, after a round for each of two keys


def test_a_lease_that_was_not_renewed_yet_differs_too_from_none(tmp_path: Path) -> None:
    recording = read("rotation")
    assert "watch_for" not in recording.get("client", {}) or not recording["client"]["watch_for"]
    with foreign_sees(unleased(tmp_path)) as sees:
        comparison = replay(recording, sees, None)
    assert comparison.difference is not None
    assert (comparison.difference.place, comparison.difference.field) == ("step 13", "lease")
    assert (comparison.difference.expected, comparison.difference.found) == ("120 s", "none")


def test_a_recorded_rental_must_come_again() -> None:
    recording = read("bound-play")
    step(recording, 9)["request"]["rentalDuration"] = "60"
    with foreign_sees() as sees:
        difference = replay(recording, sees, None).difference
    assert difference is not None
    assert (difference.place, difference.field, difference.expected) == ("step 13", "rental", "60 s")


def test_other_pictures_differ(tmp_path: Path) -> None:
    with foreign_sees(with_another_key(tmp_path), titles=True) as sees:
        difference = replay(read("bound-play"), sees, None).difference
    assert difference is not None
    assert (difference.place, difference.field) == ("playback", "played")


def test_an_error_in_place_of_pictures_is_a_difference_and_not_unseen(tmp_path: Path) -> None:
    catalog = altered_catalog(tmp_path, "The Film", "Half a Film")
    (tmp_path / "film").unlink()
    shutil.copytree(CONTENT / "film", tmp_path / "film")
    (tmp_path / "film" / "video-3.m4s").unlink()
    with foreign_sees(catalog, titles=True) as sees:
        difference = replay(read("bound-play"), sees, None).difference
    assert difference is not None
    assert (difference.place, difference.field) == ("playback", "")
    assert difference.expected == "all 120 video frames and 236 audio frames"
    assert "404" in difference.found
