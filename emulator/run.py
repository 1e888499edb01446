"""One run of the binding, from the playlist to the pictures, and its recording. No printing here."""

from dataclasses import dataclass, field
from typing import Any

from emulator.binding import Client, Grant, play, register
from emulator.errors import EmulatorError
from emulator.recording import collect, make_recording, place_of, teaching_keys
from emulator.screening import Screening, watch
from emulator.stage import Stage
from fairplay.errors import FairPlayError
from simulation.clock import rfc3339


@dataclass(frozen=True)
class Run:
    """One run of the binding, as far as it came: `error` is what ended it early."""

    recording: dict[str, Any]
    screening: Screening | None
    error: EmulatorError | FairPlayError | None
    grants: dict[str, Grant] = field(repr=False)
    """By the step (and round) of their SPC."""


def run_binding(
    stage: Stage, client: Client, cookie: str, *, registers: bool = True, plays: bool = True, teach: bool = False
) -> Run:
    """Register, play, or both; then record the run, whatever became of it."""
    grants: dict[str, Grant] = {}
    screening, error = None, None
    try:
        if registers:
            grants[place_of(4, 1)] = register(client, cookie)
        if plays:
            played = play(client, cookie, stage.title)
            grants |= {place_of(11, number): grant for number, grant in enumerate(played, 1)}
            screening = watch(client, played, still=True)
    except (EmulatorError, FairPlayError) as reason:
        error = reason
    recording = make_recording(
        collect(client.web, stage.sees, stage.expressplay, client.journal.entries()),
        made=rfc3339(client.device.clock.now()),
        seed=client.device.seed,
        cookie=cookie,
        services={"sees": stage.sees, "expressplay": stage.expressplay},
        playback=describe_playback(screening),
        device_keys=teaching_keys(grants) if teach else None,
    )
    return Run(recording, screening, error, grants)


def describe_playback(screening: Screening | None) -> dict[str, Any] | None:
    """Return a screening as the recording holds it."""
    if screening is None:
        return None
    parts: list[dict[str, Any]] = []
    for part in screening.parts:
        track = part.result
        shown = {"kind": track.kind, "verdict": track.verdict.value, "frames": track.frames, "expected": track.expected}
        parts.append(shown if screening.periods == 1 else {"period": part.period, **shown})
    return {"played": screening.played, "outcome": screening.outcome, "tracks": parts}
