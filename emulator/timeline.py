"""The segments of a title in the order in which a player plays them, a live title's as they appear.

A title on demand is played one rendition after the other, so that one decoder is at work at a time. Of a live title the
renditions go side by side, since its segments go: it is read again at the target duration, until its end.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from emulator.hls import MediaPlaylist, Segment
from emulator.title import Rendition, Title

MAX_UNCHANGED = 3
"""Readings of a live playlist without anything new before the player takes the title as ended."""
MIN_NEW = 0.1
"""Share of the target duration that new segments last together: less is nothing new, or a server that sends ever
smaller ones has a player read it for ever."""
MIN_WAIT = 0.1
"""Seconds before a live playlist is read again, whatever its target duration."""

Reload = Callable[[Rendition], MediaPlaylist]
Pause = Callable[[float], None]


@dataclass(frozen=True)
class Turn:
    """A segment to play: of which rendition (from 0), and where in the title it begins, in seconds."""

    rendition: int
    segment: Segment
    at: float


@dataclass
class Timeline:
    """The turns of a title. `seconds` is how much of it to play (None: all); `stalled` if a live title just stopped."""

    title: Title
    reload: Reload
    pause: Pause
    seconds: float | None = None
    stalled: bool = field(default=False, init=False)

    def __iter__(self) -> Iterator[Turn]:
        """Yield the turns. Gaps are passed over; they take their time."""
        return self._live() if self.title.live else self._on_demand()

    @property
    def length(self) -> float | None:
        """Seconds of play of all renditions together; None where nobody knows."""
        if self.title.live:
            return None
        return sum(turn.segment.seconds for turn in self)

    def _on_demand(self) -> Iterator[Turn]:
        for number, rendition in enumerate(self.title.renditions):
            track = _Unplayed(number, rendition.playlist.segments)
            while turn := track.next(self.seconds):
                yield turn

    def _live(self) -> Iterator[Turn]:
        tracks = [_Unplayed(number, one.playlist.segments) for number, one in enumerate(self.title.renditions)]
        ended = [one.playlist.ended for one in self.title.renditions]
        unchanged = 0
        while True:
            for track in sorted(tracks, key=lambda track: track.at):
                if turn := track.next(self.seconds):
                    yield turn
                    break
            else:
                if all(over or track.is_over(self.seconds) for over, track in zip(ended, tracks, strict=True)):
                    return
                if unchanged == MAX_UNCHANGED:
                    self.stalled = True
                    return
                wait = max(MIN_WAIT, min(one.playlist.target for one in self.title.renditions))
                self.pause(wait)
                unchanged += 1
                for number, rendition in enumerate(self.title.renditions):
                    if not ended[number]:
                        again = self.reload(rendition)
                        ended[number] = again.ended
                        if tracks[number].extend(again.segments) >= MIN_NEW * wait or again.ended:
                            unchanged = 0


class _Unplayed:
    """What of one rendition is still to be played."""

    def __init__(self, number: int, segments: Sequence[Segment]) -> None:
        self.number, self.at = number, 0.0
        self._waiting = deque(segments)
        self._last = segments[-1].number if segments else -1

    def extend(self, segments: Sequence[Segment]) -> float:
        """Take the segments that are new; returns the seconds that they last."""
        fresh = [segment for segment in segments if segment.number > self._last]
        self._waiting.extend(fresh)
        if fresh:
            self._last = fresh[-1].number
        return sum(segment.seconds for segment in fresh)

    def is_over(self, seconds: float | None) -> bool:
        """Tell whether it has been played for so long."""
        return seconds is not None and self.at >= seconds

    def next(self, seconds: float | None) -> Turn | None:
        """Return the next segment that is no gap; None if there is none (yet), or its time is over."""
        while self._waiting and not self.is_over(seconds):
            segment, at = self._waiting.popleft(), self.at
            self.at += segment.seconds
            if not segment.gap:
                return Turn(self.number, segment, at)
        return None
