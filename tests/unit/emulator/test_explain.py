"""The table of numbers: every number of the API is explained, and `explain` finds it however it is typed."""

from contextlib import suppress
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused
from emulator.explain import UnknownCode, explain, fix_for
from fairplay import errors
from simulation.error_numbers import BY_NUMBER, NUMBERS
from walkthrough.record.steps import STEPS

Failure = TypeVar("Failure", bound=Exception)

EXPRESSPLAY = """
-2008 -2020 -2021 -2022 -2023 -2034 -2040
-2002 -2003 -2005 -2017 -2018 -2019 -2025 -2027 -2030 -2031 -2033 -2035 -2036 -2037 -3004 -4001
-4010 -4018 -4019 -4020 -4021 -4022 -4024 -5003
-6001 -6002 -6003 -6004 -6005 -6006 -6007 -6008 -6009 -4011 -9002 -9003 -9004"""


@pytest.mark.parametrize("number", [*range(1, 10), *map(int, EXPRESSPLAY.split())])
def test_every_number_of_the_services_is_explained(number: int) -> None:
    meaning = explain(str(number))
    assert meaning.number == number
    assert meaning.meaning.endswith(".")
    assert meaning.fix


def subclasses(parent: type[Failure]) -> set[type[Failure]]:
    return {child for one in parent.__subclasses__() for child in {one, *subclasses(one)}}


def test_every_check_of_an_spc_and_a_ckc_is_explained() -> None:
    numbers = {child.number for child in subclasses(errors.FairPlayError) if hasattr(child, "number")}
    assert numbers
    assert numbers <= BY_NUMBER.keys()


def test_every_error_of_the_emulator_is_explained_and_by_no_other_row() -> None:
    own = subclasses(EmulatorError) - {EntitlementDenied, LicenseRefused}
    assert {child.number for child in own} == {number for number in BY_NUMBER if -9199 <= number <= -9100}


def test_no_number_is_explained_twice() -> None:
    assert len(BY_NUMBER) == len(NUMBERS)


@pytest.mark.parametrize("code", ["-4011", "4011", " -4011 ", "−4011"])
def test_a_number_is_found_however_it_is_typed(code: str) -> None:
    assert explain(code).number == -4011


def test_what_is_known_without_a_minus_stays_so() -> None:
    assert explain("6").whose == "SEES"


def test_an_unknown_number_names_near_ones() -> None:
    with pytest.raises(UnknownCode, match="-4011") as caught:
        explain("-4O11")
    assert len(caught.value.near) == 3


@given(st.text())
def test_any_text_is_explained_or_unknown(code: str) -> None:
    with suppress(UnknownCode):
        assert explain(code).number in BY_NUMBER


def test_the_fix_of_a_refusal() -> None:
    assert "register" in fix_for(6)
    assert fix_for(None) == fix_for(123456)


def test_the_steps_are_zero_to_thirteen_in_order_and_every_answer_follows_its_request() -> None:
    assert [step.n for step in STEPS] == list(range(14))
    assert all(step.answers is None or step.answers < step.n for step in STEPS)
