"""The other six items of the lab: what time, order and forgetfulness do to the binding. The same form."""

from collections.abc import Mapping
from typing import Any

from emulator.binding import FIRST_OF_PLAY, Client, play, post_spc, read_title, redeem, register
from emulator.device import make_spc
from emulator.license_client import Entitlement
from fairplay.ckc import open_ckc
from walkthrough.experiments.lab import OTHER_DEVICE, LabItem
from walkthrough.experiments.lab_runs import SPC_STEP, Tries, Try, attempt, cast, entitled, film_id
from walkthrough.experiments.scenarios import BEYOND_EVERY_TOKEN, ISSUED, refused_by_expressplay, refused_by_sees
from walkthrough.experiments.weak_designs import WINDOW, device_in_a_window_of_every_event, forgetful_sees
from walkthrough.record.recording import collect
from walkthrough.record.stage import Stage, shifted_clock

NOBODY = "no device: the viewer is locked out"


def before_registering(stage: Stage) -> Tries:
    """Play the film with a cookie that no device has registered."""
    a, _, cookie = cast(stage, "lab-early")
    yield attempt("device A, not registered, plays the film", lambda: play(a, cookie, stage.title))


def expired_token(stage: Stage) -> Tries:
    """Get a token, let a month pass, redeem it; then redeem a fresh one."""
    a, _, cookie = cast(stage, "lab-late")
    register(a, cookie)
    title = read_title(a, stage.title, dummy=False, step=FIRST_OF_PLAY)
    entitlement = entitled(a, cookie, stage.title)
    with shifted_clock(stage, BEYOND_EVERY_TOKEN):
        yield attempt(
            "a month later, device A sends an SPC to its old token URL",
            lambda: redeem(a, title, title.keys[0], entitlement, step=SPC_STEP),
        )
    yield attempt("device A asks SEES for a fresh token and plays", lambda: play(a, cookie, stage.title))


def other_content(stage: Stage) -> Tries:
    """Redeem the film's token with an SPC that names the dummy; see what the CKC and the log say."""
    a, _, cookie = cast(stage, "lab-content")
    dummy = register(a, cookie)
    film = play(a, cookie, stage.title)[0]
    entitlement = entitled(a, cookie, stage.title)
    spc, contents = make_spc(a.device, dummy.content_id)
    answer = post_spc(a, entitlement.token_url, spc, step=SPC_STEP, asset_id=dummy.content_id)
    key = open_ckc(answer.ckc, contents).content.key
    yield Try("an SPC that names the dummy, with the token for the film", ISSUED)
    yield Try("the key in the CKC", "the film's" if key == film.license.content.key else "another one")
    row = rows_of(stage, a)[-1]
    named = "the dummy's" if row["content_id"] == dummy.content_id else "another one"
    yield Try("the content id in the log's row", named)


def same_token_twice(stage: Stage) -> Tries:
    """Redeem one token URL twice on its device, then on another one."""
    a, b, cookie = cast(stage, "lab-again")
    register(a, cookie)
    entitlement = entitled(a, cookie, stage.title)
    for what in ("device A redeems a token URL", "device A redeems the same token URL again, with a fresh SPC"):
        yield attempt(what, lambda: _redeem(a, entitlement))
    yield attempt("device B redeems that token URL", lambda: _redeem(b, entitlement))


def forgetful(stage: Stage) -> Tries:
    """Ask a SEES that forgets the device for the film on another device; then the real one."""
    a, b, cookie = cast(stage, "lab-forget")
    register(a, cookie)
    entitlement = forgetful_sees(b, film_id(b, stage.title), cookie)
    yield attempt("device B redeems a token of a SEES that forgot the device", lambda: _redeem(b, entitlement))
    yield attempt("device B plays the film with the real SEES", lambda: play(b, cookie, stage.title))


def full_window(stage: Stage) -> Tries:
    """Be refused on another device until a window of 32 rows is full; ask for the device by both rules."""
    a, b, cookie = cast(stage, "lab-window")
    register(a, cookie)
    entitlement = entitled(b, cookie, stage.title)
    tries = [attempt("", lambda: _redeem(b, entitlement)).outcome for _ in range(WINDOW)]
    yield Try(f"device B tries {WINDOW} times", tries[0] if len(set(tries)) == 1 else "various")
    found = device_in_a_window_of_every_event([*rows_of(stage, a), *rows_of(stage, b)])
    yield Try("a window that answers with every event, on these rows", found or NOBODY)
    yield attempt("device A plays the film with the real lookup", lambda: play(a, cookie, stage.title))


def rows_of(stage: Stage, client: Client) -> list[Mapping[str, Any]]:
    """Return the rows that this client's redemptions wrote, oldest first, from ExpressPlay's journal."""
    entries = collect(client.web, stage.sees, stage.expressplay, client.journal.entries())
    decisions = [entry.get("decision") for entry in entries if entry.get("party") == "log"]
    return [row for row in decisions if isinstance(row, dict) and "event_id" in row]


def _redeem(client: Client, entitlement: Entitlement) -> None:
    content_id = str(entitlement.request["contentID"])
    spc, _ = make_spc(client.device, content_id)
    post_spc(client, entitlement.token_url, spc, step=SPC_STEP, asset_id=content_id)


MORE = (
    LabItem(
        "play-before-registering",
        "Play before registering",
        "A cookie that no device has ever registered asks for the film. Who says no?",
        "SEES must name a device in the token, and the log has none for this cookie, so there is no token at all: "
        "ExpressPlay is asked for the record, and never for a token.",
        "server/entitlement.py: bound_device",
        before_registering,
        (refused_by_sees(6),),
    ),
    LabItem(
        "expired-token",
        "Expired token",
        "Device A gets a good token and keeps it for a month. Then it redeems it. What decides, and by whose clock?",
        "The expiry is sealed in the token, and ExpressPlay compares it with its own clock before it opens the SPC. "
        "One clock issues and judges, so two clocks that differ cannot disagree. A fresh token is one request away.",
        "expressplay_mock/redemption.py: _check_not_expired",
        expired_token,
        (refused_by_expressplay(-4011), ISSUED),
    ),
    LabItem(
        "other-content",
        "SPC for other content",
        "Device A holds a token for the film, and sends an SPC that names the dummy. Which key does it get, if any?",
        "Nobody compares the asset id of the SPC with anything: the key comes out of the token, which SEES had made "
        "for the film. What the SPC names goes into the log, and is the client's own word. Trust the token for what "
        "is licensed, and the log for who, never for what.",
        "expressplay_mock/redemption.py: _seal",
        other_content,
        (ISSUED, "the film's", "the dummy's"),
    ),
    LabItem(
        "replayed-token",
        "Replayed token URL",
        "Somebody copies a device-bound token URL off the wire and redeems it a second time, before it expires. "
        "What can go wrong?",
        "A token is good until it expires, however often; what must be fresh is the SPC. On its own device that is a "
        "second play, and on any other one the comparison at step 12 fails. A token that is bound is worth nothing to "
        "a thief, and so it may be replayed.",
        "expressplay_mock/redemption.py: _check_device",
        same_token_twice,
        (ISSUED, ISSUED, OTHER_DEVICE),
    ),
    LabItem(
        "forgetful-sees",
        "A SEES that forgets the device",
        "SEES looks the device up as it should, and has a bug: the token that it asks for names no device. "
        "Does anybody notice when device B redeems it?",
        "ExpressPlay compares only what the token names. Without a device in it there is nothing to compare, and the "
        "license is issued to whoever comes: silently, and correctly by every other check. Test that the second "
        "device is refused; that the first one plays proves nothing.",
        "expressplay_mock/redemption.py: _check_device",
        forgetful,
        (ISSUED, OTHER_DEVICE),
    ),
    LabItem(
        "full-window",
        "A record window of every event",
        f"The record lookup answers with {WINDOW} rows. Device B is refused {WINDOW} times with A's cookie. If refused "
        "rows were in that window too, what would become of device A?",
        "Each refusal is a row. In a window of every event they push the registration out, and the viewer is locked "
        f"out by {WINDOW} requests of somebody who has only the cookie. So the lookup by cookie answers with issued "
        "rows alone, and of those each one names the bound device.",
        "server/entitlement.py: bound_device",
        full_window,
        (OTHER_DEVICE, NOBODY, ISSUED),
    ),
)
