"""A party's clock: forward only, bounded, written as RFC 3339."""

import time

import pytest

from simulation.clock import MAX_OFFSET, Clock, rfc3339


def test_runs_with_the_system_until_advanced() -> None:
    clock = Clock()
    assert abs(clock.now() - time.time()) < 5
    clock.advance(3600)
    clock.advance(0.5)
    assert clock.offset == 3600.5
    assert abs(clock.now() - time.time() - 3600.5) < 5
    clock.reset()
    assert clock.offset == 0


@pytest.mark.parametrize(
    "seconds", [-1, -0.001, float("nan"), float("inf"), MAX_OFFSET + 1, 10**400, True, "60", None, [1]]
)
def test_refuses_what_is_no_way_forward(seconds: object) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="expected"):
        clock.advance(seconds)  # type: ignore[arg-type]
    assert clock.offset == 0


def test_is_bounded_in_all() -> None:
    clock = Clock()
    clock.advance(MAX_OFFSET)
    with pytest.raises(ValueError, match="reset"):
        clock.advance(1)
    assert rfc3339(clock.now()).startswith("21")


def test_rfc3339() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(1795491332.123456) == "2026-11-24T03:35:32.123Z"
