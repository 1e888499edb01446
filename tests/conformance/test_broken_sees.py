"""The kit against servers with one defect each: its own check catches it, and other failures say that they follow."""

import os
from collections.abc import Callable, Iterable

import pytest
from broken_sees import BROKEN
from broken_sees_at_work import AT_WORK
from planted_sees import MORE
from small_sees import SmallSees
from strangers_mistakes import STRANGERS

from sees_testing.conform import checks_failures, checks_together
from sees_testing.conform.model import CHECKS, Result, Verdict

RunKit = Callable[[type[SmallSees], Iterable[int]], list[Result]]

HANGING, WAITING, SLOW, FAILURES = 48, 42, 34, {*range(29, 36), *range(49, 53)}
COSTLY: list[tuple[set[int], set[int]]] = [
    ({16, 17, 18, 19, 38}, {*range(11, 22), 38, 40}),
    ({39}, {8, 9, 10, 12, 14, 39}),
    ({40}, {14, 17, 18, 19, 38, 40, 52}),
    ({41}, {2, 13, 14, 16, 41, 42, 44, 46}),
    (FAILURES, FAILURES | {1, 11, 48}),
    ({HANGING}, {HANGING}),
]
"""Checks that take most of the time, and the checks whose broken servers they might catch in their stead."""
ALL = [*BROKEN, *AT_WORK, *MORE, *STRANGERS]


def checks_for(number: int) -> set[int]:
    """Return the checks to run on a server that must fail one of them.

    Costly checks are left out for servers whose defect is elsewhere, unless the environment says SEES_TESTING_ALL=1.
    """
    if os.environ.get("SEES_TESTING_ALL"):
        return set(CHECKS)
    return set(CHECKS) - set().union(*(checks for checks, near in COSTLY if number not in near))


def test_the_right_one_passes(run_kit: RunKit) -> None:
    results = run_kit(SmallSees, set(CHECKS) - {HANGING})
    assert [(result.check.number, result.text) for result in results if result.text] == []


def test_one_that_gives_up_in_time_passes(run_kit: RunKit) -> None:
    class GivesUp(SmallSees):
        timeout = 3.0

    assert [result.text for result in run_kit(GivesUp, {HANGING})] == [""]


@pytest.mark.parametrize(("number", "kind"), ALL, ids=[kind.__name__ for _, kind in ALL])
def test_a_defect_fails_its_own_check(
    run_kit: RunKit, number: int, kind: type[SmallSees], monkeypatch: pytest.MonkeyPatch
) -> None:
    # These wait until the time is over, however short it is.
    if number == HANGING:
        monkeypatch.setattr(checks_failures, "SANE", 1.0)
    if number == WAITING:
        monkeypatch.setattr(checks_together, "HELD", 1.0)
    # The one that gives up does so after half of the time, and never before because the machine is busy.
    monkeypatch.setattr(checks_failures, "SLOW", 4.0 if number == SLOW else 0.1)
    failures = {
        result.check.number: result for result in run_kit(kind, checks_for(number)) if result.verdict is Verdict.FAILED
    }
    assert {own: failure.text for own, failure in failures.items() if failure.follows is None}.keys() == {number}
    for failure in failures.values():
        assert failure.follows is None or failure.follows in failures


def test_every_check_has_its_broken_server() -> None:
    assert {number for number, _ in BROKEN + AT_WORK} == set(CHECKS)


def test_no_check_explains_itself_by_others() -> None:
    def reach(number: int, seen: tuple[int, ...] = ()) -> None:
        assert number not in seen
        for needed in CHECKS[number].needs:
            reach(needed, (*seen, number))

    for number in CHECKS:
        reach(number)
