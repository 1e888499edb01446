"""Checks 1 to 10, and 53: the messages of the public API, and the customer cookie in them."""

import json

from sees_testing.conform.mock import token_requests
from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import DEVICE_BOUND, REGISTRATION, TIME_BASED, Probe, entitled, expect_denial
from sees_testing.conform.wire import Reply

UNKNOWN_CONTENT = "00000000-0000-4000-8000-00000000dead"
MAX_COOKIE = 32
UNKNOWN_TYPES = (0, 4, -1, 99)


@check(1, "registration is entitled", "A request of type 2 with a cookie, for the dummy, gets an epTokenURL.")
def registration_is_entitled(probe: Probe) -> None:
    """Ask as step 1 does."""
    entitled(probe.ask(REGISTRATION, probe.dummy, probe.cookie()))


@check(2, "messageID comes back", "The response carries the messageID of its request, or it counts as a denial.")
def message_id_comes_back(probe: Probe) -> None:
    """Ask with ids of several forms, for what is granted and what is denied."""
    for content, message_id in (
        (probe.dummy, "3c1f0a52-9f6e-4b8a-8d1e-0123456789ab"),
        (probe.dummy, "3C1F0A52-9F6E-4B8A-8D1E-0123456789AB"),
        (UNKNOWN_CONTENT, "7d44f3b0-2a51-4c1c-9e07-ba9876543210"),
    ):
        message = probe.message(REGISTRATION, content, probe.cookie()) | {"messageID": message_id}
        reply = probe.post(message)
        found = (reply.object() or {}).get("messageID")
        if found != message_id:
            raise Failed(expected=f"messageID {message_id!r}", found=f"{found!r} in {reply}")


@check(3, "version is not above the request's", "The version of the response is at most that of the request.")
def version_is_not_above(probe: Probe) -> None:
    """Ask in version 1, and in a version that does not exist yet."""
    for asked in (1, 7):
        reply = probe.post(probe.message(REGISTRATION, probe.dummy, probe.cookie()) | {"version": asked})
        found = (reply.object() or {}).get("version")
        if type(found) is not int or found > asked:
            raise Failed(expected=f"a version of at most {asked}, an integer", found=f"{found!r} in {reply}")


@check(
    4,
    "the response object is in due form",
    "isAllowed is a boolean, epTokenURL and errorText are strings, error is an integer; the body is JSON.",
)
def response_is_in_due_form(probe: Probe) -> None:
    """Look at an entitlement and at a denial."""
    for content in (probe.dummy, UNKNOWN_CONTENT):
        reply = probe.ask(REGISTRATION, content, probe.cookie())
        answer = reply.object()
        if answer is None:
            raise Failed(expected="a JSON object", found=str(reply))
        if "json" not in _content_type(reply):
            raise Failed(expected="the content type application/json", found=repr(_content_type(reply)))
        for name, kind, article in (
            ("isAllowed", bool, "a boolean"),
            ("epTokenURL", str, "a string"),
            ("error", int, "an integer"),
            ("errorText", str, "a string"),
        ):
            required = name == "isAllowed" or (name == "epTokenURL" and answer.get("isAllowed") is True)
            if type(answer[name]) is not kind if name in answer else required:
                found = json.dumps(answer[name]) if name in answer else "none"
                raise Failed(expected=f"{name}, {article}", found=f"{found} in {reply}")


@check(5, "requestType may be left out", "requestType and customerCookie are not required.", needs=(1,))
def request_type_may_be_left_out(probe: Probe) -> None:
    """Leave both out: the SEES may grant time-based requests or deny them, but must do the same as for type 1."""
    named, absent = probe.ask(TIME_BASED, probe.content, None), probe.ask(None, probe.content, None)
    for reply in (named, absent):
        is_answer = type((reply.object() or {}).get("isAllowed")) is bool
        if reply.status is None or reply.status >= 500 or not is_answer:
            raise Failed(expected="a response object with isAllowed", found=str(reply))
    answers = [(reply.object() or {}).get("isAllowed") for reply in (named, absent)]
    if answers[0] != answers[1]:
        raise Failed(expected=f"isAllowed {answers[0]}, as with requestType 1", found=str(absent))


@check(6, "unknown request types are denied", "requestType is 1, 2 or 3.")
def unknown_types_are_denied(probe: Probe) -> None:
    """Ask with other integers, for the dummy and for the content."""
    for unknown in UNKNOWN_TYPES:
        for content in (probe.dummy, probe.content):
            expect_denial(probe.ask(unknown, content, probe.cookie()), f"requestType {unknown}")


@check(7, "unknown content is denied", "contentID is the content id given at packaging.")
def unknown_content_is_denied(probe: Probe) -> None:
    """Ask for an id that nobody packaged, and for texts that are not content ids."""
    for request_type in (TIME_BASED, REGISTRATION, DEVICE_BOUND):
        for content in (UNKNOWN_CONTENT, "../" + probe.dummy, "*", "%", probe.dummy[:-1], probe.dummy + "0"):
            expect_denial(probe.ask(request_type, content, probe.cookie()), f"contentID {content!r}")


@check(8, "a cookie of 32 characters is accepted", "customerCookie has at most 32 characters.", needs=(1,))
def longest_cookie_is_accepted(probe: Probe) -> None:
    """Ask with the longest cookie there may be."""
    entitled(probe.ask(REGISTRATION, probe.dummy, probe.cookie().ljust(MAX_COOKIE, "x")))


@check(9, "a longer cookie is denied", "customerCookie has at most 32 characters.")
def longer_cookie_is_denied(probe: Probe) -> None:
    """Ask with more characters: a SEES that cut them would confuse viewers. It must not ask ExpressPlay either."""
    for length in (MAX_COOKIE + 1, 1000):
        cookie = probe.cookie().ljust(length, "x")
        expect_denial(probe.ask(REGISTRATION, probe.dummy, cookie), f"a cookie of {length} characters")
    if probe.mock and (asked := token_requests(probe.entries())):
        refused = (asked[0].get("response") or {}).get("errorCode")
        raise Failed(
            expected="the SEES to refuse a cookie that is too long itself",
            found=f"a token request with it, which ExpressPlay refused with {refused}",
        )


@check(
    10,
    "device binding needs a cookie",
    "Registration and device-bound entitlement are joined by the customer cookie.",
    origin=Origin.SEQUENCE,
)
def binding_needs_a_cookie(probe: Probe) -> None:
    """Send no cookie, an empty one and null: a server that made one up would give all viewers the same."""
    for request_type, content in ((REGISTRATION, probe.dummy), (DEVICE_BOUND, probe.content)):
        for cookie in (None, ""):
            found = "no cookie" if cookie is None else "an empty cookie"
            expect_denial(probe.ask(request_type, content, cookie), f"requestType {request_type} with {found}")
        null = probe.message(request_type, content, None) | {"customerCookie": None}
        expect_denial(probe.post(null), f"requestType {request_type} with customerCookie null")


@check(53, "a charset does no harm", "A request is JSON, whatever else its content type says.", needs=(1,))
def charset_does_no_harm(probe: Probe) -> None:
    """Ask as clients do that name the encoding."""
    body = json.dumps(probe.message(REGISTRATION, probe.dummy, probe.cookie())).encode()
    entitled(probe.wire.send(body, content_type="application/json; charset=utf-8"))


def _content_type(reply: Reply) -> str:
    return next((value for name, value in reply.headers.items() if name.lower() == "content-type"), "")
