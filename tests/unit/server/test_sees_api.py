"""Request objects, read from any bytes; the rules themselves are in the contract tests."""

import json

from hypothesis import given
from hypothesis import strategies as st

from server.api import EntitlementRequest, parse_message, read_envelope, read_request
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
        message = parse_message(body)
        envelope = read_envelope(message)
        assert isinstance(envelope.message_id, str)
        assert type(envelope.version) is int
        assert envelope.version <= 1
        request = read_request(message)
    except DeniedError as error:
        assert error.number is ErrorNumber.MALFORMED_REQUEST  # noqa: PT017
        assert error.text.startswith("malformed request: ")  # noqa: PT017
    else:
        assert isinstance(request, EntitlementRequest)
        assert envelope.message_id == request.message_id


def test_unknown_properties_are_ignored() -> None:
    request = read_request({"messageID": "m", "version": 3, "contentID": "c", "customerCookie": "", "more": {}})
    assert request == EntitlementRequest("m", 3, 1, "c", "")
