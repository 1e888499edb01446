"""The four ways to ask for records, and everything between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.errors import Refusal
from expressplay_mock.parameters import Parameters
from expressplay_mock.record import Record, Row
from expressplay_mock.record_query import PARAMETERS, ByCookie, ById, Query, Recent, Window, read_query


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({}, Recent()),
        ({"customerAuthenticator": "x"}, Recent()),
        ({"cookie": "viewer-7"}, ByCookie("viewer-7")),
        ({"id": "17"}, ById(17)),
        ({"start": "0", "length": "1"}, Window(0, 1)),
        ({"start": "1000000", "length": "200"}, Window(1_000_000, 200)),
        ({"colour": "blue"}, Recent()),
    ],
)
def test_the_four_ways(asked: dict[str, str], query: Query) -> None:
    assert read_query({name: (value,) for name, value in asked.items()}) == query


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"cookie": ("a",), "id": ("1",)}, -2033),
        ({"cookie": ("a",), "start": ("0",), "length": ("1",)}, -2033),
        ({"cookie": ("a",), "length": ("1",)}, -2033),
        ({"cookie": ("",)}, -2033),
        ({"cookie": ("c" * 33,)}, -2033),
        ({"cookie": ("a", "a")}, -2033),
        ({"Cookie": ("a",)}, -2033),
        ({"id": ("1",), "start": ("0",), "length": ("1",)}, -2035),
        ({"id": ("",)}, -2035),
        ({"id": ("-1",)}, -2035),
        ({"id": ("1", "2")}, -2035),
        ({"id": ("9" * 19,)}, -2035),
        ({"start": ("0",)}, -2035),
        ({"length": ("1",)}, -2035),
        ({"start": ("0",), "length": ("0",)}, -2035),
        ({"start": ("0",), "length": ("201",)}, -2035),
        ({"start": ("٠",), "length": ("1",)}, -2035),
    ],
)
def test_anything_else_is_refused(asked: Parameters, number: int) -> None:
    with pytest.raises(Refusal) as caught:
        read_query(asked)
    assert caught.value.code.number == number


@given(
    st.dictionaries(
        st.sampled_from([*PARAMETERS, "ID"]), st.lists(st.text(max_size=33), min_size=1, max_size=2).map(tuple)
    )
)
def test_any_parameters_are_a_query_or_a_numbered_refusal(parameters: Parameters) -> None:
    try:
        query = read_query(parameters)
    except Refusal:
        return  # a Refusal has a number, or it could not be made
    assert isinstance(query, Query)


def test_a_record_in_json_has_the_documented_members() -> None:
    row = Row("1001", 1_700_000_000.0, "c", None, None, False, -4001, -42589, "0" * 64)
    assert Record(7, row).as_json() == {
        "event_id": 7,
        "time": "2023-11-14T22:13:20.000Z",
        "cookie": "c",
        "device_id": None,
        "content_id": None,
        "registration": False,
        "result": -4001,
        "cause": -42589,
    }
