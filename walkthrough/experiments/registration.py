"""Experiments on registration: which device a cookie is bound to, and who can change that."""

from dataclasses import replace

from emulator.binding import content_id_of, entitle, read_title
from emulator.errors import LicenseRefused
from emulator.license_client import Entitlement, RequestType
from emulator.step import at_step
from simulation.steps import Step
from walkthrough.experiments.actions import PLAYED, WINDOW, Holder, holder, name_of, two_holders, watched
from walkthrough.experiments.experiment import (
    GRANTED,
    ISSUED,
    OTHER_DEVICE,
    Experiment,
    Tries,
    Try,
    attempt,
    refused_by_expressplay,
    refused_by_sees,
)
from walkthrough.record.deployment import Deployment, clock_ahead

REGISTRATION_LIFETIME = 60
"""Seconds that SEES gives a registration token, unless told otherwise."""


def bound_play(deployment: Deployment) -> Tries:
    """Register a device, then play the film on it: each of its first frames must be that of the clear source."""
    a = holder(deployment, "bound")
    yield a.registers()
    yield Try("device A plays the film", watched(a.client, a.play()))


def other_device(deployment: Deployment) -> Tries:
    """Register on A; then B, with the cookie of A, asks SEES and redeems what it got."""
    a, b = two_holders(deployment, "other")
    yield a.registers()
    entitlement = b.entitle()
    yield Try("device B asks SEES for the film, with A's cookie", GRANTED)
    yield b.redeems(entitlement, "sends its SPC to that token URL")


def before_registering(deployment: Deployment) -> Tries:
    """Play the film with a cookie that no device has registered."""
    yield attempt("device A, not registered, plays the film", holder(deployment, "early").play)


def stolen_before(deployment: Deployment) -> Tries:
    """Let B, the thief, register first with a cookie that A was to register."""
    a, b = two_holders(deployment, "before")
    yield b.registers("registers with the stolen cookie")
    yield b.plays()
    yield attempt("device A, whose cookie it is, plays the film", a.play)


def stolen_after(deployment: Deployment) -> Tries:
    """Let B register after A; ask whose the cookie is by either rule; then let A register once more."""
    a, b = two_holders(deployment, "after")
    yield a.registers()
    yield a.plays()
    yield b.registers("registers with the stolen cookie")
    yield b.plays()
    yield a.plays()
    yield Try("the row by which SEES decided", name_of(a.row_that_sees_took()["device_id"], a, b))
    oldest = min(a.rows_shown_to_sees(), key=lambda row: row["event_id"])
    yield Try("the row that a first-writer rule would take", name_of(oldest["device_id"], a, b))
    yield a.registers("registers again")
    yield a.plays()


def randomised_device_id(deployment: Deployment) -> Tries:
    """Register and play on a device whose app has the device identifier randomised; then with a seed of the app's."""
    random = holder(deployment, "random", randomised=True)
    yield attempt("a device with a randomised id registers", random.register)
    yield attempt("it plays the film", random.play)
    client = deployment.client("random-seed", device={"randomised": True, "id_seed": bytes(range(16))})
    seeded = replace(random, client=client)
    yield attempt("it registers, with a seed that its app keeps", seeded.register)
    yield attempt("it plays the film with that seed", seeded.play)


def old_registration_token(deployment: Deployment) -> Tries:
    """Register A, then B; redeem A's registration token once more, while it lives and a minute later."""
    a, b = two_holders(deployment, "old-token")
    with at_step(Step.READ_DUMMY):
        dummy = deployment.dummy or read_title(a.client, None, dummy=True)
    with at_step(Step.ASK_TO_REGISTER):
        first = entitle(a.client, RequestType.REGISTRATION, content_id_of(dummy.keys[0]), a.cookie)
    yield a.redeems(first, "redeems its registration token")
    yield b.registers("registers with the same cookie")
    yield a.redeems(first, "redeems its registration token once more")
    yield b.plays()
    yield b.registers("registers again")
    with clock_ahead(deployment.web, deployment.expressplay, REGISTRATION_LIFETIME + 1):
        yield attempt("a minute later, device A redeems it a third time", lambda: a.redeem(first))
    yield b.plays()


def many_plays(deployment: Deployment) -> Tries:
    """Play 32 times on the bound device, be refused 32 times on another, then play on the bound one again.

    Each has one token for all its SPCs: a play is a redemption, and a row of the log.
    """
    a, b = two_holders(deployment, "many")
    a.register()
    for one, what in ((a, "plays"), (b, "tries")):
        entitlement = one.entitle()
        yield Try(f"{one.name} {what} {WINDOW} times", _count([_code(one, entitlement) for _ in range(WINDOW)]))
    yield a.plays()


def _code(one: Holder, entitlement: Entitlement) -> int:
    """Return 0 for a license, else the number of ExpressPlay's refusal."""
    try:
        one.redeem(entitlement)
    except LicenseRefused as refusal:
        return refusal.number
    return 0


def _count(codes: list[int]) -> str:
    """Return an outcome such as `32 issued`, or `32 refused with -9003`."""
    kinds = [f"{codes.count(code)} {f'refused with {code}' if code else 'issued'}" for code in dict.fromkeys(codes)]
    return ", ".join(kinds)


EXPERIMENTS = (
    Experiment(
        "bound-play",
        "Bound play",
        "Device A registers by playing the dummy, and then plays the film. How many SPCs does it send, and how many "
        "licenses does it get?",
        (
            "One SPC and one license: the dummy needs none",
            "Two SPCs and two licenses, the dummy's first",
            "Two SPCs and one license: the dummy's is never issued",
        ),
        1,
        "Only an SPC names the device, so the dummy is there to make the device send one. The license for it holds a "
        "key that nobody needs; what counts is the row in the log. The SPC of the film is compared with that row.",
        "emulator/binding.py: bind",
        bound_play,
        (ISSUED, PLAYED),
    ),
    Experiment(
        "other-device",
        "Another device",
        "Device A has registered the cookie. Device B sends the same cookie to SEES and asks for the film. "
        "Who says no, and at which step?",
        ("SEES, at step 10", "ExpressPlay, at step 12", "Nobody: the film plays on B"),
        1,
        "SEES sees a cookie and cannot tell who sent it, so it grants a token, which names device A. The device shows "
        "only in the SPC, and so it is ExpressPlay that refuses, at step 12. B has learnt nothing: the token is "
        "sealed.",
        "expressplay_mock/redemption.py: _check_device",
        other_device,
        (ISSUED, GRANTED, OTHER_DEVICE),
    ),
    Experiment(
        "play-before-registering",
        "Play before registering",
        "A cookie that no device has ever registered asks for the film. Who says no?",
        ("SEES: there is no device to name", "ExpressPlay, at step 12", "Nobody: the first play registers"),
        0,
        "SEES must name a device in the token, and the log has none for this cookie, so there is no token at all: "
        "ExpressPlay is asked for the record, and never for a token.",
        "server/entitlement.py: bound_device",
        before_registering,
        (refused_by_sees(6),),
    ),
    Experiment(
        "cookie-stolen-before",
        "Cookie stolen before registration",
        "A thief has the cookie before the viewer's own device has registered, and registers device B. "
        "Who can play afterwards?",
        ("Only the thief", "Only the viewer", "Both"),
        0,
        "Whoever registers is bound. The log holds one registration, and it names device B; that the cookie was meant "
        "for somebody else is written nowhere. Binding keeps what registration saw: it cannot mend a registration that "
        "was stolen.",
        "server/entitlement.py: bound_device",
        stolen_before,
        (ISSUED, ISSUED, OTHER_DEVICE),
    ),
    Experiment(
        "cookie-stolen-after",
        "Cookie stolen after registration",
        "Device A is registered and plays. Then a thief registers device B with the same cookie. Who plays now? "
        "And who would, if the first registration counted in place of the last?",
        (
            "A still plays: the first registration counts",
            "B plays and A is out; a first-writer rule would keep A",
            "Both play until the token expires",
        ),
        1,
        "The newest registration counts, so the last writer wins, and A can win back the cookie in the same way. "
        "A first-writer rule would shut this thief out, but also every viewer with a new phone, and it would make a "
        "theft before registration final. No rule over the log can tell a thief from a viewer with a new phone.",
        "server/entitlement.py: bound_device",
        stolen_after,
        (ISSUED, ISSUED, ISSUED, ISSUED, OTHER_DEVICE, "device B", "device A", ISSUED, ISSUED),
        decisive=4,
    ),
    Experiment(
        "randomised-device-id",
        "A randomised device id",
        "Since iOS 26 an app can have the system randomise its device identifier. Such an app registers, and plays on "
        "the same phone. What happens?",
        (
            "It plays: the phone is the same",
            "The registration is refused",
            "It registers, and is then refused",
        ),
        2,
        "Each SPC names another device: the one in the log is never seen again. Nothing is wrong with any message, so "
        "nobody can tell it from another device. With a seed that the app keeps the id stays, but then the app says "
        "which device it is, and no longer the hardware.",
        "emulator/device.py: next_hu",
        randomised_device_id,
        (ISSUED, OTHER_DEVICE, ISSUED, ISSUED),
        decisive=1,
    ),
    Experiment(
        "old-registration-token",
        "An old registration token",
        "Device A registers, then device B takes the cookie over. A still has the token URL of its registration, and "
        "redeems it once more. Which device is bound now?",
        (
            "Still B: a token registers once",
            "A, and B is refused",
            "Neither: the cookie is locked",
        ),
        1,
        "A registration token names no device, so each redemption of it is a registration, and the newest one binds. "
        "B is refused until it registers again. SEES therefore lets such a token live for a minute only: after that "
        "ExpressPlay refuses it as expired.",
        "server/entitlement.py: decide",
        old_registration_token,
        (ISSUED, ISSUED, ISSUED, OTHER_DEVICE, ISSUED, refused_by_expressplay(-4011), ISSUED),
        decisive=3,
    ),
    Experiment(
        "many-plays",
        "Thirty-two plays and thirty-two refusals",
        f"The record lookup answers with {WINDOW} rows. Device A plays {WINDOW} times, and device B is refused "
        f"{WINDOW} times with the same cookie. Is the registration still found?",
        (
            "No: newer rows have pushed it out",
            "Yes: plays and refusals do not count in the look-up",
            "Only until B has been refused 32 times",
        ),
        1,
        "Refused rows are not in the answer of a look-up by cookie, and bound plays are logged under another cookie, "
        "the play cookie. So neither pushes the registration out: otherwise a viewer who watches a lot would be locked "
        "out by his own plays.",
        "server/entitlement.py: bound_device",
        many_plays,
        (f"{WINDOW} issued", f"{WINDOW} refused with -9003", ISSUED),
    ),
)
