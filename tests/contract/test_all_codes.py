"""Every code that the mock knows, acted out over HTTP against running mocks, and the page that lists them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from codes_page import render
from provocations import PROVOCATIONS, Provocation
from two_mocks import TwoMocks, running_two_mocks

from expressplay_mock.errors import Code

PAGE = Path(__file__).resolve().parents[2] / "docs" / "codes.md"


@pytest.fixture(scope="module")
def mocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoMocks]:
    with running_two_mocks(tmp_path_factory.mktemp("codes")) as mocks:
        yield mocks


@pytest.mark.parametrize("provocation", PROVOCATIONS, ids=[str(each.code.number) for each in PROVOCATIONS])
def test_code(mocks: TwoMocks, provocation: Provocation) -> None:
    answer, code = provocation.act(mocks), provocation.code
    if code is Code.INVALID_ERROR_FORMAT:
        assert f"<title>{code.number} {code.title}</title>" in answer.text
    elif provocation.as_cause:
        assert (answer.json()["errorCode"], answer.json()["cause"]) == (-4001, code.number)
    else:
        assert (answer.json()["errorCode"], answer.json()["errorMessage"]) == (code.number, code.title)
    assert answer.status_code == code.status


def test_each_code_has_one_provocation() -> None:
    assert Counter(each.code for each in PROVOCATIONS) == Counter(Code)


def test_the_page_is_as_the_code_is() -> None:
    assert PAGE.read_text() == render(), "docs/codes.md is stale: run scripts/codes"
