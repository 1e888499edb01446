"""Checks 39 and 40: cookies that are easily confused, and a cookie whose row has many others after it."""

import secrets
from collections.abc import Iterator

from sees_testing.conform.model import Origin, check
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import REGISTRATION, Probe, expect_license, is_entitled, outcome

BETWEEN = 250
"""Rows of another viewer: more than a page of the record retrieval has (200)."""
PAIRS: tuple[tuple[str, str, str], ...] = (
    ("\u03a9", "\u0416", "sent in ISO-8859-1"),
    ("\xe9" * 20 + "a", "\xe9" * 20 + "b", "cut after 32 bytes"),
    ("\U0001f4fa" * 20 + "a", "\U0001f4fa" * 20 + "b", "counted in UTF-16 units"),
    ("\U0001f4fa", "\U0001f4fb", "cut into halves of surrogate pairs"),
    ("\xe9", "e\u0301", "normalised"),
    ("x", "X", "taken without regard to case"),
    ("x ", "x", "trimmed"),
    (" x", "x", "trimmed at the left"),
    ("x%41", "xA", "percent-decoded"),
    ("x%", "x", "cut at %"),
    ("x+y", "x y", "decoded as a form"),
    ("x&y", "x", "cut at &"),
    ("x;y", "x", "cut at ;"),
    ("x#y", "x", "cut at #"),
    ("x&lt;", "x<", "decoded as HTML"),
    ("x'y", "xy", "stripped of quotes"),
    ("x\\ny", "x\ny", "unescaped"),
)
"""Ends of two cookies, and what a server that takes one for the other does with cookies."""
CONTROLS = "\0\n"
"""Characters that a SEES may refuse in a cookie."""
CUT_AT_NUL = ("x\0y", "x", "cut at NUL")
NUMBERS = ("0", "", "taken for numbers")
"""Beginnings of two cookies of digits."""


@check(39, "odd cookies stay apart", "customerCookie is an arbitrary string.", needs=(11, 12, 14, 29))
def odd_cookies_stay_apart(probe: Probe) -> None:
    """Register two devices with two cookies that a server might confuse: the first must still play afterwards."""
    for odd, plain, mistake in _pairs():
        if any(character in CONTROLS for character in odd + plain) and _are_denied(probe, odd, plain):
            continue
        first, second = probe.device("A"), probe.device("B")
        try:
            probe.register(first, odd)
            probe.register(second, plain)
            result = probe.play(first, odd)
        except Failed as failure:
            raise Failed(expected=f"the cookie {odd!r} to be taken as it is", found=str(failure)) from None
        if result:
            raise Failed(
                expected=f"a license for the cookie {odd!r}, which is not {plain!r}",
                found=f"{outcome(result)}, as if cookies were {mistake}",
            )


@check(
    40,
    "a busy log locks nobody out",
    "ExpressPlay looks up the device by the cookie (step 8), however many rows others have written since.",
    origin=Origin.SEQUENCE,
    needs=(11, 17, 18),
)
def busy_log_locks_nobody_out(probe: Probe) -> None:
    """Write more rows of another viewer than a page has, between registration and play."""
    device, cookie = probe.device("A"), probe.cookie()
    probe.register(device, cookie)
    other, token_url = probe.device("B"), probe.token(REGISTRATION, probe.dummy, probe.cookie())
    for _ in range(BETWEEN):
        probe.redeem(token_url, other, probe.dummy)
    expect_license(probe.play(device, cookie), f"the registered device, after {BETWEEN} rows of others")


def _pairs() -> Iterator[tuple[str, str, str]]:
    for odd, plain, mistake in (*PAIRS, CUT_AT_NUL):
        run = secrets.token_hex(4)
        yield run + odd, run + plain, mistake
    digits = str(secrets.randbelow(9 * 10**11) + 10**11)
    yield NUMBERS[0] + digits, NUMBERS[1] + digits, NUMBERS[2]


def _are_denied(probe: Probe, *cookies: str) -> bool:
    return any(not is_entitled(probe.ask(REGISTRATION, probe.dummy, cookie)) for cookie in cookies)
