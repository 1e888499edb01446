"""What a check is, and what becomes of it. `CHECKS` fills as the modules of checks are imported."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sees_testing.conform.probe import Probe
    from sees_testing.conform.wire import Exchange


class Verdict(Enum):
    """What became of a check."""

    PASSED = "pass"
    FAILED = "fail"
    SKIPPED = "skip"


class Origin(Enum):
    """Whose rule a check holds."""

    PUBLIC = "public API"
    SEQUENCE = "sequence"
    """What the published sequence of device binding is for, so what a SEES must do for it to hold."""
    SOUND = "soundness"
    """What the public text leaves open and every sound server does."""


Run = Callable[["Probe"], None]


@dataclass(frozen=True)
class Check:
    """One check. `needs` are numbers of checks without which this one cannot pass.

    A `slow` one waits for real seconds and is left out of a quick run; a `last` one may spoil it for the others; one
    that `judges` asks for nothing itself and looks at what the others received, so it comes after all of them.
    """

    number: int
    title: str
    sentence: str
    origin: Origin
    needs: tuple[int, ...]
    run: Run
    slow: bool = False
    last: bool = False
    judges: bool = False


@dataclass(frozen=True)
class Result:
    """What became of one check. `follows` is the number of the failed check that explains this failure.

    `mock` is what the mock's journal says of the check's requests, line by line, where the check failed.
    """

    check: Check
    verdict: Verdict
    text: str
    follows: int | None
    seconds: float
    exchanges: tuple["Exchange", ...]
    mock: tuple[str, ...] = ()


CHECKS: dict[int, Check] = {}


def check(
    number: int,
    title: str,
    sentence: str,
    *,
    origin: Origin = Origin.PUBLIC,
    needs: tuple[int, ...] = (),
    slow: bool = False,
    last: bool = False,
    judges: bool = False,
) -> Callable[[Run], Run]:
    """Make a check of a function, which returns where the check passed. Raises `ValueError` for a number taken."""
    if number in CHECKS:
        raise ValueError(f"check {number}: numbers are unique")

    def register(run: Run) -> Run:
        CHECKS[number] = Check(number, title, sentence, origin, needs, run, slow, last, judges)
        return run

    return register


def in_order(numbers: Iterable[int]) -> list[Check]:
    """Return the checks of these numbers in the order to run them."""
    return sorted((CHECKS[number] for number in numbers), key=lambda check: (check.judges, check.last, check.number))
