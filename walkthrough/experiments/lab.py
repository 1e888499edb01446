"""The lab: ways to break the binding, each with a prediction to make, a real run, and the reason for what happens.

The one table behind the page's lab and the chapters of docs/walkthrough.md: same items, same words, same order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from walkthrough.experiments import lab_runs
from walkthrough.experiments.lab_runs import GRANTED, Tries, Try
from walkthrough.experiments.scenarios import ISSUED, refused_by_expressplay
from walkthrough.record.stage import Stage


@dataclass(frozen=True)
class LabItem:
    """One item of the lab.

    `outcomes` are those that the tries of `run` should have, in order. `decided_by` is the place in the source that
    decided, `path: function`.
    """

    id: str
    title: str
    question: str
    reason: str
    decided_by: str
    run: Callable[[Stage], Tries]
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class LabResult:
    """What came of an item; `ok` if every try ended as the table says."""

    id: str
    tries: tuple[Try, ...]
    ok: bool


def run_item(item: LabItem, stage: Stage) -> LabResult:
    """Run one item. Raises `EmulatorError` where a service is gone or speaks nonsense; a refusal is an outcome."""
    tries = tuple(item.run(stage))
    return LabResult(item.id, tries, tuple(one.outcome for one in tries) == item.outcomes)


def as_json(result: LabResult) -> dict[str, Any]:
    """Return a result as the recordings of the docs hold it."""
    tries = [{"what": one.what, "outcome": one.outcome} for one in result.tries]
    return {"id": result.id, "tries": tries, "ok": result.ok}


OTHER_DEVICE = refused_by_expressplay(-9003)

LAB = (
    LabItem(
        "other-device",
        "Another device",
        "Device A has registered the cookie. Device B sends the same cookie to SEES and asks for the film. "
        "Who says no, and at which step?",
        "SEES sees a cookie and cannot tell who sent it, so it grants a token, which names device A. The device shows "
        "only in the SPC, and so it is ExpressPlay that refuses, at step 12. B has learnt nothing: the token is "
        "sealed.",
        "expressplay_mock/redemption.py: _check_device",
        lab_runs.another_device,
        (ISSUED, GRANTED, OTHER_DEVICE),
    ),
    LabItem(
        "cookie-stolen-before",
        "Cookie stolen before registration",
        "A thief has the cookie before the viewer's own device has registered, and registers device B. "
        "Who can play afterwards?",
        "Whoever registers binds. The log holds one registration, and it names device B; that the cookie was meant for "
        "somebody else is written nowhere. Binding keeps what registration saw: it cannot mend a registration that was "
        "stolen.",
        "server/entitlement.py: bound_device",
        lab_runs.stolen_before,
        (ISSUED, ISSUED, OTHER_DEVICE),
    ),
    LabItem(
        "cookie-stolen-after",
        "Cookie stolen after registration",
        "Device A is registered and plays. Then a thief registers device B with the same cookie. Who plays now? "
        "And who would, if the first registration counted in place of the last?",
        "The newest registration counts, so the last writer wins, and A can win back the cookie in the same way. "
        "A first-writer rule would shut this thief out, but also every viewer with a new phone, and it would make a "
        "theft before registration final. No rule over the log can tell a thief from a viewer with a new phone.",
        "server/entitlement.py: bound_device",
        lab_runs.stolen_after,
        (ISSUED, ISSUED, ISSUED, ISSUED, OTHER_DEVICE, "device B", "device A", ISSUED, ISSUED),
    ),
    LabItem(
        "flipped-bit",
        "One flipped bit of HU",
        "One bit of device A's SPC is changed on the wire, the one that turns over a bit of HU. The integrity bytes "
        "are not touched. Does a server notice that compares them with their tag, and nothing more?",
        "CBC is malleable: a bit flipped in one ciphertext block flips the same bit of the next plaintext block. The "
        "block before HU holds SK, which is garbled and which nobody checks; the integrity bytes are blocks away and "
        "stay equal to their tag. A MAC over SK, HU and R1 depends on every bit, so it notices.",
        "fairplay/session_key.py: unseal",
        lab_runs.flipped_bit,
        ("equal", "1e → 9e", refused_by_expressplay(-4001, -42589)),
    ),
    LabItem(
        "replayed-spc",
        "Replayed SPC",
        "An SPC that was answered with a license is sent once more, with a fresh token that is good. "
        "The device is the right one. What happens?",
        "The row of an issued license holds a hash of the SPC's transaction id and anti-replay seed, and two issued "
        "rows never share one: the second insert is the refusal. An honest device draws both anew for every SPC, so a "
        "fresh SPC passes, even with the same token, which is good until it expires.",
        "expressplay_mock/redemption.py: replayed",
        lab_runs.replayed_spc,
        (ISSUED, refused_by_expressplay(-9002), ISSUED),
    ),
    LabItem(
        "signed-only",
        "A token only signed",
        "The token crosses the client, who must not change it. So let ExpressPlay sign it, and leave it in clear. "
        "What does the client learn?",
        "The content key. A signature stops whoever would change the token, and nobody who reads it; and to read is "
        "enough, since with the key the film plays on any device, without SPC and without comparison. So the token is "
        "sealed, with the restrictions inside.",
        "expressplay_mock/tokens/sealed_token.py: seal",
        lab_runs.signed_only,
        ("not there", "the film's key"),
    ),
)
