"""The scenarios of the demo: each a real run against real services, with the outcome it should have.

They need only the address of a SEES and of an ExpressPlay. Each has cookies of its own, so that they can be run
again on services that are kept, and leaves the clocks as it found them.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from emulator.binding import Client, content_id_of, entitle, play, post_spc, read_title, redeem, register
from emulator.device import make_spc
from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused, NoAnswer, RentalRanOut
from emulator.explain import title_of
from emulator.key_uri import KeyUri
from emulator.license_client import Entitlement, RequestType
from emulator.limits import check_limits, rental_end
from emulator.playlist import Title
from emulator.screening import watch
from fairplay.errors import FairPlayError
from walkthrough.experiments.attacks import flip_hu_bit
from walkthrough.experiments.key_scenarios import (
    PLAYED,
    RENEWAL_REFUSED,
    RENEWED,
    old_device,
    persistent_key,
    persistent_outcome,
    renewal,
    renewal_refused,
    rotation,
    rotation_outcome,
    shown,
    v1_outcome,
)
from walkthrough.record.stage import OTHER_SEED as OTHER_SEED
from walkthrough.record.stage import Stage, shifted_clock

BEYOND_EVERY_TOKEN = 31 * 86_400
"""Seconds: no token lives longer than 30 days."""
MANY = 40
"""More plays than the 32 rows that ExpressPlay's record lookup answers with."""

ISSUED = "license issued"
STOPPED = "playback stopped: the rental ran out"


@dataclass(frozen=True)
class Scenario:
    """A scenario: what should come out in the words of `outcome_of`, and how to play it."""

    name: str
    expected: str
    run: Callable[[Stage], str]


@dataclass(frozen=True)
class Outcome:
    """What came out of a scenario."""

    name: str
    expected: str
    actual: str
    ok: bool


def outcome_of(error: Exception) -> str:
    """Return the outcome that a refusal or failure is, in the words of the scenario table."""
    match error:
        case EntitlementDenied():
            return refused_by_sees(error.number)
        case LicenseRefused():
            return refused_by_expressplay(error.number, error.cause)
        case RentalRanOut():
            return STOPPED
        case _:
            return str(error)


def refused_by_sees(number: int) -> str:
    """Return the outcome `SEES: 6 device not registered`."""
    return f"SEES: {number} {title_of(number)}"


def refused_by_expressplay(number: int, cause: int | None = None) -> str:
    """Return the outcome `ExpressPlay: -4001 …, cause -42589 integrity`."""
    because = "" if cause is None else f", cause {cause} {title_of(cause)}"
    return f"ExpressPlay: {number} {title_of(number)}{because}"


def bound_play(stage: Stage) -> str:
    """Register a device, then play the film on it: every frame must be that of the clear source."""
    client, cookie = stage.client("bound"), stage.name("bound")
    register(client, cookie)
    return shown(watch(client, play(client, cookie, stage.title)))


def other_device(stage: Stage) -> str:
    """Register device A, then play on device B with the same cookie."""
    cookie = stage.name("other")
    register(stage.client("other"), cookie)
    play(stage.client("other", OTHER_SEED), cookie, stage.title)
    return ISSUED


def before_registering(stage: Stage) -> str:
    """Play the film with a cookie that no device has registered."""
    play(stage.client("early"), stage.name("early"), stage.title)
    return ISSUED


def expired_token(stage: Stage) -> str:
    """Get a token, let a month pass for all parties, redeem it."""
    client, cookie = stage.client("expired"), stage.name("expired")
    register(client, cookie)
    title, key, entitlement = _entitled(stage, client, cookie)
    with shifted_clock(stage, BEYOND_EVERY_TOKEN):
        client.device.clock.advance(BEYOND_EVERY_TOKEN)
        redeem(client, title, key, entitlement, step=11)
    return ISSUED


def _entitled(stage: Stage, client: Client, cookie: str) -> tuple[Title, KeyUri, Entitlement]:
    """Get as far as a device-bound token URL for a title's first key."""
    title = read_title(client, stage.title, dummy=False, step=6)
    key = title.keys[0]
    return title, key, entitle(client, RequestType.DEVICE_BOUND, content_id_of(key, 6), cookie, step=6)


def flipped_bit(stage: Stage) -> str:
    """Flip one bit of the device id inside the bound device's own SPC."""
    client, cookie = stage.client("flipped"), stage.name("flipped")
    register(client, cookie)
    _, key, entitlement = _entitled(stage, client, cookie)
    content_id = content_id_of(key, 11)
    spc, contents = make_spc(client.device, content_id)
    post_spc(client, entitlement.token_url, flip_hu_bit(spc, contents), step=11, asset_id=content_id)
    return ISSUED


def same_spc_twice(stage: Stage) -> str:
    """Play, then send the very same SPC again with a fresh token."""
    client, cookie = stage.client("replay"), stage.name("replay")
    register(client, cookie)
    grant, *_ = play(client, cookie, stage.title)
    _, _, entitlement = _entitled(stage, client, cookie)
    post_spc(client, entitlement.token_url, grant.spc, step=11, asset_id=grant.content_id)
    return ISSUED


def rental_run_out(stage: Stage) -> str:
    """Get a rental license, which plays; move the device's clock past the rental, and try again."""
    client, cookie = stage.client("rental"), stage.name("rental")
    register(client, cookie)
    grants = play(client, cookie, stage.title)
    end = rental_end(grants[0])
    if end is None:
        return "the license has no rental duration"
    check_limits(client.device.clock.now(), grants)
    client.device.clock.advance(max(0.0, end - client.device.clock.now()))
    watch(client, grants)
    return PLAYED


def many_plays(stage: Stage) -> str:
    """Play 40 times on the bound device, be refused 40 times on another, then play on the bound one again."""
    client, cookie = stage.client("many"), stage.name("many")
    other = stage.client("many", OTHER_SEED)
    register(client, cookie)
    title = read_title(client, stage.title, dummy=False, step=6)
    key = title.keys[0]

    def attempt(player: Client) -> str:
        entitlement = entitle(player, RequestType.DEVICE_BOUND, content_id_of(key, 6), cookie, step=6)
        try:
            redeem(player, title, key, entitlement, step=11)
        except LicenseRefused as error:
            return str(error.number)
        return "issued"

    bound = [attempt(client) for _ in range(MANY)]
    others = [attempt(other) for _ in range(MANY)]
    return many_outcome(bound.count("issued"), others.count("-9003"), attempt(client))


def many_outcome(issued: int, refused: int, last: str) -> str:
    """Return the outcome of `many_plays`."""
    return f"{issued} issued, {refused} refused with -9003, then {last}"


SCENARIOS = (
    Scenario("bound play", PLAYED, bound_play),
    Scenario("other device, same cookie", refused_by_expressplay(-9003), other_device),
    Scenario("play before registering", refused_by_sees(6), before_registering),
    Scenario("expired token", refused_by_expressplay(-4011), expired_token),
    Scenario("one bit of HU flipped", refused_by_expressplay(-4001, -42589), flipped_bit),
    Scenario("same SPC twice", refused_by_expressplay(-9002), same_spc_twice),
    Scenario("rental run out", STOPPED, rental_run_out),
    Scenario(
        "40 bound plays and 40 refusals, then the bound device still plays",
        many_outcome(MANY, MANY, "issued"),
        many_plays,
    ),
    Scenario("rotation", rotation_outcome([1, 2], [1]), rotation),
    Scenario("renewal", RENEWED, renewal),
    Scenario("renewal refused", RENEWAL_REFUSED, renewal_refused),
    Scenario("persistent key", persistent_outcome(PLAYED), persistent_key),
    Scenario("v1", v1_outcome({1}, PLAYED), old_device),
)


def run_scenario(scenario: Scenario, stage: Stage) -> Outcome:
    """Play one scenario; a refusal or failure is its outcome. Raises NoAnswer only: a service that is gone."""
    try:
        actual = scenario.run(stage)
    except NoAnswer:
        raise
    except (EmulatorError, FairPlayError) as error:
        actual = outcome_of(error)
    return Outcome(scenario.name, scenario.expected, actual, actual == scenario.expected)


def as_json(outcome: Outcome) -> dict[str, object]:
    """Return the outcome as the recording holds it."""
    return asdict(outcome)
