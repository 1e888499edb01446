"""The record service: the four ways to ask for records."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import Parameters, form_of, single_values
from expressplay_mock.tokens.token_request import check_cookie
from simulation.sim_requests import read_number

MAX_RECENT = 32
"""Records in an answer to a question by cookie, or to none."""
MAX_PAGE = 200

PARAMETERS: Mapping[str, Code] = {
    "customerAuthenticator": Code.AUTHENTICATOR_INVALID,
    "cookie": Code.INVALID_COOKIE,
    "id": Code.NO_VALUE,
    "start": Code.NO_VALUE,
    "length": Code.NO_VALUE,
}


@dataclass(frozen=True, slots=True)
class Recent:
    """The 32 most recent records."""


@dataclass(frozen=True, slots=True)
class ByCookie:
    """The 32 most recent issued records with this cookie."""

    cookie: str


@dataclass(frozen=True, slots=True)
class ById:
    """The one record with this event id."""

    event_id: int


@dataclass(frozen=True, slots=True)
class Window:
    """`length` records from index `start`, where 0 is the newest."""

    start: int
    length: int


Query = Recent | ByCookie | ById | Window


def read_query(parameters: Parameters) -> Query:
    """Return what `parameters` ask for. Raises `Refusal` (-2033 for the cookie, -2035 for the others)."""
    values = single_values(parameters, PARAMETERS)
    asked = sorted(values.keys() - {"customerAuthenticator"})
    match asked:
        case []:
            return Recent()
        case ["cookie"]:
            return ByCookie(check_cookie(values["cookie"]))
        case ["id"]:
            return ById(_number("id", values["id"]))
        case ["length", "start"]:
            return Window(_number("start", values["start"]), _page(values["length"]))
    raise Refusal(
        Code.INVALID_COOKIE if "cookie" in asked else Code.NO_VALUE,
        " and ".join(asked),
        expected="cookie alone, id alone, start with length, or none of them",
        found="another combination",
        fix="ask in one of these ways at a time",
    )


def describe(query: Query) -> dict[str, Any]:
    """Return `query` for a reader, in the names of the parameters that ask for it."""
    match query:
        case Recent():
            return {"newest": MAX_RECENT}
        case ById(event_id):
            return {"id": event_id}
    return asdict(query)


def no_such_record(event_id: int) -> Refusal:
    """Return the refusal of an id that none of the account's records has."""
    return Refusal(Code.NO_VALUE, "id", expected="the event_id of a record of this account", found=str(event_id))


def _number(name: str, value: str) -> int:
    number = read_number(value)
    if number is None:
        found = form_of(value, "decimal digits")
        raise Refusal(Code.NO_VALUE, name, expected="a number of 1 to 18 decimal digits", found=found)
    return number


def _page(value: str) -> int:
    length = _number("length", value)
    if not 1 <= length <= MAX_PAGE:
        raise Refusal(Code.NO_VALUE, "length", expected=f"1 to {MAX_PAGE} records a page", found=value)
    return length
