"""One run of the binding, from the playlist to the pictures, and its recording. No printing here."""

from dataclasses import dataclass, field
from pathlib import Path

from emulator.binding import Client, Grant, play, register
from emulator.downloads import Download, keep
from emulator.errors import EmulatorError
from emulator.leases import play_on
from emulator.playlist import Title
from emulator.screening import Screening, fetch_parts, watch
from fairplay.errors import FairPlayError
from simulation.clock import rfc3339
from walkthrough.record.journals import collect
from walkthrough.record.recorded import RecordedPlayback, RecordedTrack, Recording, place_of
from walkthrough.record.recording import make_recording, teaching_keys
from walkthrough.record.stage import Stage


@dataclass(frozen=True)
class Run:
    """One run of the binding, as far as it came: `error` is what ended it early."""

    recording: Recording
    screening: Screening | None
    error: EmulatorError | FairPlayError | None
    grants: dict[str, Grant] = field(repr=False)
    """By the step (and round) of their SPC."""
    kept: Download | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Titles:
    """Titles known beforehand, for services that offer none: the dummy, and what to play."""

    dummy: Title | None
    film: Title | None


def run_binding(
    stage: Stage,
    client: Client,
    cookie: str,
    *,
    registers: bool = True,
    plays: bool = True,
    player: Client | None = None,
    titles: Titles | None = None,
    watch_for: float = 0,
    state: Path | None = None,
    teach: bool = False,
) -> Run:
    """Register on `client`, play on `player` (the same one where None), or both; then record the run, come what may.

    Playback goes on for `watch_for` seconds of the device's clock, renewing leases. With `state` the title is kept
    in that directory.
    """
    grants: dict[str, Grant] = {}
    screening, kept, error = None, None, None
    player = player or client
    dummy = None if plays else stage.title  # where a run plays too, the stage's title is the one to play
    try:
        if registers:
            grants[place_of(4, 1)] = register(client, cookie, titles.dummy if titles else dummy)
        if plays:
            played = play(player, cookie, titles.film if titles else stage.title)
            grants |= {place_of(11, number): grant for number, grant in enumerate(played, 1)}
            if watch_for:
                played = play_on(player, cookie, played, watch_for)
            if played[0].title.video.periods:
                parts = fetch_parts(player, played[0].title)
                screening = watch(player, played, parts, still=True)
                kept = keep(state, player.device.seed, played, parts) if state else None
    except (EmulatorError, FairPlayError) as reason:
        error = reason
    own = client.journal.entries() if player is client else [*client.journal.entries(), *player.journal.entries()]
    recording = make_recording(
        collect(client.web, stage.sees, stage.expressplay, own),
        made=rfc3339(client.device.clock.now()),
        seed=client.device.seed,
        cookie=cookie,
        services={"sees": stage.sees, "expressplay": stage.expressplay},
        playback=describe_playback(screening),
        client={
            "registers": registers,
            "plays": plays,
            "title": stage.title,
            "spc_version": client.device.spc_version,
            "spc_shape": client.shape.value,
            "plays_on": None if player is client else player.device.seed,
            "watch_for": watch_for,
        },
        device_keys=teaching_keys({place: grant.contents for place, grant in grants.items()}) if teach else None,
    )
    return Run(recording, screening, error, grants, kept)


def describe_playback(screening: Screening | None) -> RecordedPlayback | None:
    """Return a screening as the recording holds it."""
    if screening is None:
        return None
    tracks: list[RecordedTrack] = []
    for part in screening.parts:
        track = part.result
        shown: RecordedTrack = {
            "kind": track.kind,
            "verdict": track.verdict.value,
            "frames": track.frames,
            "expected": track.expected,
        }
        if screening.periods > 1:
            shown["period"] = part.period
        tracks.append(shown)
    return {"played": screening.played, "outcome": screening.outcome, "tracks": tracks}
