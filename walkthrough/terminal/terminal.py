"""What the demo shows in a terminal: the sequence, the scenarios, the rows of the log. Plain text in a pipe.

Functions import rich: a command that draws nothing need not wait for it.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from simulation.printable import one_line
from walkthrough.record.recorded import RecordedScenario, Recording, Row
from walkthrough.terminal.drawing import MORE, draw_sequence

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from walkthrough.record.inspection import Inspection

PIPE_WIDTH = 120
"""Columns where the output is no terminal and COLUMNS does not say."""
BAR = 30
"""Characters of a progress bar."""
ROOMY = 100
"""Columns from which on a value is never broken into two lines."""
MAX_VALUE = 40
"""Characters of a value that are shown whole: a device_id is."""


def make_console(*, stderr: bool = False) -> "Console":
    """Return a console on standard output or error: colour and the terminal's width only where it is a terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


@contextmanager
def progress(text: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error that work goes on; yields what changes the text. Nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True, highlight=False, markup=False, emoji=False).status(text, spinner="line") as status:
        yield lambda text: status.update(text)


def progress_bar(text: str, done: float, whole: float | None) -> str:
    """Return a line that shows how far something is: seconds done, of a whole where that is known."""
    if not whole:
        return f"{text} {_clock(done)}"
    filled = int(BAR * min(1.0, done / whole))
    return f"{text} [{'#' * filled}{'.' * (BAR - filled)}] {_clock(done)} of {_clock(whole)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def print_sequence(console: "Console", recording: Recording) -> None:
    """Draw the recorded sequence."""
    for line in draw_sequence(recording, console.width):
        console.print(line, no_wrap=True, overflow="crop", crop=False)


def print_scenarios(console: "Console", scenarios: Sequence[RecordedScenario]) -> None:
    """Print each scenario with what was expected and what came."""
    table = _table("", "scenario", "expected", "actual")
    for scenario in scenarios:
        ok = bool(scenario["ok"])
        mark, style = ("✓", "green") if ok else ("✗", "bold red")
        cells = [_printable(text) for text in (scenario["name"], scenario["expected"], scenario["actual"])]
        table.add_row(_styled(mark, style), *cells[:2], _styled(cells[2], "" if ok else style))
    console.print(table)


def print_rows(console: "Console", rows: Sequence[Row]) -> None:
    """Print rows of the transaction log."""
    table = _table("event", "time", "cookie", "device_id", "content", "result")
    for row in rows:
        result = "issued" if row.get("result") == 0 else f"refused {row.get('result')}"
        if row.get("registration"):
            result += ", registration"
        device, content = (str(row.get(name))[:8] + MORE for name in ("device_id", "content_id"))
        cells = (row.get("event_id"), str(row.get("time"))[11:19], row.get("cookie"), device, content, result)
        table.add_row(*(_printable(cell) for cell in cells))
    console.print(table)


def print_inspection(console: "Console", inspection: "Inspection") -> None:
    """Print an annotated message, layer by layer; long values are shortened in the middle."""
    print_heading(console, f"{inspection.kind}, {inspection.size} bytes ({inspection.source})")
    for layer, notes in groupby(inspection.notes, key=lambda note: note.layer):
        console.print(_styled(f"\n{layer}", "cyan"))
        table = _table("offset", "bytes", "field", "value", "meaning")
        table.columns[3].no_wrap = console.width >= ROOMY
        for note in notes:
            value = note.value if len(note.value) <= MAX_VALUE else f"{note.value[:16]}…{note.value[-8:]}"
            table.add_row(*(_printable(cell) for cell in (note.offset, note.length, note.field, value, note.meaning)))
            if note.problem:
                table.add_row(
                    "",
                    "",
                    _styled(_printable("problem"), "bold red"),
                    "",
                    _styled(_printable(note.problem), "red"),
                )
        console.print(table)


def print_heading(console: "Console", text: str) -> None:
    """Print a heading after an empty line."""
    console.print()
    print_line(console, text, "bold")


def print_line(console: "Console", text: str, style: str = "") -> None:
    """Print one line of text, wrapped by the terminal only, so that paths stay whole."""
    console.print(_styled(_printable(text), style), soft_wrap=True)


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in table.columns:
        column.overflow = "fold"
    return table


def _styled(text: str, style: str) -> Any:
    from rich.text import Text

    return Text(text, style)


def _printable(value: Any) -> str:
    """Return a text of another party without control characters."""
    return one_line(str(value))
