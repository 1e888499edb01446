"""Checks 11 to 21, and 38: device binding itself, seen by what the devices get from ExpressPlay in the end."""

import secrets

from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.stage import (
    DEVICE_BOUND,
    REGISTRATION,
    TIME_BASED,
    Stage,
    entitled,
    expect_denial,
    is_entitled,
)

RECENT = 32
"""Records in ExpressPlay's answer to a question without an index."""
ODD_COOKIE = "+b&cookie=c=%64;e,f/g?h"
"""A cookie of characters that mean something in URLs and forms."""
REPLAYED, DEVICE_DIFFERS = -9002, -9003


@check(
    11,
    "the registered device plays",
    "After registration, the same cookie and the real content id get a device-bound token: steps 1 to 13.",
    origin=Origin.SEQUENCE,
    needs=(1,),
)
def registered_device_plays(stage: Stage) -> None:
    """Register and play, twice."""
    device, cookie = stage.device("A"), stage.cookie()
    stage.register(device, cookie)
    for _ in range(2):
        _expect_license(stage.play(device, cookie), "the registered device")


@check(12, "an odd cookie is one cookie", "customerCookie is an arbitrary string.", needs=(11,))
def odd_cookie_is_accepted(stage: Stage) -> None:
    """Register with characters that need escaping on their way, then play with the same cookie."""
    cookie = secrets.token_hex(4) + ODD_COOKIE
    device = stage.device("odd")
    stage.register(device, cookie)
    if result := stage.play(device, cookie):
        raise Failed(expected="a license with the same cookie", found=f"ExpressPlay's refusal {result}")


@check(
    13,
    "another device does not",
    "ExpressPlay compares the device of the token with the device of the SPC (step 12): the token must name one.",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def another_device_does_not(stage: Stage) -> None:
    """Redeem tokens of one device on another, once the right one has played: trust must not come of that."""
    device, thief, cookie = stage.device("A"), stage.device("B"), stage.cookie()
    stage.register(device, cookie)
    token_url = stage.token(DEVICE_BOUND, stage.content, cookie)
    _expect_license(stage.redeem(token_url, device, stage.content), "the registered device")
    for url in (token_url, stage.token(DEVICE_BOUND, stage.content, cookie)):
        _expect_refusal(stage.redeem(url, thief, stage.content), "a device that is not registered")


@check(
    14,
    "another cookie does not",
    "ExpressPlay looks up the device by the cookie (step 8).",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def another_cookie_does_not(stage: Stage) -> None:
    """Register with one cookie and ask with others, near and far: none may be bound to the first one's device."""
    device, cookie = stage.device("A"), stage.cookie()
    stage.register(device, cookie)
    for other in (stage.cookie(), cookie.upper(), cookie + "0", cookie[:-1]):
        reply = stage.ask(DEVICE_BOUND, stage.content, other)
        if not is_entitled(reply):
            continue
        token_url = entitled(reply)
        if stage.redeem(token_url, device, stage.content) == 0 and stage.redeem(
            token_url, stage.device("B"), stage.content
        ):
            raise Failed(expected=f"no device for the cookie {other!r}", found=f"the device of {cookie!r}")


@check(
    15,
    "without registration there is no entitlement",
    "A device-bound entitlement needs the device that the log has for the cookie (steps 6 to 8).",
    origin=Origin.SEQUENCE,
    needs=(14,),
)
def no_registration_no_entitlement(stage: Stage) -> None:
    """Ask without a registration, and with a registration token that nobody redeemed."""
    cookie = stage.cookie()
    expect_denial(stage.ask(DEVICE_BOUND, stage.content, cookie), "a cookie without a device")
    stage.token(REGISTRATION, stage.dummy, cookie)
    expect_denial(stage.ask(DEVICE_BOUND, stage.content, cookie), "a cookie whose registration was not redeemed")


@check(
    16,
    "the newest registration counts",
    "The record of a cookie is its most recent one: who registers another device moves there.",
    origin=Origin.SEQUENCE,
    needs=(11, 13),
)
def newest_registration_counts(stage: Stage) -> None:
    """Register one device and play, then another: what was known of the first must be forgotten."""
    old, new, cookie = stage.device("A"), stage.device("B"), stage.cookie()
    stage.register(old, cookie)
    _expect_license(stage.play(old, cookie), "the only device registered")
    stage.register(new, cookie)
    _expect_license(stage.play(new, cookie), "the device registered last")
    _expect_refusal(stage.play(old, cookie), "the device registered before")


@check(
    17,
    "a refused redemption binds nobody",
    "ExpressPlay logs refusals too, with their result; a device that was refused is not registered.",
    origin=Origin.SOUND,
    needs=(13, 15),
)
def refused_binds_nobody(stage: Stage) -> None:
    """Have a device refused: by the comparison, and by replaying an SPC on a registration token."""
    device, thief, cookie, fresh = stage.device("A"), stage.device("B"), stage.cookie(), stage.cookie()
    stage.register(device, cookie)
    _expect_refusal(stage.play(thief, cookie), "a device that is not registered")
    _expect_license(stage.play(device, cookie), "the registered device, after the refusal of another")

    used = stage.spc(thief, stage.dummy)
    stage.redeem(stage.token(REGISTRATION, stage.dummy, stage.cookie()), thief, stage.dummy, used)
    if (result := stage.redeem(stage.token(REGISTRATION, stage.dummy, fresh), thief, stage.dummy, used)) != REPLAYED:
        raise Failed(expected=f"ExpressPlay's refusal {REPLAYED} of a replay", found=_outcome(result))
    expect_denial(stage.ask(DEVICE_BOUND, stage.content, fresh), "a cookie whose only redemption was refused")


@check(
    18,
    "refusals do not lock a viewer out",
    f"A lookup answers the {RECENT} most recent records: the one by cookie must be used.",
    origin=Origin.SEQUENCE,
    needs=(11, 13, 17),
)
def refusals_do_not_lock_out(stage: Stage) -> None:
    """Have another device refused more often than a lookup has records."""
    device, thief, cookie = stage.device("A"), stage.device("B"), stage.cookie()
    stage.register(device, cookie)
    token_url = stage.token(DEVICE_BOUND, stage.content, cookie)
    for _ in range(RECENT + 1):
        stage.redeem(token_url, thief, stage.content)
    _expect_license(stage.play(device, cookie), f"the registered device, after {RECENT + 1} refusals")


@check(
    19,
    "plays do not lock a viewer out",
    f"A lookup answers the {RECENT} most recent records: as many plays must not hide the registration.",
    origin=Origin.SEQUENCE,
    needs=(11, 13, 18),
)
def plays_do_not_lock_out(stage: Stage) -> None:
    """Play more often than a lookup has records."""
    device, cookie = stage.device("A"), stage.cookie()
    stage.register(device, cookie)
    token_url = stage.token(DEVICE_BOUND, stage.content, cookie)
    for _ in range(RECENT + 1):
        _expect_license(stage.redeem(token_url, device, stage.content), "the registered device")
    _expect_license(stage.play(device, cookie), f"the registered device, after {RECENT + 1} plays")
    _expect_refusal(stage.play(stage.device("B"), cookie), "a device that is not registered")


@check(
    20,
    "registration opens the dummy only",
    "A cookie-bound token names no device, so any device can redeem it: one for the content would bind nothing.",
    origin=Origin.SOUND,
    needs=(11,),
)
def registration_opens_the_dummy_only(stage: Stage) -> None:
    """Ask for the content as if it were the dummy."""
    reply = stage.ask(REGISTRATION, stage.content, stage.cookie())
    if is_entitled(reply) and stage.redeem(entitled(reply), stage.device("B"), stage.content) == 0:
        raise Failed(expected="no license for the content", found="one for a device that never registered")
    if not is_entitled(reply):
        expect_denial(reply, "registration with the content")


@check(
    21,
    "a time-based entitlement registers nobody",
    "The time-based service asks for a token with time bounds and without a cookie or a device.",
    origin=Origin.SEQUENCE,
    needs=(15,),
)
def time_based_registers_nobody(stage: Stage) -> None:
    """Redeem a time-based token, if this SEES gives one, and ask device-bound afterwards."""
    cookie = stage.cookie()
    reply = stage.ask(TIME_BASED, stage.content, cookie)
    if is_entitled(reply):
        _expect_license(stage.redeem(entitled(reply), stage.device("A"), stage.content), "any device, time-based")
    else:
        expect_denial(reply, "a time-based request")
    expect_denial(stage.ask(DEVICE_BOUND, stage.content, cookie), "a cookie that has played time-based only")


@check(
    38,
    "an old bound token moves no binding",
    "A device-bound token registers nobody, however often it is redeemed: only a registration moves a cookie.",
    origin=Origin.SOUND,
    needs=(11, 13, 16, 18, 19),
)
def old_token_moves_no_binding(stage: Stage) -> None:
    """Let the old device redeem the token that it got before the cookie moved, more often than a lookup has records."""
    old, new, cookie = stage.device("A"), stage.device("B"), stage.cookie()
    stage.register(old, cookie)
    token_url = stage.token(DEVICE_BOUND, stage.content, cookie)
    stage.register(new, cookie)
    for _ in range(RECENT + 1):
        _expect_license(stage.redeem(token_url, old, stage.content), "the device that the old token names")
    _expect_license(stage.play(new, cookie), f"the device registered last, after {RECENT + 1} plays of the one before")


def _expect_license(result: int, who: str) -> None:
    if result:
        raise Failed(expected=f"a license for {who}", found=_outcome(result))


def _expect_refusal(result: int, who: str) -> None:
    if result != DEVICE_DIFFERS:
        raise Failed(expected=f"ExpressPlay's refusal {DEVICE_DIFFERS} of {who}", found=_outcome(result))


def _outcome(result: int) -> str:
    return f"ExpressPlay's refusal {result}" if result else "a license"
