"""The order of a live title's segments: it ends at its end, and where a server only pretends to go on."""

from collections.abc import Iterator
from itertools import count

import pytest

from emulator.hls import MediaPlaylist, Place, Segment
from emulator.timeline import MAX_UNCHANGED, Timeline
from emulator.title import Rendition, Title

TARGET = 2.0
PLAYED = 60.0
"""Seconds that are asked for."""


def readings(seconds: float, target: float = TARGET) -> Iterator[MediaPlaylist]:
    """Yield readings of a live playlist, each with one more segment of so many seconds."""
    for number in count():
        segment = Segment(number, 0, Place("live"), None, None, seconds)
        yield MediaPlaylist("live", target, False, (segment,))


def played(seconds: float, target: float = TARGET) -> tuple[int, bool]:
    """Return how many segments are played of such a title, and whether it stopped by itself."""
    source = readings(seconds, target)
    title = Title("live", (), (Rendition(next(source), {}),))
    timeline = Timeline(title, lambda _: next(source), lambda _: None, PLAYED)
    return sum(1 for _ in timeline), timeline.stalled


@pytest.mark.parametrize("seconds", [1e-12, 1e-3, TARGET / 20])
def test_a_live_title_of_ever_so_short_segments_has_stalled(seconds: float) -> None:
    assert played(seconds) == (MAX_UNCHANGED + 1, True)


def test_a_target_duration_of_nothing_does_not_let_it_go_on() -> None:
    assert played(1e-9, target=1e-9) == (MAX_UNCHANGED + 1, True)


@pytest.mark.parametrize("seconds", [TARGET / 4, TARGET])
def test_a_live_title_of_segments_below_the_target_goes_on(seconds: float) -> None:
    assert played(seconds) == (PLAYED / seconds, False)
