"""Request objects, read from any bytes; the rules themselves are in the contract tests."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api import EntitlementRequest, parse_message, read_echo, read_request
from server.errors import DeniedError, ErrorNumber

odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)
names = st.sampled_from(["messageID", "version", "requestType", "contentID", "customerCookie", "other"])


GOOD = {"messageID": "m", "version": 1, "contentID": "c"}


@given(
    st.binary()
    | st.dictionaries(names, odd | st.sampled_from([1, 2, 3, "id"])).map(lambda message: json.dumps(message).encode())
    | st.dictionaries(names, odd, max_size=2).map(lambda changes: json.dumps({**GOOD, **changes}).encode())
)
def test_any_bytes_give_a_request_or_error_1(body: bytes) -> None:
    try:
        echo = read_echo(body)
        echo.message_id.encode()
        assert type(echo.version) is int
        assert echo.version <= 1
        request = read_request(parse_message(body))
    except DeniedError as error:
        assert error.number is ErrorNumber.MALFORMED_REQUEST  # noqa: PT017
        assert error.text.startswith("malformed request: ")  # noqa: PT017
    else:
        assert isinstance(request, EntitlementRequest)
        assert echo.message_id == request.message_id


@pytest.mark.parametrize(
    "body",
    [
        b'{"messageID": "m", "version": NaN}',
        b'{"messageID": "m", "version": 1, "version": 1}',
        b'{"version": 1e999, "messageID": "m"}',
        b'{"messageID": "m", "version": ' + b"9" * 5000 + b"}",
        b'{"contentID": {"messageID": "inner"}, "messageID": "m"}',
        b'{"messageID": "m", "contentID": "\\ud800"}',
        b'{"messageID": "m", "contentID": "\xff"}',
        b'{"messageID": "m", "a": ' + b"[" * 17 + b"]" * 17 + b"}",
    ],
)
def test_a_mistake_elsewhere_does_not_hide_the_message_id(body: bytes) -> None:
    assert read_echo(body).message_id == "m"
    with pytest.raises(DeniedError):
        read_request(parse_message(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"messageID": "a", "messageID": "b"}',
        b'{"messageID": "\xff"}',
        b'{"messageID": "\\ud800"}',
        b'[{"messageID": "a"}]',
        b'{"messageID": "m"',
        b'{"messageID": "m", "a": ' + b"[" * 50_000,
        b"",
    ],
)
def test_where_there_is_not_one_message_id_none_is_repeated(body: bytes) -> None:
    assert read_echo(body).message_id == ""


def test_unknown_properties_are_ignored() -> None:
    request = read_request({"messageID": "m", "version": 3, "contentID": "c", "customerCookie": "", "more": {}})
    assert request == EntitlementRequest("m", 3, 1, "c", "")
