"""Checks 11 to 21, and 38: device binding itself, seen by what the devices get from ExpressPlay in the end."""

import secrets

from emulator.device import make_spc
from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import (
    DEVICE_BOUND,
    REGISTRATION,
    TIME_BASED,
    Probe,
    entitled,
    expect_denial,
    expect_license,
    is_entitled,
    outcome,
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
def registered_device_plays(probe: Probe) -> None:
    """Register and play, twice."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    for _ in range(2):
        expect_license(probe.play(device, cookie), "the registered device")


@check(12, "an odd cookie is one cookie", "customerCookie is an arbitrary string.", needs=(11,))
def odd_cookie_is_accepted(probe: Probe) -> None:
    """Register with characters that need escaping on their way, then play with the same cookie."""
    cookie = secrets.token_hex(4) + ODD_COOKIE
    device = probe.device("odd")
    probe.register(device, cookie)
    expect_license(probe.play(device, cookie), "the registered device, by the same cookie")


@check(
    13,
    "another device does not",
    "ExpressPlay compares the device of the token with the device of the SPC (step 12): the token must name one.",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def another_device_does_not(probe: Probe) -> None:
    """Redeem tokens of one device on another, after the right one has played: that must not make a difference."""
    device, thief, cookie = probe.device("A"), probe.device("B"), probe.cookie()
    probe.register(device, cookie)
    token_url = probe.token(DEVICE_BOUND, probe.content, cookie)
    expect_license(probe.redeem(token_url, device, probe.content), "the registered device")
    for url in (token_url, probe.token(DEVICE_BOUND, probe.content, cookie)):
        _expect_refusal(probe.redeem(url, thief, probe.content), "a device that is not registered")


@check(
    14,
    "another cookie does not",
    "ExpressPlay looks up the device by the cookie (step 8).",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def another_cookie_does_not(probe: Probe) -> None:
    """Register with one cookie and ask with similar and other ones: none may get the device of the first."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    for other in (probe.cookie(), cookie.upper(), cookie + "0", cookie[:-1]):
        reply = probe.ask(DEVICE_BOUND, probe.content, other)
        if not is_entitled(reply):
            continue
        token_url = entitled(reply)
        if probe.redeem(token_url, device, probe.content) == 0 and probe.redeem(
            token_url, probe.device("B"), probe.content
        ):
            raise Failed(expected=f"no device for the cookie {other!r}", found=f"the device of {cookie!r}")


@check(
    15,
    "without registration there is no entitlement",
    "A device-bound entitlement needs the device that the log has for the cookie (steps 6 to 8).",
    origin=Origin.SEQUENCE,
    needs=(14,),
)
def no_registration_no_entitlement(probe: Probe) -> None:
    """Ask without a registration, and with a registration token that nobody redeemed."""
    cookie = probe.cookie()
    expect_denial(probe.ask(DEVICE_BOUND, probe.content, cookie), "a cookie without a device")
    probe.token(REGISTRATION, probe.dummy, cookie)
    expect_denial(probe.ask(DEVICE_BOUND, probe.content, cookie), "a cookie whose registration was not redeemed")


@check(
    16,
    "the newest registration counts",
    "The record of a cookie is its most recent one: who registers another device moves there.",
    origin=Origin.SEQUENCE,
    needs=(11, 13),
)
def newest_registration_counts(probe: Probe) -> None:
    """Register one device and play, then another: the first must not play any more."""
    old, new, cookie = probe.device("A"), probe.device("B"), probe.cookie()
    probe.register(old, cookie)
    expect_license(probe.play(old, cookie), "the only device registered")
    probe.register(new, cookie)
    expect_license(probe.play(new, cookie), "the device registered last")
    _expect_refusal(probe.play(old, cookie), "the device registered before")


@check(
    17,
    "a refused redemption binds nobody",
    "ExpressPlay logs refusals too, with their result; a device that was refused is not registered.",
    origin=Origin.SOUND,
    needs=(13, 15),
)
def refused_binds_nobody(probe: Probe) -> None:
    """Have a device refused: by the comparison, and by replaying an SPC on a registration token."""
    device, thief, cookie, fresh = probe.device("A"), probe.device("B"), probe.cookie(), probe.cookie()
    probe.register(device, cookie)
    _expect_refusal(probe.play(thief, cookie), "a device that is not registered")
    expect_license(probe.play(device, cookie), "the registered device, after the refusal of another")

    used = make_spc(thief, probe.dummy)
    probe.redeem(probe.token(REGISTRATION, probe.dummy, probe.cookie()), thief, probe.dummy, used)
    if (result := probe.redeem(probe.token(REGISTRATION, probe.dummy, fresh), thief, probe.dummy, used)) != REPLAYED:
        raise Failed(expected=f"ExpressPlay's refusal {REPLAYED} of a replay", found=outcome(result))
    expect_denial(probe.ask(DEVICE_BOUND, probe.content, fresh), "a cookie whose only redemption was refused")


@check(
    18,
    "refusals do not lock a viewer out",
    f"A lookup answers the {RECENT} most recent records: the one by cookie must be used.",
    origin=Origin.SEQUENCE,
    needs=(11, 13, 17),
)
def refusals_do_not_lock_out(probe: Probe) -> None:
    """Have another device refused more often than a lookup has records."""
    device, thief, cookie = probe.device("A"), probe.device("B"), probe.cookie()
    probe.register(device, cookie)
    token_url = probe.token(DEVICE_BOUND, probe.content, cookie)
    for _ in range(RECENT + 1):
        probe.redeem(token_url, thief, probe.content)
    expect_license(probe.play(device, cookie), f"the registered device, after {RECENT + 1} refusals")


@check(
    19,
    "plays do not lock a viewer out",
    f"A lookup answers the {RECENT} most recent records: as many plays must not hide the registration.",
    origin=Origin.SEQUENCE,
    needs=(11, 13, 18),
)
def plays_do_not_lock_out(probe: Probe) -> None:
    """Play more often than a lookup has records."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    token_url = probe.token(DEVICE_BOUND, probe.content, cookie)
    for _ in range(RECENT + 1):
        expect_license(probe.redeem(token_url, device, probe.content), "the registered device")
    expect_license(probe.play(device, cookie), f"the registered device, after {RECENT + 1} plays")
    _expect_refusal(probe.play(probe.device("B"), cookie), "a device that is not registered")


@check(
    20,
    "registration opens the dummy only",
    "A cookie-bound token names no device, so any device can redeem it: one for the content would bind nothing.",
    origin=Origin.SOUND,
    needs=(11,),
)
def registration_opens_the_dummy_only(probe: Probe) -> None:
    """Ask for the content as if it were the dummy."""
    reply = probe.ask(REGISTRATION, probe.content, probe.cookie())
    if is_entitled(reply) and probe.redeem(entitled(reply), probe.device("B"), probe.content) == 0:
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
def time_based_registers_nobody(probe: Probe) -> None:
    """Redeem a time-based token, if this SEES gives one, and ask device-bound afterwards."""
    cookie = probe.cookie()
    reply = probe.ask(TIME_BASED, probe.content, cookie)
    if is_entitled(reply):
        expect_license(probe.redeem(entitled(reply), probe.device("A"), probe.content), "any device, time-based")
    else:
        expect_denial(reply, "a time-based request")
    expect_denial(probe.ask(DEVICE_BOUND, probe.content, cookie), "a cookie that has played time-based only")


@check(
    38,
    "an old bound token moves no binding",
    "A device-bound token registers nobody, however often it is redeemed: only a registration moves a cookie.",
    origin=Origin.SOUND,
    needs=(11, 13, 16, 18, 19),
)
def old_token_moves_no_binding(probe: Probe) -> None:
    """Let the old device redeem the token that it got before the cookie moved, more often than a lookup has records."""
    old, new, cookie = probe.device("A"), probe.device("B"), probe.cookie()
    probe.register(old, cookie)
    token_url = probe.token(DEVICE_BOUND, probe.content, cookie)
    probe.register(new, cookie)
    for _ in range(RECENT + 1):
        expect_license(probe.redeem(token_url, old, probe.content), "the device that the old token names")
    expect_license(probe.play(new, cookie), f"the device registered last, after {RECENT + 1} plays of the one before")


def _expect_refusal(result: int, who: str) -> None:
    if result != DEVICE_DIFFERS:
        raise Failed(expected=f"ExpressPlay's refusal {DEVICE_DIFFERS} of {who}", found=outcome(result))
