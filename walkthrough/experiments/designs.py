"""Experiments with designs that are weaker than the real one. No service here uses these, or ever may.

Each weak design is a function marked WEAK, which says what it gets wrong. It is pure, or asks the real services for
less than the real client does.
"""

import base64
import hmac
import json
import os
from collections.abc import Sequence

from emulator.binding import Client, entitle, play, register
from emulator.license_client import Entitlement, RequestType
from walkthrough.experiments.acting import entitled, film_id, redeem_token, rows_written_by, two_devices
from walkthrough.experiments.experiment import ISSUED, OTHER_DEVICE, Experiment, Tries, Try, attempt
from walkthrough.record.recorded import Row
from walkthrough.record.stage import Stage

WINDOW = 32
"""Rows that ExpressPlay's record lookup answers with."""
NOBODY = "no device: the viewer is locked out"


def signed_only(stage: Stage) -> Tries:
    """Look for the content key in the token as it is, and in one with the same restrictions, signed but not sealed."""
    a, _, cookie = two_devices(stage, "signed")
    register(a, cookie)
    grant = play(a, cookie, stage.title)[0]
    sealed = base64.urlsafe_b64decode((grant.entitlement.token if grant.entitlement else "") + "==")
    signed = sign([["contentKey", grant.license.content.key.hex()], ["deviceId", a.device.device_id]])
    text, _, _ = signed.partition(".")
    read = dict(json.loads(base64.urlsafe_b64decode(text)))
    key = grant.license.content.key
    found = key in sealed or key.hex().encode() in sealed
    yield Try("look for the film's key in the sealed token", "found" if found else "not there")
    what = "read contentKey from a token only signed, without any key"
    yield Try(what, "the film's key" if read["contentKey"] == key.hex() else "another value")


def sign(restrictions: list[list[str]]) -> str:
    """WEAK: return readable restrictions, and an HMAC under a key that nobody needs to read them."""
    text = base64.urlsafe_b64encode(json.dumps(restrictions).encode())
    return f"{text.decode()}.{hmac.digest(os.urandom(32), text, 'sha256').hex()}"


def forgetful_sees(stage: Stage) -> Tries:
    """Ask a SEES that forgets the device for the film on another device; then the real one."""
    a, b, cookie = two_devices(stage, "forget")
    register(a, cookie)
    entitlement = forget_device(b, film_id(b, stage.title), cookie)
    yield attempt("device B redeems a token of a SEES that forgot the device", lambda: redeem_token(b, entitlement))
    yield attempt("device B plays the film with the real SEES", lambda: play(b, cookie, stage.title))


def forget_device(client: Client, content_id: str, cookie: str) -> Entitlement:
    """WEAK: a SEES that looks the device up and then forgets to put it into the token.

    What comes of it is a token that names no device. The real SEES makes such a token for a time-based entitlement,
    so this asks for one.
    """
    return entitle(client, RequestType.TIME_BASED, content_id, cookie, step=6)


def full_window(stage: Stage) -> Tries:
    """Be refused on another device until a window of 32 rows is full; ask for the device by both rules."""
    a, b, cookie = two_devices(stage, "window")
    register(a, cookie)
    entitlement = entitled(b, cookie, stage.title)
    tries = [attempt("", lambda: redeem_token(b, entitlement)).outcome for _ in range(WINDOW)]
    yield Try(f"device B tries {WINDOW} times", tries[0] if len(set(tries)) == 1 else "various")
    found = device_in_a_window_of_every_event([*rows_written_by(stage, a), *rows_written_by(stage, b)])
    yield Try("a window that answers with every event, on these rows", found or NOBODY)
    yield attempt("device A plays the film with the real lookup", lambda: play(a, cookie, stage.title))


def device_in_a_window_of_every_event(rows: Sequence[Row]) -> str | None:
    """WEAK: look for the registration among the newest 32 rows of a cookie, refused ones too.

    Refusals cost an attacker nothing, and push the registration out of the window.
    """
    window = sorted(rows, key=lambda row: row["event_id"], reverse=True)[:WINDOW]
    found = [row["device_id"] for row in window if row["registration"] and row["result"] == 0]
    return str(found[0]) if found else None


EXPERIMENTS = (
    Experiment(
        "signed-only",
        "A token only signed",
        "The token crosses the client, who must not change it. So let ExpressPlay sign it, and leave it in clear. "
        "What does the client learn?",
        ("Nothing that matters: it is signed", "Its own device id only", "The film's content key"),
        2,
        "The content key. A signature stops whoever would change the token, and nobody who reads it; and to read is "
        "enough, since with the key the film plays on any device, without SPC and without comparison. So the token is "
        "sealed, with the restrictions inside.",
        "expressplay_mock/tokens/sealed_token.py: seal",
        signed_only,
        ("not there", "the film's key"),
    ),
    Experiment(
        "forgetful-sees",
        "A SEES that forgets the device",
        "SEES looks the device up as it should, and has a bug: the token that it asks for names no device. "
        "Does anybody notice when device B redeems it?",
        (
            "ExpressPlay notices at step 12",
            "The device notices at step 13",
            "Nobody notices: B gets a license",
        ),
        2,
        "ExpressPlay compares only what the token names. Without a device in it there is nothing to compare, and the "
        "license is issued to whoever comes: silently, and correctly by every other check. Test that the second "
        "device is refused; that the first one plays proves nothing.",
        "expressplay_mock/redemption.py: _check_device",
        forgetful_sees,
        (ISSUED, OTHER_DEVICE),
        decisive=0,
    ),
    Experiment(
        "full-window",
        "A record window of every event",
        f"The record lookup answers with {WINDOW} rows. Device B is refused {WINDOW} times with A's cookie. If refused "
        "rows were in that window too, what would become of device A?",
        (
            "Nothing: its registration stays in the log",
            "It would be locked out, though registered",
            "Device B would be bound in its place",
        ),
        1,
        "Each refusal is a row. In a window of every event they push the registration out, and the viewer is locked "
        f"out by {WINDOW} requests of somebody who has only the cookie. So the lookup by cookie answers with issued "
        "rows alone, and of those each one names the bound device.",
        "server/entitlement.py: bound_device",
        full_window,
        (OTHER_DEVICE, NOBODY, ISSUED),
        decisive=1,
    ),
)
