"""Checks 43 to 47: what the SEES asks ExpressPlay for, read from the mock's journal and from licenses."""

from collections.abc import Mapping
from typing import Any

from emulator.binding import Client, play
from emulator.device import Device
from emulator.screening import watch
from sees_testing.conform.mock import TOKEN, lifetime, look_ups, token_requests
from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed, Skipped
from sees_testing.conform.probe import DEVICE_BOUND, REGISTRATION, TIME_BASED, Probe, entitled, is_entitled, outcome
from simulation.journal import Journal
from walkthrough.record.journals import Entry

EXPIRED = -4011
REFUSED: Mapping[str, Any] = {"fault": "refuse", "code": -2031}
ALONE = " (others may be using this mock: give the kit one of its own)"
SECRETS = ("customerAuthenticator", "contentKey", "ek", "kek")
"""Parameters of a token request that nobody else may read."""


@check(
    43,
    "tokens end",
    "The device-bound token is bound in time, and a registration token registers whoever redeems it.",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def tokens_end(probe: Probe) -> None:
    """Read from the mock's journal how long the tokens are good for, and redeem one after that."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    token_url = probe.token(DEVICE_BOUND, probe.content, cookie)
    probe.ask(TIME_BASED, probe.content, None)
    lifetimes = [seconds for entry in _tokens(probe) if (seconds := lifetime(entry)) is not None]
    least, most = probe.known.lifetimes
    for seconds in lifetimes:
        if not least - 1 <= seconds <= most + 1:
            raise Failed(
                expected=f"tokens that are good for {least:g} to {most:g} s (--token-lifetime)",
                found=f"one that is good for {seconds:.0f} s",
            )
    with probe.the_mock().ahead(max(lifetimes) + 1):
        result = probe.redeem(token_url, device, probe.content)
    if result != EXPIRED:
        raise Failed(expected=f"ExpressPlay's refusal {EXPIRED} of an old token", found=outcome(result))


@check(
    44,
    "every entitlement has a token of its own",
    "SEES asks ExpressPlay for the token of each request (steps 2 and 9).",
    origin=Origin.SEQUENCE,
    needs=(11,),
)
def every_entitlement_has_its_token(probe: Probe) -> None:
    """Ask the same twice, then for two viewers under one messageID: no token URL may come twice."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    for request_type, content in ((REGISTRATION, probe.dummy), (DEVICE_BOUND, probe.content)):
        first, second = (probe.token(request_type, content, cookie) for _ in range(2))
        if first == second:
            raise Failed(expected=f"another token URL for a second request of type {request_type}", found="the same")
    message = probe.message(REGISTRATION, probe.dummy, cookie)
    first = entitled(probe.post(message))
    reply = probe.post(message | {"customerCookie": probe.cookie()})  # a SEES may deny this one
    if is_entitled(reply) and entitled(reply) == first:
        raise Failed(expected="another token URL for another cookie under the same messageID", found="the same")


@check(
    45,
    "secrets are sent in the body",
    "Proxies and servers write addresses into their logs: authenticator and content key do not belong there.",
    origin=Origin.SOUND,
    needs=(11,),
)
def secrets_are_sent_in_the_body(probe: Probe) -> None:
    """Read from the mock's journal which parameters of the token requests came in the query string."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    probe.play(device, cookie)
    for entry in _tokens(probe):
        if told := [name for name in SECRETS if name in entry["decision"].get("in_query", ())]:
            raise Failed(
                expected="token requests with their secrets in a form (POST)",
                found=f"{' and '.join(told)} in the query string of a {entry['method']}",
            )


@check(46, "the license has the content's key", "SEES looks up the CEK and the IV by the content id.", needs=(11,))
def license_has_the_contents_key(probe: Probe) -> None:
    """Compare with the key and IV that the content was packaged with, or play the title."""
    known, device, cookie = probe.known, probe.device("A"), probe.cookie()
    dummys = probe.license(probe.token(REGISTRATION, probe.dummy, cookie), device, probe.dummy)
    brought = probe.license(probe.token(DEVICE_BOUND, probe.content, cookie), device, probe.content)
    if isinstance(brought, int):
        raise Failed(expected="a license for the registered device", found=outcome(brought))
    if not isinstance(dummys, int) and brought.key == dummys.key:
        raise Failed(expected="a key that the dummy, which any device gets, does not have", found="the same one")
    if not (known.key or known.iv or known.title):
        raise Skipped("needs --content-key and --content-iv, or --title: what the content was packaged with")
    if known.key and brought.key != known.key:
        raise Failed(expected="the key of --content-key in the license", found="another one")
    if known.iv and brought.iv != known.iv:
        raise Failed(expected=f"the IV {known.iv.hex()} in the license", found=brought.iv.hex())
    if known.title:
        _play(probe, known.title, device, cookie)


@check(
    47,
    "one entitlement is one token request",
    "An account pays for tokens: one is asked for in step 2 or 9, after one look-up, and a refusal is final.",
    origin=Origin.SOUND,
    needs=(11, 29),
)
def one_token_request(probe: Probe) -> None:
    """Count what the mock was asked for a registration, for a play, and for a registration that it refuses."""
    device, cookie, refused = probe.device("A"), probe.cookie(), probe.cookie()
    probe.register(device, cookie)
    _expect_asked(probe, "registration", tokens=1, records=1)
    probe.the_mock().next_check()
    entitled(probe.ask(DEVICE_BOUND, probe.content, cookie))
    _expect_asked(probe, "play", tokens=1, records=1)
    probe.the_mock().next_check()
    if not is_entitled(probe.ask(DEVICE_BOUND, probe.content, probe.cookie())):
        asked = len(token_requests(probe.entries()))
        if asked:
            raise Failed(expected=f"no token request for a cookie that has no device{ALONE}", found=f"{asked}")
    probe.the_mock().next_check()
    with probe.fault(TOKEN, refused, REFUSED):
        if is_entitled(probe.ask(REGISTRATION, probe.dummy, refused)):
            raise Failed(expected=f"no entitlement with {REFUSED}", found="one")
    _expect_asked(probe, "registration that ExpressPlay refuses for good", tokens=1, records=1)


def _play(probe: Probe, url: str, device: Device, cookie: str) -> None:
    player = Client(device, probe.wire.endpoint, probe.web, Journal("client", device.clock))
    screening = watch(player, play(player, cookie, url))
    if not screening.played:
        raise Failed(expected=f"the title at {url} to play", found=screening.outcome)


def _tokens(probe: Probe) -> list[Entry]:
    """Return what the mock noted of the tokens that it made during this check. Raises `Failed` if it noted none."""
    made = [entry for entry in token_requests(probe.entries()) if entry["status"] == 200]
    if not made:
        raise Failed(expected="token requests in the mock's journal", found="none: where does the SEES get tokens?")
    return made


def _expect_asked(probe: Probe, what: str, *, tokens: int, records: int) -> None:
    entries = probe.entries()
    asked, looked = len(token_requests(entries)), len(look_ups(entries))
    if asked != tokens or looked > records:
        raise Failed(
            expected=f"{tokens} token request and at most {records} look-up for one {what}{ALONE}",
            found=f"{asked} and {looked}",
        )
