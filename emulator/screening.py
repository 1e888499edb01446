"""From licenses to pictures: fetch a title, play each period under its own key, and say how that went."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from emulator.binding import Client, Grant
from emulator.errors import PlaybackFailed
from emulator.key_uri import KeyUri
from emulator.limits import check_limits
from emulator.playback import Kind, PlaybackError, TrackResult, Verdict, play_track, still_png
from emulator.playlist import Period, Rendition, Title
from emulator.transport import Answer
from fairplay.ckc import ContentKey

FRAMES_FILE = "frames.json"
EXPECTED_FRAMES = 'frames.json, {"video": [SHA-256 …], "audio": [SHA-256 …]}'
KINDS: tuple[Kind, ...] = ("video", "audio")
ABSENT = (403, 404)
"""HTTP statuses of a file that is not there; some stores say 403."""
STEP = 13

Keys = Mapping[KeyUri, ContentKey]
Frames = dict[Kind, list[str]]


@dataclass(frozen=True)
class Part:
    """One period of one track: what plays under one key (None: clear).

    `data` is the init segment and all media segments, joined; `frames` the fingerprints of the clear source, or
    None where nobody knows them. Periods count from 1.
    """

    kind: Kind
    period: int
    key: KeyUri | None
    data: bytes = field(repr=False)
    frames: tuple[str, ...] | None = field(repr=False)


@dataclass(frozen=True)
class Shown:
    """How one part played."""

    period: int
    result: TrackResult

    @property
    def played(self) -> bool:
        """True if every frame came out."""
        return self.result.verdict is Verdict.PLAYED


@dataclass(frozen=True)
class Screening:
    """How a title played: one result per period and track, and a still of it as PNG (None if none was asked for)."""

    parts: tuple[Shown, ...]
    still: bytes | None = field(repr=False)

    @property
    def tracks(self) -> tuple[TrackResult, ...]:
        """The results alone."""
        return tuple(part.result for part in self.parts)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return max(part.period for part in self.parts)

    @property
    def played(self) -> bool:
        """True if every frame of every part came out."""
        return all(part.played for part in self.parts)

    @property
    def compared(self) -> bool:
        """True if all of them were compared with those of the clear source."""
        return all(track.expected is not None for track in self.tracks)

    @property
    def outcome(self) -> str:
        """The outcome in words, for people: `all 120 video frames and 217 audio frames`, or what went wrong."""
        if not self.played:
            return " ".join(self._failure(part) for part in self.parts if not part.played)
        counts = {kind: sum(track.frames for track in self.tracks if track.kind == kind) for kind in KINDS}
        return "all " + " and ".join(f"{count} {kind} frames" for kind, count in counts.items() if count)

    def _failure(self, part: Shown) -> str:
        return part.result.detail if self.periods == 1 else f"Period {part.period}: {part.result.detail}"


def watch(
    client: Client, grants: Sequence[Grant], parts: Sequence[Part] | None = None, *, still: bool = False
) -> Screening:
    """Play a granted title, video and audio, each period under the key and IV of its CKC.

    `parts` is the title's media where it was fetched before.

    Raises what `check_limits` raises instead of playing, EmulatorErrors where the media cannot be fetched,
    PlaybackFailed where it cannot be played at all (no PyAV). A wrong key raises nothing: it is an outcome.
    """
    check_limits(client.device.clock.now(), grants)
    keys = {grant.key: grant.license.content for grant in grants}
    return show(fetch_parts(client, grants[0].title) if parts is None else parts, keys, still=still)


def show(parts: Sequence[Part], keys: Keys, *, still: bool = False) -> Screening:
    """Play parts under their keys; with `still`, take a picture from the middle of the first that played."""
    shown: list[Shown] = []
    picture = None
    try:
        for part in parts:
            content = keys.get(part.key) if part.key else None
            key, iv = (content.key, content.iv) if content else (None, None)
            shown.append(Shown(part.period, play_track(part.kind, part.data, key, part.frames, iv=iv)))
            if still and picture is None and part.kind == "video" and shown[-1].played:
                picture = still_png(part.data, key, shown[-1].result.frames // 2)
    except PlaybackError as error:
        install = "install this project with its extra video: pip install '.[video]' in its directory"
        fix = install if "PyAV" in str(error) else "package the title again"
        raise PlaybackFailed(step=STEP, expected="video that plays", found=str(error).rstrip("."), fix=fix) from None
    return Screening(tuple(shown), picture)


def fetch_parts(client: Client, title: Title) -> tuple[Part, ...]:
    """Fetch the media of a title, and the fingerprints of its clear source where there are some."""
    frames = _fetch_frames(client, title)
    renditions: list[tuple[Kind, Rendition | None]] = [("video", title.video), ("audio", title.audio)]
    parts = []
    for kind, rendition in renditions:
        for number, period in enumerate(rendition.periods if rendition else (), 1):
            prints = tuple(frames[number - 1][kind]) if frames else None
            parts.append(Part(kind, number, period.key, _fetch_period(client, title, period), prints))
    return tuple(parts)


def _fetch_period(client: Client, title: Title, period: Period) -> bytes:
    urls = (period.init_url, *period.segment_urls) if period.init_url else period.segment_urls
    return b"".join(client.web.get(title.server, url, step=STEP, expected="a media segment").body for url in urls)


def _fetch_frames(client: Client, title: Title) -> list[Frames] | None:
    """Return the fingerprints of each period; None where the title has no such file."""
    answer = client.web.ask(title.server, "GET", urljoin(title.url, FRAMES_FILE), step=STEP)
    if answer.status in ABSENT:
        return None
    if answer.status != 200:
        raise answer.unexpected(EXPECTED_FRAMES)
    return _split(_read_frames(answer), answer, len(title.video.periods))


def _read_frames(answer: Answer) -> dict[str, Any]:
    value = answer.json_object(EXPECTED_FRAMES)
    for kind in KINDS:
        prints = value.setdefault(kind, [])
        if not isinstance(prints, list) or not all(re.fullmatch(r"[0-9a-f]{64}", str(item)) for item in prints):
            raise answer.unexpected(EXPECTED_FRAMES, f"a {kind} member of another form")
    return value


def _split(value: dict[str, Any], answer: Answer, periods: int) -> list[Frames]:
    """Cut the fingerprints into periods by the counts in `periods`; without that member there is one period."""
    counts = value.get("periods", [{kind: len(value[kind]) for kind in KINDS}])
    match counts:
        case [*_] if len(counts) == periods and all(_are_counts(count) for count in counts):
            pass
        case _:
            raise answer.unexpected(f"{EXPECTED_FRAMES} with the counts of {periods} periods", "other counts, or none")
    places = dict.fromkeys(KINDS, 0)
    frames: list[Frames] = []
    for count in counts:
        frames.append({kind: value[kind][places[kind] : places[kind] + count[kind]] for kind in KINDS})
        places = {kind: place + count[kind] for kind, place in places.items()}
    return frames


def _are_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(type(value.get(kind)) is int and value[kind] >= 0 for kind in KINDS)
