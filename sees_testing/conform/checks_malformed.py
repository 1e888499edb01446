"""Checks 22 to 28: malformed requests, which every server on the internet gets."""

import json
from urllib.parse import urlencode

from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import REGISTRATION, Probe, entitled, expect_denial, is_entitled
from sees_testing.conform.wire import Reply

HUGE = 8 * 1024 * 1024
"""Bytes: a hundred times what any request takes."""
DEEP = 9_000
"""Brackets, one within the other."""
NOT_JSON = (b"", b"{", b"messageID", b"\xff\xfe{}", b"{'messageID': 1}", b'{"messageID": "a"} {}')
NO_OBJECT = (b"[]", b"null", b"1", b'"text"', b"[{}]")
WRONG_TYPES: tuple[tuple[str, object], ...] = (
    ("messageID", 7),
    ("messageID", None),
    ("messageID", ["a"]),
    ("version", "1"),
    ("version", True),
    ("version", 1.5),
    ("version", {}),
    ("requestType", "2"),
    ("requestType", [2]),
    ("contentID", 7),
    ("contentID", {"id": "a"}),
    ("customerCookie", 7),
    ("customerCookie", ["a"]),
)


@check(22, "what is no JSON object is refused", "A request is a JSON object.", needs=(1,))
def no_object_is_refused(probe: Probe) -> None:
    """Post texts that are not JSON, and JSON that is not an object."""
    for body in NOT_JSON + NO_OBJECT:
        expect_denial(probe.wire.send(body), f"the body {body!r}")
    _expect_alive(probe)


@check(23, "required properties are required", "messageID, version and contentID are required.")
def required_properties_are_required(probe: Probe) -> None:
    """Leave out one at a time."""
    for name in ("messageID", "version", "contentID"):
        message = probe.message(REGISTRATION, probe.dummy, probe.cookie())
        del message[name]
        expect_denial(probe.post(message), f"a request without {name}")


@check(24, "types are checked", "Ids and cookie are strings, version and requestType are integers.")
def types_are_checked(probe: Probe) -> None:
    """Give one property a value of another type at a time."""
    for name, value in WRONG_TYPES:
        message = probe.message(REGISTRATION, probe.dummy, probe.cookie()) | {name: value}
        expect_denial(probe.post(message), f"{name} {json.dumps(value)}")


@check(25, "POST is the only method", "Requests are posted.")
def post_is_the_only_method(probe: Probe) -> None:
    """Send the request by GET, PUT and DELETE, in the query string or the body."""
    message = probe.message(REGISTRATION, probe.dummy, probe.cookie())
    query = {name: str(value) for name, value in message.items()}
    for reply in (
        probe.wire.send(method="GET", query=query),
        probe.wire.send(json.dumps(message).encode(), method="GET"),
        probe.wire.send(json.dumps(message).encode(), method="PUT"),
        probe.wire.send(method="DELETE", query=query),
    ):
        if is_entitled(reply) or reply.status is None or not (400 <= reply.status < 500 or reply.status == 501):
            raise Failed(expected="HTTP 405, or another from 400 to 499", found=str(reply))


@check(26, "a form is no request", "A request is JSON.", needs=(1, 22))
def form_is_no_request(probe: Probe) -> None:
    """Post the properties as HTML forms do."""
    message = probe.message(REGISTRATION, probe.dummy, probe.cookie())
    body = urlencode(message).encode()
    expect_denial(probe.wire.send(body, content_type="application/x-www-form-urlencoded"), "a form")
    expect_denial(probe.wire.send(body), "a form that says it is JSON")
    _expect_alive(probe)


@check(
    27,
    "absurd nesting is refused",
    "A parser that follows every bracket runs out of stack.",
    origin=Origin.SOUND,
    needs=(22,),
)
def absurd_nesting_is_refused(probe: Probe) -> None:
    """Post brackets only, and brackets in a property nobody reads."""
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = (opening * DEEP + "1" + closing * DEEP).encode()
        expect_denial(probe.wire.send(body, shown=f"<{DEEP} times {opening}>"), f"{DEEP} times {opening}")
    _expect_alive(probe)


@check(28, "a huge body is refused", "A request takes a few hundred bytes.", origin=Origin.SOUND, needs=(1,))
def huge_body_is_refused(probe: Probe) -> None:
    """Post a good request padded to megabytes; a server that answers early may break the connection."""
    message = probe.message(REGISTRATION, probe.dummy, probe.cookie()) | {"padding": "x" * HUGE}
    reply = probe.wire.send(json.dumps(message).encode(), shown=f"<a request padded to {HUGE} bytes>")
    if reply.status is not None:
        expect_denial(reply, f"a body of {HUGE} bytes")
    _expect_alive(probe)


def _expect_alive(probe: Probe) -> None:
    reply: Reply = probe.ask(REGISTRATION, probe.dummy, probe.cookie())
    try:
        entitled(reply)
    except Failed:
        raise Failed(expected="a good request to be entitled afterwards", found=str(reply)) from None
