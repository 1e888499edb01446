"""What the commands tell about a run: in text, as JSON, and as files. A failed run tells first, then is raised."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.errors import CannotTell, EmulatorError, PlaybackFailed
from emulator.expiry import lease_end, rental_end
from emulator.kept_titles import KeptTitle
from emulator.screening import Screening
from simulation.clock import rfc3339
from simulation.steps import Step
from walkthrough.record.comparison import Comparison
from walkthrough.record.recorded import Recording
from walkthrough.record.run import Run, describe_playback
from walkthrough.terminal.terminal import (
    make_console,
    print_heading,
    print_line,
    print_rows,
    print_scenarios,
    print_sequence,
)

if TYPE_CHECKING:
    from rich.console import Console


def report_run(run: Run, *, as_json: bool, still: Path | None, recording: Path | None) -> None:
    """Write the files asked for, tell about the run, and raise what ended it, if something did."""
    if recording:
        write_json(recording, run.recording)
    saved = write_still(run, still) if still else None
    failure = failure_of(run)
    if as_json:
        print(json.dumps(_summary(run, failure, saved), indent=2))
    else:
        _print(run, saved)
        for note in run.notes:
            print_line(make_console(stderr=True), f"Note: {note}.")
    if failure:
        raise failure


def failure_of(run: Run) -> Exception | None:
    """Return what made the run fail: the error that ended it, or a screening that showed the wrong frames."""
    if run.error or run.screening is None or run.screening.played:
        return run.error
    return _playback_failed(run.screening)


def _playback_failed(screening: Screening) -> EmulatorError:
    kind = CannotTell if screening.cannot_tell else PlaybackFailed
    expected = "frames that the right key alone gives" if screening.cannot_tell else "every frame"
    return kind(step=Step.ANSWER_WITH_CKC, expected=expected, found=screening.outcome.rstrip("."), fix=screening.fix)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_still(run: Run, path: Path) -> Path | None:
    """Write the still picture; None if no picture came out."""
    if run.screening is None or run.screening.still is None:
        return None
    path.write_bytes(run.screening.still)
    return path


def compared(screening: Screening) -> str:
    """Say what the frames that played were compared with."""
    return " as in the clear source" if screening.compared else ", decoded; there is no frames.json to compare with"


def describe_error(error: Exception) -> dict[str, object]:
    """Return an error as a JSON object."""
    if isinstance(error, EmulatorError):
        return error.as_json()
    return {"number": getattr(error, "number", None), "title": str(error)}


def _summary(run: Run, failure: Exception | None, still: Path | None) -> dict[str, Any]:
    return {
        "ok": failure is None,
        "device_id": run.recording["device"]["device_id"],
        "cookie": run.recording["cookie"],
        "licenses": [
            {
                "step": place,
                "content_id": grant.content_id,
                "lease_end": _time(lease_end(grant)),
                "rental_end": _time(rental_end(grant)),
            }
            for place, grant in run.grants.items()
        ],
        "playback": run.recording["playback"],
        "kept": {"title": run.kept.name, "expires": _time(run.kept.expires)} if run.kept else None,
        "still": str(still) if still else None,
        "notes": list(run.notes),
        "error": describe_error(failure) if failure else None,
    }


def _time(end: float | None) -> str | None:
    return None if end is None else rfc3339(end)


def report_offline(kept: KeptTitle, screening: Screening, *, as_json: bool, still: Path | None) -> None:
    """Tell how a kept title played. Raises `PlaybackFailed` if it did not."""
    if still and screening.still:
        still.write_bytes(screening.still)
    failure = None if screening.played else _playback_failed(screening)
    if as_json:
        told = {"title": kept.name, "expires": _time(kept.expires), "playback": describe_playback(screening)}
        print(
            json.dumps({"ok": failure is None, **told, "error": describe_error(failure) if failure else None}, indent=2)
        )
    elif screening.played:
        limit = f"good until {_time(kept.expires)}" if kept.expires else "good for ever"
        print_line(
            make_console(), f"Played {kept.name}: {screening.outcome}{compared(screening)}; no server asked, {limit}"
        )
    if failure:
        raise failure


def report_replay(comparison: Comparison, *, as_json: bool) -> None:
    """Tell what a replay came to; a difference itself is raised as an error later."""
    if as_json:
        print(json.dumps(asdict(comparison), indent=2))
        return
    console = make_console()
    if comparison.unseen:
        print_line(
            console,
            f"Not seen, so neither equal nor different ({len(comparison.unseen)}): {', '.join(comparison.unseen)}.",
        )
        print_line(
            console, "Seen are the journals of services that keep one, and what SEES asks if it passes on X-Sim-Trace."
        )
    if comparison.difference is None:
        what = "what was seen" if comparison.unseen else "every step"
        print_line(console, f"No difference: {what} went as recorded.")


def print_recording(recording: Recording) -> None:
    """Draw a recording."""
    console = make_console()
    _print_run(console, recording)
    if recording.get("scenarios"):
        print_heading(console, "What was tried, and what came out")
        print_scenarios(console, recording["scenarios"])
    if recording["playback"]:
        print_heading(console, f"Playback: {recording['playback']['outcome']}")


def _print_run(console: "Console", recording: Recording) -> None:
    if recording["prelude"] or recording["steps"]:
        print_sequence(console, recording)
    if recording["log_after"]:
        print_heading(console, "Transaction log, the rows of this cookie")
        print_rows(console, recording["log_after"])


def _print(run: Run, still: Path | None) -> None:
    console = make_console()
    _print_run(console, run.recording)
    if run.screening and run.screening.played:
        print_heading(console, f"Played: {run.screening.outcome}{compared(run.screening)}")
    if run.kept:
        print_line(console, f"Kept for offline play: {run.kept.name}, until {_time(run.kept.expires) or 'for ever'}")
    if still:
        print_line(console, f"Still picture: {still}")
