"""Checks 29 to 35 and 48 to 52: what the SEES makes of an ExpressPlay that fails, by the faults of expressplay-mock."""

from typing import Any

from sees_testing.conform.mock import RECORDS, TOKEN
from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import DEVICE_BOUND, REGISTRATION, Probe, at_once, entitled, expect_license, is_entitled
from sees_testing.conform.wire import Reply

REFUSALS = (-2018, -2019, -2031, -6008, -6009)
"""Authenticator invalid, tokens used up, account disabled, no device binding, FairPlay disabled."""
OUT_OF_ORDER: tuple[dict[str, Any], ...] = (
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503},
    {"fault": "drop"},
)
RUBBISH: dict[str, Any] = {"fault": "rubbish"}
SLOW = 1.0
"""Seconds."""
HANGING, SANE = 40, 20
"""Seconds for which an answer of ExpressPlay is held back, and until a client of the SEES must have its own."""
PAGES: tuple[dict[str, Any], ...] = ({"fault": "error-page", "status": 200}, {"fault": "error-page", "status": 502})
LATER: dict[str, Any] = {"fault": "status", "status": 503, "retry_after": 3600}


@check(
    29,
    "a refusal of ExpressPlay is a denial",
    "isAllowed says whether an entitlement was granted; error and errorText say why it was not.",
    needs=(1,),
)
def refusal_is_a_denial(probe: Probe) -> None:
    """Let the token service refuse with the codes that operators meet."""
    for code in REFUSALS:
        cookie = probe.cookie()
        with probe.fault(TOKEN, cookie, {"fault": "refuse", "code": code}):
            _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), f"a token request refused with {code}")


@check(
    30,
    "an ExpressPlay out of order is a denial",
    "A client learns by the response object that it got no entitlement, whoever is to blame.",
    needs=(1, 29, 44),
)
def out_of_order_is_a_denial(probe: Probe) -> None:
    """Let the token service answer with bare errors, or break off."""
    for fault in OUT_OF_ORDER:
        cookie = probe.cookie()
        entitled(probe.ask(REGISTRATION, probe.dummy, cookie))
        with probe.fault(TOKEN, cookie, fault):
            _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), f"a token service with {fault}")


@check(31, "rubbish is not handed on", "epTokenURL is the ExpressPlay token URL.", needs=(1,))
def rubbish_is_not_handed_on(probe: Probe) -> None:
    """Let the token service answer with a text that is no token URL."""
    cookie = probe.cookie()
    with probe.fault(TOKEN, cookie, RUBBISH):
        _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), "a token service that answers rubbish")


@check(
    32,
    "without records nobody gets an unbound token",
    "The device-bound token names the device that the log has: no answer is no device.",
    origin=Origin.SEQUENCE,
    needs=(13, 15, 16),
)
def without_records_no_unbound_token(probe: Probe) -> None:
    """Let the record retrieval fail in each way, for a viewer with a device and for a viewer without one."""
    device, cookie, fresh = probe.device("A"), probe.cookie(), probe.cookie()
    probe.register(device, cookie)
    for fault in (*OUT_OF_ORDER, RUBBISH, {"fault": "refuse", "code": -2030}):
        with probe.fault(RECORDS, None, fault):
            _expect_no(probe.ask(DEVICE_BOUND, probe.content, fresh), f"no device, and records with {fault}")
            _expect_bound_at_most(probe, probe.ask(DEVICE_BOUND, probe.content, cookie), f"records with {fault}")
    moved = probe.cookie()
    probe.register(device, moved)
    probe.play(device, moved)
    probe.register(probe.device("B"), moved)
    for fault in OUT_OF_ORDER:
        with probe.fault(RECORDS, None, fault):
            reply = probe.ask(DEVICE_BOUND, probe.content, moved)
        if is_entitled(reply) and probe.redeem(entitled(reply), device, probe.content) == 0:
            expected = f"a denial or a token for the device registered last, with records with {fault}"
            raise Failed(expected=expected, found="a token for the one registered before")


@check(
    33,
    "records that lag bind nobody else",
    "The log is asked right after registration: the row may not be visible yet.",
    origin=Origin.SEQUENCE,
    needs=(13, 15, 17),
)
def lag_binds_nobody_else(probe: Probe) -> None:
    """Let the row of the registration be invisible for some requests: the SEES may wait for it, or deny."""
    for requests in (1, 2, 1000):
        device, cookie = probe.device("A"), probe.cookie()
        with probe.fault(RECORDS, cookie, {"fault": "lag", "requests": requests}):
            probe.register(device, cookie)
            reply = probe.ask(DEVICE_BOUND, probe.content, cookie)
            _expect_bound_at_most(probe, reply, f"a registration invisible for {requests} requests")
        expect_license(probe.play(device, cookie), "the registered device, once the row is visible")


@check(
    34,
    "a slow ExpressPlay gets a clear answer",
    "A client learns by the response object that it got no entitlement, whoever is to blame.",
    needs=(1,),
)
def slow_expressplay_gets_a_clear_answer(probe: Probe) -> None:
    """Delay the token service for less than a SEES should wait."""
    cookie = probe.cookie()
    with probe.fault(TOKEN, cookie, {"fault": "delay", "seconds": SLOW}):
        reply = probe.ask(REGISTRATION, probe.dummy, cookie)
    if not is_entitled(reply):
        _expect_no(reply, f"a token service that takes {SLOW} s")


@check(
    35,
    "a failure passes",
    "An entitlement depends on this request alone, not on the failure of an earlier one.",
    origin=Origin.SOUND,
    needs=(1, 11, 30),
    last=True,
)
def failure_passes(probe: Probe) -> None:
    """Fail for one viewer in each way; afterwards that viewer and another must be served."""
    cookie = probe.cookie()
    with probe.fault(TOKEN, cookie, OUT_OF_ORDER[0]):
        for _ in range(3):
            probe.ask(REGISTRATION, probe.dummy, cookie)
    for viewer in (cookie, probe.cookie()):
        entitled(probe.ask(REGISTRATION, probe.dummy, viewer))
    device = probe.device("A")
    for fault in OUT_OF_ORDER:
        viewer = probe.cookie()
        with probe.fault(TOKEN, viewer, fault):
            probe.ask(REGISTRATION, probe.dummy, viewer)
        probe.register(device, viewer)
        with probe.fault(RECORDS, viewer, fault):
            probe.ask(DEVICE_BOUND, probe.content, viewer)
        expect_license(probe.play(device, viewer), f"the registered device, once {fault} is over")


@check(
    48,
    "an ExpressPlay that hangs gets an answer in time",
    f"A player waits for the response object: a SEES without a limit of its own ({SANE} s here) keeps it waiting.",
    origin=Origin.SOUND,
    needs=(11, 30),
    slow=True,
)
def hanging_expressplay_gets_an_answer(probe: Probe) -> None:
    """Let the token service hold an answer back for one viewer, and the record retrieval for another."""
    device, cookie, fresh = probe.device("A"), probe.cookie(), probe.cookie()
    probe.register(device, cookie)
    delay = {"fault": "delay", "seconds": HANGING}
    with probe.fault(TOKEN, fresh, delay), probe.fault(RECORDS, cookie, delay):
        replies = at_once(
            [
                lambda: probe.ask(REGISTRATION, probe.dummy, fresh, timeout=SANE),
                lambda: probe.ask(DEVICE_BOUND, probe.content, cookie, timeout=SANE),
            ]
        )
    for reply, what in zip(replies, ("token service", "record retrieval"), strict=True):
        _expect_no(reply, f"a {what} that hangs")
    entitled(probe.ask(REGISTRATION, probe.dummy, probe.cookie()))


@check(49, "a page for people is no token URL", "epTokenURL is the ExpressPlay token URL.", needs=(1, 29, 30, 31, 32))
def page_is_no_token_url(probe: Probe) -> None:
    """Let a proxy answer for the token service, and for the record retrieval, with HTML."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    for page in PAGES:
        with probe.fault(TOKEN, cookie, page):
            _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), f"a token service with {page}")
        with probe.fault(RECORDS, cookie, page):
            _expect_bound_at_most(probe, probe.ask(DEVICE_BOUND, probe.content, cookie), f"records with {page}")


@check(
    50,
    "an error under status 200 is a denial",
    "isAllowed says whether an entitlement was granted, and a status alone does not tell.",
    origin=Origin.SOUND,
    needs=(1, 29, 31),
)
def error_under_200_is_a_denial(probe: Probe) -> None:
    """Let the token service refuse with a code, but under HTTP status 200."""
    cookie = probe.cookie()
    with probe.fault(TOKEN, cookie, {"fault": "refuse", "code": REFUSALS[0], "status": 200}):
        _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), "a token service that refuses with status 200")


@check(
    51,
    "Retry-After is not slept through",
    "A wait that somebody else chooses has no bound: a player waits for the response object.",
    origin=Origin.SOUND,
    needs=(1, 30),
)
def retry_after_is_not_slept_through(probe: Probe) -> None:
    """Let the token service ask to come back in an hour."""
    cookie = probe.cookie()
    with probe.fault(TOKEN, cookie, LATER):
        _expect_no(probe.ask(REGISTRATION, probe.dummy, cookie), f"a token service with {LATER}")


@check(
    52,
    "rows of others bind nobody",
    "ExpressPlay looks up the device by the cookie: a row with another cookie says nothing about this one.",
    origin=Origin.SOUND,
    needs=(13, 14, 15),
)
def rows_of_others_bind_nobody(probe: Probe) -> None:
    """Let the record retrieval answer a question about one viewer with the rows of others."""
    device, cookie, fresh = probe.device("A"), probe.cookie(), probe.cookie()
    probe.register(device, cookie)
    with probe.fault(RECORDS, fresh, {"fault": "others-rows"}):
        _expect_no(probe.ask(DEVICE_BOUND, probe.content, fresh), "a cookie without a device, and rows of others")


def _expect_no(reply: Reply, when: str) -> None:
    """Expect a response object that denies, under any HTTP status."""
    if is_entitled(reply) or (reply.object() or {}).get("isAllowed") is not False:
        raise Failed(expected=f"a response object with isAllowed false for {when}", found=str(reply))


def _expect_bound_at_most(probe: Probe, reply: Reply, when: str) -> None:
    if not is_entitled(reply):
        _expect_no(reply, when)
    elif probe.redeem(entitled(reply), probe.device("B"), probe.content) == 0:
        raise Failed(expected=f"a denial or a token for the registered device, with {when}", found="a token for any")
