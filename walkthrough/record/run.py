"""One run of the binding, from the playlist to the pictures, and its recording. No printing here."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from emulator.binding import Client, Grant, play, read_title, register
from emulator.errors import EmulatorError
from emulator.expiry import check_limits
from emulator.frames import fetch_frames
from emulator.kept_titles import KeptTitle, keep
from emulator.key_uri import ContentIdRule, parse_key_uri
from emulator.leases import play_on
from emulator.screening import Screening, Tell, fetcher, watch
from emulator.step import at_step
from emulator.title import Title
from fairplay.errors import FairPlayError
from fairplay.spc import SpcContents
from simulation.clock import rfc3339
from simulation.steps import Step
from walkthrough.record.deployment import Deployment, Titles
from walkthrough.record.journals import collect
from walkthrough.record.recorded import RecordedPlayback, RecordedTrack, Recording, place_of
from walkthrough.record.recording import make_recording, teaching_keys


@dataclass(frozen=True)
class Run:
    """One run of the binding, as far as it came: `error` is what ended it early."""

    recording: Recording
    screening: Screening | None
    error: EmulatorError | FairPlayError | None
    grants: dict[str, Grant] = field(repr=False)
    """By the step (and round) of their SPC."""
    kept: KeptTitle | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    """What a person should know of the titles that were read and played."""


def titles_of(dummy: Sequence[str], film: Sequence[str]) -> Titles | None:
    """Return titles that are content ids and nothing to play, one for each key; None where no id is given."""
    return Titles(_title_of(dummy), _title_of(film)) if dummy or film else None


def _title_of(content_ids: Sequence[str]) -> Title | None:
    keys = tuple(parse_key_uri(f"skd://{content_id}", ContentIdRule("all")) for content_id in content_ids)
    return Title("", keys) if keys else None


def titles_read_in(run: Run) -> Titles:
    """Return the titles of a run's licenses."""
    registered, played = (run.grants[place_of(step, 1)] for step in (Step.SEND_SPC_TO_REGISTER, Step.SEND_SPC_TO_PLAY))
    return Titles(registered.title, played.title)


def run_binding(
    deployment: Deployment,
    client: Client,
    cookie: str,
    *,
    registers: bool = True,
    plays: bool = True,
    player: Client | None = None,
    titles: Titles | None = None,
    watch_for: float = 0,
    renews: bool = True,
    state: Path | None = None,
    seconds: float | None = None,
    tell: Tell | None = None,
    teach: bool = False,
) -> Run:
    """Register on `client`, play on `player` (the same one where None), or both; then record the run, failed or not.

    Playback goes on for `watch_for` seconds of the device's clock, renewing leases if it `renews`; what began before a
    rental's end goes on. With `state` the title is kept in that directory. `seconds` is how much of the title to play
    (None: all).
    """
    grants: dict[str, Grant] = {}
    screening, kept, error = None, None, None
    made: dict[str, SpcContents] = {}

    def remember(spc: bytes, contents: SpcContents) -> None:
        made[base64.b64encode(spc).decode()] = contents

    client = replace(client, made=remember)
    player = replace(player, made=remember) if player else client
    dummy = None if plays else deployment.title  # where a run plays too, the deployment's title is the one to play
    try:
        film = None
        if plays:  # read first: of what cannot be played nobody registers
            chosen = titles.film if titles else deployment.title
            # Of a run that registers first, the title is read before any step: its errors name none.
            with nullcontext() if registers else at_step(Step.ASK_TO_PLAY):
                film = chosen if isinstance(chosen, Title) else read_title(player, chosen, dummy=False)
        if registers:
            grants[place_of(Step.SEND_SPC_TO_REGISTER, 1)] = register(client, cookie, titles.dummy if titles else dummy)
        if film:
            played = play(player, cookie, film)
            grants |= {place_of(Step.SEND_SPC_TO_PLAY, number): grant for number, grant in enumerate(played, 1)}
            since = player.device.clock.now()
            check_limits(since, played)
            if watch_for:
                played = play_on(player, cookie, played, watch_for, renews=renews, tell=tell)
            if film.renditions:
                screening = watch(
                    player, played, film, cookie=cookie, still=True, seconds=seconds, since=since, tell=tell
                )
                met = screening.grants[len(played) :]
                grants |= {
                    place_of(Step.SEND_SPC_TO_PLAY, number): grant for number, grant in enumerate(met, len(played) + 1)
                }
            if state and film.renditions:
                frames = fetch_frames(player.web, film)
                kept = keep(state, player.device.seed, played, fetcher(player, film), frames)
    except (EmulatorError, FairPlayError) as reason:
        error = reason
    own = client.journal.entries() if player is client else [*client.journal.entries(), *player.journal.entries()]
    recording = make_recording(
        collect(client.web, deployment.services, own),
        made=rfc3339(client.device.clock.now()),
        seed=client.device.seed,
        cookie=cookie,
        services={"sees": deployment.sees, "expressplay": deployment.expressplay},
        playback=describe_playback(screening),
        client={
            "registers": registers,
            "plays": plays,
            "title": deployment.title,
            "spc_version": client.device.spc_version,
            "spc_shape": client.shape.value,
            "plays_on": None if player is client else player.device.seed,
            "watch_for": watch_for,
        },
    )
    if teach:
        recording["device_keys"] = teaching_keys(_spcs_by_place(recording, made))
    notes = (*client.notes, *(player.notes if player is not client else ()), *(screening.notes if screening else ()))
    return Run(recording, screening, error, grants, kept, tuple(dict.fromkeys(notes)))


def _spcs_by_place(recording: Recording, made: Mapping[str, SpcContents]) -> dict[str, SpcContents]:
    """Return what is in the SPCs of a recording, refused ones too, by their place in it."""
    steps = [(step, (step.get("request") or {}).get("spc")) for step in recording["steps"]]
    return {place_of(step["n"], step.get("round", 1)): made[spc] for step, spc in steps if isinstance(spc, str)}


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
