"""The bench's findings as a table, as JSON and as a plot, and both of these in docs/performance.md."""

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from _markdown import fill, table

from benchmarks.figures import Figure, Line


def as_table(lines: Sequence[Line]) -> str:
    """Return a Markdown table for each group."""
    parts = []
    for group in dict.fromkeys(line.group for line in lines):
        rows = [_row(line) for line in lines if line.group == group]
        parts.append(f"### {group}\n\n{table(('what', 'value', 'floor / aim', ''), rows)}")
    return "\n\n".join(parts) + "\n"


def as_json(lines: Sequence[Line], how: str) -> str:
    """Return the findings, the command `how` and the machine as JSON."""
    return json.dumps(
        {"how": how, "machine": machine(), "lines": [vars(line) for line in lines]}, default=vars, indent=1
    )


def machine() -> str:
    """Say on what it was measured, without naming it."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"


def write_docs(page: Path, plot: Path, lines: Sequence[Line], how: str) -> None:
    """Put the table between the page's marks, and the plot beside the page."""
    made = f"\n`{how}` on {machine()}:\n\n{as_table(lines)}"
    page.write_text(fill(page.read_text(encoding="utf-8"), "bench", lambda _: made), encoding="utf-8")
    plot.write_text(as_svg(lines), encoding="utf-8")


def as_svg(lines: Sequence[Line]) -> str:
    """Draw each figure that has a goal: its bar, floor and aim, as a share of whichever of the three is longest."""
    bars = [line for line in lines if isinstance(line, Figure) and line.goal]
    height = 34 * len(bars) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="12">',
        f'<title>Measured against floor and aim</title><rect width="900" height="{height}" fill="white"/>',
    ]
    for number, bar in enumerate(bars):
        assert bar.goal is not None  # noqa: S101 - chosen so above
        longest = max(bar.value, bar.goal.floor, bar.goal.aim)
        y = 34 * number + 14
        floor, aim = (400 + 400 * goal / longest for goal in (bar.goal.floor, bar.goal.aim))
        colour = "#b33" if bar.goal.verdict(bar.value) == "missed" else "#377"
        parts += [
            f'<text x="390" y="{y + 14}" text-anchor="end">{escape(f"{bar.group[0]}. {bar.name}")}</text>',
            f'<rect x="400" y="{y}" width="{400 * bar.value / longest:.1f}" height="20" fill="{colour}"/>',
            f'<path d="M{floor:.1f} {y - 3}v26" stroke="black" stroke-dasharray="3 2"/>',
            f'<path d="M{aim:.1f} {y - 3}v26" stroke="black"/>',
            f'<text x="810" y="{y + 14}">{bar.value:.2f} {bar.unit}</text>',
        ]
    parts.append(f'<text x="400" y="{height - 8}">dashed: floor, line: aim</text></svg>\n')
    return "\n".join(parts)


def _row(line: Line) -> tuple[str, str, str, str]:
    if not isinstance(line, Figure):
        return line.name, f"`{line.text}`", "", ""
    value = f"{line.value:,.2f}" if line.value < 100 else f"{line.value:,.0f}"
    if line.goal is None:
        return line.name, f"{value} {line.unit}", "", ""
    goal = " / ".join(dict.fromkeys(f"{each:g}" for each in (line.goal.floor, line.goal.aim)))
    return line.name, f"{value} {line.unit}", goal, line.goal.verdict(line.value)
