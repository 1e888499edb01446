"""The progress bar: how far, of how much, in characters that every terminal has."""

import pytest

from walkthrough.terminal.terminal import BAR, progress_bar


@pytest.mark.parametrize(
    ("done", "whole", "shown"),
    [
        (0, 7200, f"playing [{'.' * BAR}] 0:00:00 of 2:00:00"),
        (3600, 7200, f"playing [{'#' * (BAR // 2)}{'.' * (BAR // 2)}] 1:00:00 of 2:00:00"),
        (7201, 7200, f"playing [{'#' * BAR}] 2:00:01 of 2:00:00"),
        (75, None, "playing 0:01:15"),
    ],
)
def test_the_bar(done: float, whole: float | None, shown: str) -> None:
    assert progress_bar("playing", done, whole) == shown
