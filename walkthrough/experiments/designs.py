"""Experiments with designs that are weaker than the real one. No service here uses these, or ever may.

Each weak design is a function marked WEAK, which says what it gets wrong. It is pure, or asks the real services for
less than the real client does.
"""

import base64
import hmac
import json
import os
from collections.abc import Sequence

from emulator.device import make_spc
from emulator.errors import LicenseRefused
from emulator.license_client import Entitlement, RequestType
from fairplay import tllv
from fairplay.envelope import read_envelope
from fairplay.errors import SpcError
from fairplay.spc import SpcContents
from walkthrough.experiments.actions import WINDOW, Holder, holder, name_of, two_holders
from walkthrough.experiments.attacks import read_hint, with_block_in_front
from walkthrough.experiments.experiment import (
    ISSUED,
    OTHER_DEVICE,
    Experiment,
    Tries,
    Try,
    outcome_of,
    refused_by_expressplay,
)
from walkthrough.record.deployment import Deployment
from walkthrough.record.recorded import Row

NOBODY = "no device: the viewer is locked out"


def signed_only(deployment: Deployment) -> Tries:
    """Look for the content key in the token as it is, and in one with the same restrictions, signed but not sealed."""
    a = holder(deployment, "signed")
    a.register()
    grant = a.play()[0]
    key = grant.license.content.key
    sealed = base64.urlsafe_b64decode((grant.entitlement.token if grant.entitlement else "") + "==")
    signed = sign([["contentKey", key.hex()], ["deviceId", a.client.device.device_id]])
    text, _, _ = signed.partition(".")
    read = dict(json.loads(base64.urlsafe_b64decode(text)))
    found = key in sealed or key.hex().encode() in sealed
    yield Try("look for the film's key in the sealed token", "found" if found else "not there")
    what = "read contentKey from a token only signed, without any key"
    yield Try(what, "the film's key" if read["contentKey"] == key.hex() else "another value")


def sign(restrictions: list[list[str]]) -> str:
    """WEAK: return readable restrictions, and an HMAC under a key that nobody needs to read them."""
    text = base64.urlsafe_b64encode(json.dumps(restrictions).encode())
    return f"{text.decode()}.{hmac.digest(os.urandom(32), text, 'sha256').hex()}"


def forgetful_sees(deployment: Deployment) -> Tries:
    """Ask a SEES that forgets the device for the film on another device; then the real one."""
    a, b = two_holders(deployment, "forget")
    a.register()
    yield b.redeems(forget_device(b), "redeems a token of a SEES that forgot the device")
    yield b.plays("plays the film with the real SEES")


def forget_device(one: Holder) -> Entitlement:
    """WEAK: a SEES that looks the device up and then forgets to put it into the token.

    What comes of it is a token that names no device. The real SEES makes such a token for a time-based entitlement,
    so this asks for one.
    """
    return one.entitle(RequestType.TIME_BASED)


def full_window(deployment: Deployment) -> Tries:
    """Be refused on another device until a window of 32 rows is full; ask for the device by both rules."""
    a, b = two_holders(deployment, "window")
    a.register()
    yield Try(f"device B tries {WINDOW} times", b.fill_window(b.entitle()))
    found = device_in_a_window_of_every_event([*a.rows_written(), *b.rows_written()])
    yield Try("a window that answers with every event, on these rows", found or NOBODY)
    yield a.plays("plays the film with the real lookup")


def one_cookie(deployment: Deployment) -> Tries:
    """Let B register, redeem A's old bound token until a look-up is full, and ask for the device by both rules."""
    a, b = two_holders(deployment, "eviction")
    a.register()
    old = a.entitle()
    yield b.registers("registers with the same cookie")
    yield Try(f"device A redeems its old bound token {WINDOW} times", a.fill_window(old))
    found = device_by_one_cookie([*a.rows_written(), *b.rows_written()])
    yield Try("the device bound, if plays carried the customer cookie", name_of(found, a, b))
    yield b.plays("plays the film with the real SEES")


def device_by_one_cookie(rows: Sequence[Row]) -> str | None:
    """WEAK: let bound tokens carry the customer cookie too, so that a look-up answers with plays among registrations.

    Where no registration is left among the newest 32 issued rows, this takes the device of the newest play, since it
    was bound when it got its token. It may have lost the binding meanwhile.
    """
    issued = [row for row in rows if row["result"] == 0]
    window = sorted(issued, key=lambda row: row["event_id"], reverse=True)[:WINDOW]
    registrations = [row for row in window if row["registration"]]
    return next((row["device_id"] for row in [*registrations, *window]), None)


def helpful_server(deployment: Deployment) -> Tries:
    """Send copies of A's SPC, altered on the wire, to a server that explains what is wrong, and to the mock."""
    a = holder(deployment, "helpful")
    a.register()
    entitlement, content_id = a.entitle(), a.film_id()
    spc, contents = make_spc(a.client.device, content_id)
    altered = with_block_in_front(spc, contents, contents.anti_replay_seed)
    stolen = read_hint(explain_everything(altered, contents))
    read = f"{len(stolen)} of its 16 bytes" if stolen and stolen in contents.anti_replay_seed else "nothing"
    yield Try("what an explaining server tells of A's anti-replay seed", read)
    answers = []
    for number, copy in enumerate((altered, with_block_in_front(spc, contents, contents.r2[:16])), 1):
        try:
            a.send(entitlement, copy, content_id)
        except LicenseRefused as refusal:
            answers.append(refusal.response)
            yield Try(f"altered copy {number}, sent to the mock", outcome_of(refusal))
    yield Try("the two answers of the mock", "the same, word for word" if answers[0] == answers[1] else "different")


def explain_everything(spc: bytes, contents: SpcContents) -> str:
    """WEAK: answer an SPC with what was expected and found behind the envelope. `contents` lends the server its key."""
    try:
        tllv.read_values(read_envelope(spc).open(contents.spc_key))
    except SpcError as error:
        return str(error)
    return "nothing wrong"


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
        "one-cookie",
        "One cookie for registrations and plays",
        "Adobe's step 9 passes a cookie. Suppose that it is the customer cookie, the same as in step 2. Device A has a "
        f"bound token; then B registers; then A redeems its old token {WINDOW} times. Who is bound?",
        (
            "B: the newest registration",
            "A: B's registration is out of sight",
            "Both, until A's token expires",
        ),
        1,
        f"The look-up answers with {WINDOW} rows. With one cookie the plays of A push B's registration out, and all "
        "that is left says A. Here bound tokens carry a play cookie, which SEES derives from the customer cookie, "
        "so a look-up by the customer cookie finds registrations only, and the newest one binds.",
        "server/entitlement.py: play_cookie",
        one_cookie,
        (ISSUED, ISSUED, "device A", ISSUED),
        decisive=2,
    ),
    Experiment(
        "helpful-server",
        "A license server that explains too much",
        "Somebody who has copied an SPC off the wire cannot read it, but can move its encrypted blocks about. The "
        "license server says of each copy what it expected inside, and what it found. What can be read from that?",
        (
            "Nothing: without the key the words are noise",
            "Which field was hit, but no value",
            "The contents, a few bytes with each request",
        ),
        2,
        "A block moved to the front, with the block before it as IV, decrypts to what it held; the server takes it for "
        "a header and quotes it as a length that cannot be. CBC does not notice. So the mock has one answer for "
        "whatever is wrong behind the envelope; what was found is in its journal, for the owner of the server.",
        "fairplay/spc.py: open_spc",
        helpful_server,
        (
            "4 of its 16 bytes",
            refused_by_expressplay(-4001, -42585),
            refused_by_expressplay(-4001, -42585),
            "the same, word for word",
        ),
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
