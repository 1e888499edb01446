"""What a check is, and what becomes of it. `CHECKS` fills as the modules of checks are imported."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sees_testing.conform.stage import Stage
    from sees_testing.conform.wire import Exchange


class Failed(Exception):
    """A check found something else than it expected."""

    def __init__(self, *, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")


class Skipped(Exception):
    """A check needs what is not there; the text says what."""


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


Run = Callable[["Stage"], None]


@dataclass(frozen=True)
class Check:
    """One check. `needs` are numbers of checks without which this one cannot pass."""

    number: int
    title: str
    sentence: str
    origin: Origin
    needs: tuple[int, ...]
    run: Run


@dataclass(frozen=True)
class Result:
    """What became of one check. `follows` is the number of the failed check that explains this failure."""

    check: Check
    verdict: Verdict
    text: str
    follows: int | None
    seconds: float
    exchanges: tuple["Exchange", ...]


CHECKS: dict[int, Check] = {}


def check(
    number: int, title: str, sentence: str, *, origin: Origin = Origin.PUBLIC, needs: tuple[int, ...] = ()
) -> Callable[[Run], Run]:
    """Make a function a check. It raises Failed or Skipped, or returns."""
    if number in CHECKS or any(needed >= number for needed in needs):
        raise ValueError(f"check {number}: numbers are unique, and checks need earlier ones only")

    def register(run: Run) -> Run:
        CHECKS[number] = Check(number, title, sentence, origin, needs, run)
        return run

    return register
