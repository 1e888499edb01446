"""Draws a recorded sequence as lines of text: four lifelines, one arrow per step. No terminal here, only text.

Only what is coloured needs rich, so its function imports it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from walkthrough.record.recorded import RecordedStep, Recording, all_steps
from walkthrough.record.steps import LIFELINES

if TYPE_CHECKING:
    from rich.text import Text

NARROWEST, WIDEST = 60, 110
FIRST, LAST_MARGIN = 3, 9


BAR, LINE, CROSS = "│", "─", "┼"
RIGHT, LEFT, OWN = "▶", "◀", "◆"
MORE = "…"


class _Line:
    """One line of text, written into at places, each character with a style."""

    def __init__(self, width: int) -> None:
        self._characters = [" "] * width
        self._styles = [""] * width

    def write(self, at: int, text: str, style: str) -> None:
        for place, character in enumerate(text, at):
            if 0 <= place < len(self._characters):
                self._characters[place], self._styles[place] = character, style

    def text(self) -> "Text":
        from rich.text import Text

        text = Text()
        for character, style in zip(self._characters, self._styles, strict=True):
            text.append(character, style)
        text.rstrip()
        return text


def draw_sequence(recording: Recording, width: int) -> list["Text"]:
    """Return the lines of the drawing of a recording, at most `width` columns (but never under 60) wide."""
    width = min(max(width, NARROWEST), WIDEST)
    gap = (width - FIRST - LAST_MARGIN) // (len(LIFELINES) - 1)
    places = {name: FIRST + number * gap for number, name in enumerate(LIFELINES)}
    lines = [_heading(places, width)]
    for step in all_steps(recording):
        lines += _draw_step(step, places, width)
    return [line.text() for line in lines]


def _heading(places: Mapping[str, int], width: int) -> _Line:
    line = _Line(width)
    for name, place in places.items():
        start = max(0, min(place - len(name) // 2, width - len(name)))
        line.write(start, name, "bold")
    return line


def _lifelines(places: Mapping[str, int], width: int) -> _Line:
    line = _Line(width)
    for place in places.values():
        line.write(place, BAR, "dim")
    return line


def _draw_step(step: RecordedStep, places: Mapping[str, int], width: int) -> Sequence[_Line]:
    start, end = places[step["from"]], places[step["to"]]
    colour = "cyan" if step["ok"] else "red"
    words, arrow = _lifelines(places, width), _lifelines(places, width)
    number = f"{step['n']} "
    summary = _plain(str(step["summary"]))
    room = width - len(number)
    if len(summary) > room:
        summary = summary[: room - len(MORE)] + MORE
    # Beside the lifeline where the arrow begins on the left, or further left where the words need the room.
    at = max(0, min(min(start, end) + 2, room - len(summary)))
    words.write(at, number, f"bold {colour}")
    words.write(at + len(number), summary + " ", "" if colour == "cyan" else colour)
    if start == end:
        arrow.write(start, OWN, f"bold {colour}")
        return words, arrow
    low, high = min(start, end), max(start, end)
    arrow.write(low + 1, LINE * (high - low - 1), colour)
    for place in places.values():
        if low < place < high:
            arrow.write(place, CROSS, colour)
    arrow.write(high - 1 if end == high else low + 1, RIGHT if end == high else LEFT, f"bold {colour}")
    return words, arrow


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
