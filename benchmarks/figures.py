"""What the bench finds: named figures, each perhaps with a goal, and how rounds become one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import psutil


@dataclass(frozen=True)
class Goal:
    """The floor that must be held and the aim beyond it; without `more_is_better`, both are ceilings."""

    floor: float
    aim: float
    more_is_better: bool = True

    def verdict(self, value: float) -> str:
        """Say how far a value came."""
        sign = 1 if self.more_is_better else -1
        if sign * value >= sign * self.aim:
            return "aim reached"
        return "floor held" if sign * value >= sign * self.floor else "missed"


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, its value in its unit, and the goal if there is one."""

    group: str
    name: str
    value: float
    unit: str
    goal: Goal | None = None


@dataclass(frozen=True)
class Note:
    """One line of the table that is no number, a query plan for example."""

    group: str
    name: str
    text: str


Line = Figure | Note
Say = Callable[[str], None]
"""Shows what is being measured."""


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Return the median of the ratios of interleaved rounds: what slowed down a round slowed down both."""
    return median(one / other for one, other in zip(numerators, denominators, strict=True))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its living children, in user and system mode."""
    process = psutil.Process(pid)
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def memory(pid: int) -> float:
    """Return the resident memory in MiB of a process, or of the largest of its children."""
    process = psutil.Process(pid)
    children = process.children(recursive=True)
    return float(max(each.memory_info().rss for each in children or [process])) / 2**20
