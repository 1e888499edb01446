"""Plays a title under its licenses: fetches, decrypts and decodes each segment, and says how it played."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from emulator.binding import Client, Grant, get_license
from emulator.containers import KINDS, NoPyAv, PlaybackError, key_ids, kinds_in
from emulator.decoding import still_png
from emulator.errors import PlaybackFailed
from emulator.expiry import check_limits
from emulator.frames import Frames, fetch_frames
from emulator.hls import Place, Segment
from emulator.key_uri import KeyUri
from emulator.step import at_step
from emulator.timeline import Pause, Timeline
from emulator.title import Title, reload
from emulator.track_decoder import TrackDecoder
from emulator.transport import MAX_MEDIA
from emulator.verdict import ONE_KEY, TrackResult, Verdict, several_key_ids
from fairplay.ckc import ContentKey
from simulation.steps import Step

INSTALL = "pip install av, or this project with its extra video"

Keys = Mapping[KeyUri, ContentKey]
Fetch = Callable[[Place], bytes]
KeyFor = Callable[[KeyUri], ContentKey | None]
Tell = Callable[[float, float | None], None]
"""Is told how many seconds have been played, and of how many (None where nobody knows)."""


@dataclass(frozen=True)
class Shown:
    """How one track of one key period played. Periods count from 1."""

    period: int
    result: TrackResult

    @property
    def played(self) -> bool:
        """True if every frame came out."""
        return self.result.verdict is Verdict.PLAYED


@dataclass(frozen=True)
class Screening:
    """How a title played: one result per period and track, and a still of it as PNG (None if none was asked for).

    `grants` are the licenses held at the end, those included that were asked for while it played.
    """

    parts: tuple[Shown, ...]
    still: bytes | None = field(repr=False)
    grants: tuple[Grant, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def tracks(self) -> tuple[TrackResult, ...]:
        """The results alone."""
        return tuple(part.result for part in self.parts)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return max((part.period for part in self.parts), default=0)

    @property
    def played(self) -> bool:
        """True if every frame of every part came out."""
        return bool(self.parts) and all(part.played for part in self.parts)

    @property
    def cannot_tell(self) -> bool:
        """True if nothing failed, but of a track nobody can tell whether the key was right."""
        verdicts = {part.result.verdict for part in self.parts}
        return Verdict.CANNOT_TELL in verdicts and verdicts <= {Verdict.PLAYED, Verdict.CANNOT_TELL}

    @property
    def compared(self) -> bool:
        """True if all of them were compared with those of the clear source."""
        return all(track.expected is not None for track in self.tracks)

    @property
    def outcome(self) -> str:
        """The outcome in words, for people: `all 120 video frames and 217 audio frames`, or what went wrong."""
        if not self.parts:
            return "No segment was played."
        if not self.played:
            return " ".join(self._failure(part) for part in self.parts if not part.played)
        counts = {kind: sum(track.frames for track in self.tracks if track.kind == kind) for kind in KINDS}
        return "all " + " and ".join(f"{count} {kind} frames" for kind, count in counts.items() if count)

    @property
    def fix(self) -> str:
        """What to do about the first part that did not play."""
        return next((part.result.fix for part in self.parts if not part.played), "play a longer part of it")

    def _failure(self, part: Shown) -> str:
        return part.result.detail if self.periods == 1 else f"Period {part.period}: {part.result.detail}"


def watch(
    client: Client,
    grants: Sequence[Grant],
    title: Title | None = None,
    *,
    cookie: str | None = None,
    still: bool = False,
    seconds: float | None = None,
    since: float | None = None,
    tell: Tell | None = None,
    pause: Pause = time.sleep,
) -> Screening:
    """Play a title, each period under the key and IV of its CKC. `title` may be left out where there are grants.

    With `cookie`, a key that no license is there for is asked for when its first segment is met. `seconds` is how much
    of the title to play (None: all). Playback began at `since` on the device's clock (None: now); a rental that ends
    later lets it go on.

    Raises what `check_limits` raises, `EmulatorError` where the media cannot be fetched, and `PlaybackFailed` where it
    cannot be played at all (no PyAV). A wrong key raises nothing: it is an outcome.
    """
    title = title or grants[0].title
    check_limits(client.device.clock.now() if since is None else since, grants)
    held = {grant.key: grant for grant in grants}

    def key_for(key: KeyUri) -> ContentKey | None:
        if key not in held and cookie is not None:
            session = next(filter(None, (grant.session for grant in held.values())), None) or client.device.random(8)
            held[key] = get_license(client, title, key, cookie, session=session)
        return held[key].license.content if key in held else None

    timeline = Timeline(
        title,
        lambda rendition: reload(client.web, title, rendition, reading=client.reading),
        pause,
        seconds,
    )
    frames = fetch_frames(client.web, title) if client.reading.variant is None else None
    screening = show(timeline, fetcher(client, title), key_for, frames, still=still, tell=tell)
    return replace(screening, grants=tuple(held.values()))


def fetcher(client: Client, title: Title) -> Fetch:
    """Return what fetches a title's files from where it is."""

    @at_step(Step.ANSWER_WITH_CKC)
    def fetch(place: Place) -> bytes:
        part = None if place.length is None else (place.offset or 0, place.length)
        answer = client.web.get(title.server, place.url, expected="a media segment", part=part, most=MAX_MEDIA)
        return answer.body

    return fetch


@at_step(Step.ANSWER_WITH_CKC)
def show(
    timeline: Timeline,
    fetch: Fetch,
    key_for: KeyFor,
    frames: Sequence[Frames] | None,
    *,
    still: bool = False,
    tell: Tell | None = None,
) -> Screening:
    """Play the segments of a timeline; with `still`, take a picture from the middle of the first period that played.

    `frames` are the fingerprints of each period, if they are known; of more or fewer periods they are not used.
    """
    title = timeline.title
    counted = {number: len(rendition.periods) for number, rendition in enumerate(title.renditions)}
    known = frames if frames and not title.live and set(counted.values()) == {len(frames)} else None
    tracks: dict[int, _PlayingRendition] = {}
    picture: _Picture | None = None
    notes: list[str] = []
    done, length = 0.0, timeline.length if tell else None
    stopped = False
    try:
        try:
            for turn in timeline:
                track = tracks.setdefault(turn.rendition, _PlayingRendition(fetch, key_for, known))
                track.play(turn.segment)
                done += turn.segment.seconds
                if tell:
                    tell(done, length)
        except KeyboardInterrupt:
            if not title.live or not tracks:
                raise
            stopped = True  # how one ends a live title: what has played so far is told
        for track in tracks.values():
            track.close(partial=stopped or timeline.seconds is not None)
        picture = next((found for track in tracks.values() if (found := track.picture)), None) if still else None
        png = picture.png(fetch, key_for) if picture else None
    except PlaybackError as error:
        fix = INSTALL if isinstance(error, NoPyAv) else Verdict.DAMAGED.fix
        raise PlaybackFailed(expected="video that plays", found=str(error).rstrip("."), fix=fix) from None
    if timeline.stalled:
        notes.append("the live title has shown nothing new for three target durations, and was taken as ended")
    parts = [part for number in sorted(tracks) for part in tracks[number].shown]
    return Screening(tuple(_named_key_ids(parts, tracks)), png, notes=tuple(notes))


@dataclass(frozen=True)
class _Picture:
    """A picture of a track that played: the frame `at` of this segment."""

    segment: Segment
    at: int

    def png(self, fetch: Fetch, key_for: KeyFor) -> bytes:
        content = key_for(self.segment.key) if self.segment.key else None
        data = (fetch(self.segment.map) if self.segment.map else b"") + fetch(self.segment.place)
        return still_png(data, content.key if content else None, self.at, content.iv if content else None)


class _PlayingRendition:
    """One rendition while it plays: its period of now, and how the periods before it played."""

    def __init__(self, fetch: Fetch, key_for: KeyFor, frames: Sequence[Frames] | None) -> None:
        self.shown: list[Shown] = []
        self.picture: _Picture | None = None
        self.kids: dict[KeyUri, set[str]] = {}
        self._fetch, self._key_for, self._frames = fetch, key_for, frames
        self._period = 0
        self._place: tuple[object, ...] | None = None
        self._map: tuple[Place, bytes] | None = None
        self._decoders: list[TrackDecoder] = []
        self._segments: list[Segment] = []

    def play(self, segment: Segment) -> None:
        """Fetch and decode a segment, in a new period where key, init segment or discontinuity changes."""
        place = (segment.run, segment.map, segment.key)
        if place != self._place:
            self.close()
        content = self._key_for(segment.key) if segment.key else None
        data = self._init(segment.map) + self._fetch(segment.place)
        if place != self._place:
            self._begin(segment, content, data)
            self._place = place
        self._segments.append(segment)
        for decoder in self._decoders:
            decoder.feed(data)

    def _init(self, place: Place | None) -> bytes:
        if place is None:
            return b""
        if self._map is None or self._map[0] != place:
            self._map = place, self._fetch(place)
        return self._map[1]

    def _begin(self, segment: Segment, content: ContentKey | None, data: bytes) -> None:
        self._period += 1
        if segment.key:
            self.kids.setdefault(segment.key, set()).update(key_ids(data))
        key, iv = (content.key, content.iv) if content else (None, None)
        known = self._frames[self._period - 1] if self._frames else None
        try:
            kinds = kinds_in(data)
        except NoPyAv:
            raise
        except PlaybackError as error:
            result = TrackResult("video", Verdict.UNPLAYABLE, 0, None, str(error), Verdict.UNPLAYABLE.fix)
            self.shown.append(Shown(self._period, result))
            return
        self._decoders = [TrackDecoder(kind, key, iv, (known[kind] or None) if known else None) for kind in kinds]

    def close(self, *, partial: bool = False) -> None:
        """End the period of now; with `partial` in its midst."""
        for decoder in self._decoders:
            decoder.partial = partial
            shown = Shown(self._period, decoder.finish())
            self.shown.append(shown)
            if shown.played and decoder.kind == "video" and self.picture is None:
                self.picture = self._middle(decoder)
        self._decoders, self._segments, self._place = [], [], None

    def _middle(self, decoder: TrackDecoder) -> _Picture:
        at = decoder.frames // 2
        for segment, samples in zip(self._segments, decoder.samples, strict=True):
            if at < samples:
                return _Picture(segment, at)
            at -= samples
        return _Picture(self._segments[0], 0)


def _named_key_ids(parts: Sequence[Shown], tracks: Mapping[int, _PlayingRendition]) -> Sequence[Shown]:
    """Where one key URI stands for several default key ids, say so in place of blaming the key."""
    kids: dict[KeyUri, set[str]] = {}
    for track in tracks.values():
        for key, found in track.kids.items():
            kids.setdefault(key, set()).update(found)
    double = next(((key, found) for key, found in kids.items() if len(found) > 1), None)
    if double is None:
        return parts
    reason = f"There are {several_key_ids(double[0].uri, double[1])}."
    return [
        replace(part, result=replace(part.result, detail=f"{part.result.detail} {reason}", fix=ONE_KEY))
        if part.result.verdict is Verdict.WRONG_KEY
        else part
        for part in parts
    ]
