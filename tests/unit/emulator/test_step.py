"""The step that is being taken: errors have it without being told."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused, NoAnswer
from emulator.step import at_step, current_step


def error(step: int | None = None) -> EmulatorError:
    return NoAnswer(expected="SEES", found="nothing", fix="wait", step=step)


def test_an_error_has_the_step_in_which_it_was_made() -> None:
    with at_step(6):
        made = error()
    assert made.step == 6
    assert str(made) == "step 6: -9101 no answer: expected SEES, found nothing. Fix: wait."
    assert made.as_json()["step"] == 6


def test_an_error_outside_of_any_step_names_none() -> None:
    denied = EntitlementDenied(error=6, text="no", status=200, fix="register", response={})
    refused = LicenseRefused(code=-4014, message="no", hint="register", cause=None, status=403, response={})
    assert [one.step for one in (error(), denied, refused)] == [None, None, None]
    for one in (error(), denied, refused):
        assert "step" not in str(one)


def test_an_error_of_another_step_keeps_its_own() -> None:
    with at_step(11):
        assert error(step=13).step == 13


def test_the_inner_step_counts_and_the_outer_one_is_back_behind_it() -> None:
    with at_step(13):
        with pytest.raises(NoAnswer), at_step(6):
            raise error()
        assert current_step() == 13
    assert current_step() is None


def test_threads_have_their_steps_to_themselves() -> None:
    def take(number: int) -> tuple[int | None, int | None]:
        before = current_step()
        with at_step(number):
            return before, error().step

    with at_step(13), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(take, range(13))) == [(None, number) for number in range(13)]
        assert current_step() == 13
