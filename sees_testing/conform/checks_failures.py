"""Checks 29 to 35: what the SEES makes of an ExpressPlay that fails. They need the faults of expressplay-mock."""

from typing import Any

from sees_testing.conform.model import Failed, Origin, check
from sees_testing.conform.stage import DEVICE_BOUND, REGISTRATION, Stage, entitled, is_entitled
from sees_testing.conform.wire import Reply

TOKEN, RECORDS = "token", "records"
REFUSALS = (-2018, -2019, -2031, -6008, -6009)
"""Authenticator invalid, tokens used up, account disabled, no device binding, FairPlay disabled."""
OUT_OF_ORDER: tuple[dict[str, Any], ...] = (
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503},
    {"fault": "drop"},
)
RUBBISH: dict[str, Any] = {"fault": "rubbish"}
SLOW = 0.1
"""Seconds."""


@check(
    29,
    "a refusal of ExpressPlay is a denial",
    "isAllowed says whether an entitlement was granted; error and errorText say why it was not.",
    needs=(1,),
)
def refusal_is_a_denial(stage: Stage) -> None:
    """Let the token service refuse with the codes that operators meet."""
    for code in REFUSALS:
        cookie = stage.cookie()
        with stage.fault(TOKEN, cookie, {"fault": "refuse", "code": code}):
            _expect_no(stage.ask(REGISTRATION, stage.dummy, cookie), f"a token request refused with {code}")


@check(
    30,
    "an ExpressPlay out of order is a denial",
    "A client learns by the response object that it got no entitlement, whoever is to blame.",
    needs=(1, 29),
)
def out_of_order_is_a_denial(stage: Stage) -> None:
    """Let the token service answer with bare errors, or break off."""
    for fault in OUT_OF_ORDER:
        cookie = stage.cookie()
        entitled(stage.ask(REGISTRATION, stage.dummy, cookie))
        with stage.fault(TOKEN, cookie, fault):
            _expect_no(stage.ask(REGISTRATION, stage.dummy, cookie), f"a token service with {fault}")


@check(31, "rubbish is not handed on", "epTokenURL is the ExpressPlay token URL.", needs=(1,))
def rubbish_is_not_handed_on(stage: Stage) -> None:
    """Let the token service answer with a text that is no token URL."""
    cookie = stage.cookie()
    with stage.fault(TOKEN, cookie, RUBBISH):
        _expect_no(stage.ask(REGISTRATION, stage.dummy, cookie), "a token service that answers rubbish")


@check(
    32,
    "without records nobody gets an unbound token",
    "The device-bound token names the device that the log has: no answer is no device.",
    origin=Origin.SEQUENCE,
    needs=(13, 15),
)
def without_records_no_unbound_token(stage: Stage) -> None:
    """Let the record retrieval fail in each way, for a viewer with a device and for one without."""
    device, cookie, fresh = stage.device("A"), stage.cookie(), stage.cookie()
    stage.register(device, cookie)
    for fault in (*OUT_OF_ORDER, RUBBISH, {"fault": "refuse", "code": -2030}):
        with stage.fault(RECORDS, None, fault):
            _expect_no(stage.ask(DEVICE_BOUND, stage.content, fresh), f"no device, and records with {fault}")
            _expect_bound_at_most(stage, stage.ask(DEVICE_BOUND, stage.content, cookie), f"records with {fault}")


@check(
    33,
    "records that lag bind nobody else",
    "The log is asked right after registration: the row may not be visible yet.",
    origin=Origin.SEQUENCE,
    needs=(13, 15, 17),
)
def lag_binds_nobody_else(stage: Stage) -> None:
    """Let the row of the registration be invisible for some requests: the SEES may wait for it, or deny."""
    for requests in (1, 2, 1000):
        device, cookie = stage.device("A"), stage.cookie()
        with stage.fault(RECORDS, cookie, {"fault": "lag", "requests": requests}):
            stage.register(device, cookie)
            reply = stage.ask(DEVICE_BOUND, stage.content, cookie)
            _expect_bound_at_most(stage, reply, f"a registration invisible for {requests} requests")
        if result := stage.play(device, cookie):
            raise Failed(expected="a license once the row is visible", found=f"ExpressPlay's refusal {result}")


@check(
    34,
    "a slow ExpressPlay gets a clear answer",
    "A client learns by the response object that it got no entitlement, whoever is to blame.",
    needs=(1,),
)
def slow_expressplay_gets_a_clear_answer(stage: Stage) -> None:
    """Let the token service take its time, well within what a SEES should wait."""
    cookie = stage.cookie()
    with stage.fault(TOKEN, cookie, {"fault": "delay", "seconds": SLOW}):
        reply = stage.ask(REGISTRATION, stage.dummy, cookie)
    if not is_entitled(reply):
        _expect_no(reply, f"a token service that takes {SLOW} s")


@check(
    35,
    "a failure passes",
    "An entitlement depends on this request alone, not on the failure of an earlier one.",
    origin=Origin.SOUND,
    needs=(1, 30),
)
def failure_passes(stage: Stage) -> None:
    """Fail for one viewer, and see that all is well for the same one and another afterwards."""
    cookie = stage.cookie()
    with stage.fault(TOKEN, cookie, OUT_OF_ORDER[0]):
        for _ in range(3):
            stage.ask(REGISTRATION, stage.dummy, cookie)
    for viewer in (cookie, stage.cookie()):
        entitled(stage.ask(REGISTRATION, stage.dummy, viewer))


def _expect_no(reply: Reply, when: str) -> None:
    """Expect a denial in due form; its HTTP status is this SEES's affair."""
    if is_entitled(reply) or (reply.object() or {}).get("isAllowed") is not False:
        raise Failed(expected=f"a response object with isAllowed false for {when}", found=str(reply))


def _expect_bound_at_most(stage: Stage, reply: Reply, when: str) -> None:
    if not is_entitled(reply):
        _expect_no(reply, when)
    elif stage.redeem(entitled(reply), stage.device("B"), stage.content) == 0:
        raise Failed(expected=f"a denial or a token for the registered device, with {when}", found="a token for any")
