"""The runs of the lab: each breaks the binding in one way, try by try, against real services.

A run yields what was tried and what came of it, in the words of the scenario table. It needs only the two services,
has cookies of its own, and can be repeated on services that are kept.
"""

import base64
import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.binding import FIRST_OF_PLAY, Client, Grant, content_id_of, entitle, play, post_spc, read_title, register
from emulator.device import make_spc
from emulator.errors import EntitlementDenied, LicenseRefused, UnexpectedAnswer
from emulator.license_client import Entitlement, RequestType
from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt
from fairplay.spc import SpcContents, read_envelope
from walkthrough.experiments.attacks import flip_hu_bit
from walkthrough.experiments.scenarios import ISSUED, OTHER_SEED, outcome_of
from walkthrough.record.recording import ASK_LOG, collect
from walkthrough.record.stage import Stage

GRANTED = "SEES: token URL granted"
SPC_STEP = 11


@dataclass(frozen=True)
class Try:
    """One thing that was tried in a run of the lab, and what came of it."""

    what: str
    outcome: str


Tries = Iterator[Try]


def another_device(stage: Stage) -> Tries:
    """Register on A; then B, with the cookie of A, asks SEES and redeems what it got."""
    a, b, cookie = cast(stage, "lab-other")
    yield attempt("device A registers", lambda: register(a, cookie))
    entitlement = entitled(b, cookie, stage.title)
    yield Try("device B asks SEES for the film, with A's cookie", GRANTED)
    yield attempt("device B sends its SPC to that token URL", lambda: _send_spc(b, entitlement, stage.title))


def stolen_before(stage: Stage) -> Tries:
    """Let B, the thief, register first with a cookie that A was to register."""
    a, b, cookie = cast(stage, "lab-before")
    yield attempt("device B registers with the stolen cookie", lambda: register(b, cookie))
    yield attempt("device B plays the film", lambda: play(b, cookie, stage.title))
    yield attempt("device A, whose cookie it is, plays the film", lambda: play(a, cookie, stage.title))


def stolen_after(stage: Stage) -> Tries:
    """Let B register after A; ask whose the cookie is by either rule; then let A register once more."""
    a, b, cookie = cast(stage, "lab-after")
    yield attempt("device A registers", lambda: register(a, cookie))
    yield attempt("device A plays the film", lambda: play(a, cookie, stage.title))
    yield attempt("device B registers with the stolen cookie", lambda: register(b, cookie))
    yield attempt("device B plays the film", lambda: play(b, cookie, stage.title))
    yield attempt("device A plays the film", lambda: play(a, cookie, stage.title))
    names = {a.device.device_id: "device A", b.device.device_id: "device B"}
    registrations = [row for row in _records(stage, a) if row.get("registration")]
    yield Try("the rule of SEES, newest registration, on these rows", names[registrations[0]["device_id"]])
    yield Try("a first-writer rule, oldest registration, on these rows", names[registrations[-1]["device_id"]])
    yield attempt("device A registers again", lambda: register(a, cookie))
    yield attempt("device A plays the film", lambda: play(a, cookie, stage.title))


def flipped_bit(stage: Stage) -> Tries:
    """Flip the first bit of HU: read it as a server would that only compares, then send it to one with a MAC."""
    a, _, cookie = cast(stage, "lab-flip")
    register(a, cookie)
    entitlement = entitled(a, cookie, stage.title)
    content_id = film_id(a, stage.title)
    spc, contents = make_spc(a.device, content_id)
    altered = flip_hu_bit(spc, contents)
    stated, tag, device_id = read_without_mac(altered, contents)
    verdict = "equal" if stated == tag else "they differ"
    yield Try("a bare comparison of the integrity bytes with their tag", verdict)
    yield Try("the first byte of HU, before and after", f"{contents.block.device_id[:1].hex()} → {device_id[:1].hex()}")
    yield attempt(
        "the same SPC, sent to the mock, which computes the MAC",
        lambda: post_spc(a, entitlement.token_url, altered, step=SPC_STEP, asset_id=content_id),
    )


def replayed_spc(stage: Stage) -> Tries:
    """Play; send the same SPC again with a fresh token; then a fresh SPC with that token."""
    a, _, cookie = cast(stage, "lab-replay")
    register(a, cookie)
    grant = play(a, cookie, stage.title)[0]
    yield Try("device A plays the film", ISSUED)
    entitlement = entitled(a, cookie, stage.title)
    yield attempt("the SPC of that play, with a fresh token", lambda: _post(a, entitlement, grant))
    yield attempt("a fresh SPC, with the same fresh token", lambda: _send_spc(a, entitlement, stage.title))


def signed_only(stage: Stage) -> Tries:
    """Look for the content key in the token as it is, and in one with the same restrictions, signed but not sealed."""
    a, _, cookie = cast(stage, "lab-signed")
    register(a, cookie)
    grant = play(a, cookie, stage.title)[0]
    sealed = base64.urlsafe_b64decode((grant.entitlement.token if grant.entitlement else "") + "==")
    signed = _sign([["contentKey", grant.license.content.key.hex()], ["deviceId", a.device.device_id]])
    text, _, _ = signed.partition(".")
    read = dict(json.loads(base64.urlsafe_b64decode(text)))
    key = grant.license.content.key
    found = key in sealed or key.hex().encode() in sealed
    yield Try("look for the film's key in the sealed token", "found" if found else "not there")
    what = "read contentKey from a token only signed, without any key"
    yield Try(what, "the film's key" if read["contentKey"] == key.hex() else "another value")


def read_without_mac(spc: bytes, contents: SpcContents) -> tuple[bytes, bytes, bytes]:
    """Return integrity bytes, integrity tag and HU of an SPC, as a server sees them that computes no MAC.

    `contents` lends the keys; they are the same for an SPC that was altered on its way.
    """
    payload = cbc_decrypt(contents.spc_key, read_envelope(spc).iv, read_envelope(spc).payload)
    values = {block.tag: block.value for block in tllv.read(payload)}
    iv, ciphertext = layout.SKR1_VALUE.unpack(values[layout.SKR1.code])
    _, device_id, _, stated = layout.SKR1_PLAINTEXT.unpack(cbc_decrypt(contents.derived.dask, iv, ciphertext))
    return stated, values[layout.INTEGRITY.code], device_id


def cast(stage: Stage, purpose: str) -> tuple[Client, Client, str]:
    """Return device A, device B and the one cookie of a run."""
    return stage.client(purpose), stage.client(f"{purpose}-b", OTHER_SEED), stage.name(purpose)


def attempt(what: str, act: Callable[[], object]) -> Try:
    """Do it. A refusal is an outcome; a service that is gone, or speaks nonsense, is not."""
    try:
        act()
    except (EntitlementDenied, LicenseRefused) as refusal:
        return Try(what, outcome_of(refusal))
    return Try(what, ISSUED)


def film_id(client: Client, name: str | None) -> str:
    """Return the content id of a title's first key."""
    return content_id_of(read_title(client, name, dummy=False, step=FIRST_OF_PLAY).keys[0], FIRST_OF_PLAY)


def entitled(client: Client, cookie: str, name: str | None) -> Entitlement:
    """Get as far as a device-bound token URL for it."""
    return entitle(client, RequestType.DEVICE_BOUND, film_id(client, name), cookie, step=FIRST_OF_PLAY)


def _send_spc(client: Client, entitlement: Entitlement, name: str | None) -> None:
    content_id = film_id(client, name)
    spc, _ = make_spc(client.device, content_id)
    post_spc(client, entitlement.token_url, spc, step=SPC_STEP, asset_id=content_id)


def _post(client: Client, entitlement: Entitlement, grant: Grant) -> None:
    post_spc(client, entitlement.token_url, grant.spc, step=SPC_STEP, asset_id=grant.content_id)


def _records(stage: Stage, client: Client) -> list[Mapping[str, Any]]:
    """Return the rows that SEES was shown for the client's last request, newest first, from ExpressPlay's journal."""
    entries = collect(client.web, stage.sees, stage.expressplay, client.journal.entries())
    shown = [e["response"]["records"] for e in entries if e.get("step") == ASK_LOG and e.get("party") == "expressplay"]
    if not shown:
        raise UnexpectedAnswer(
            step=ASK_LOG,
            expected="the rows that SEES was shown, in ExpressPlay's journal",
            found="none",
            fix="run the lab against expressplay-mock, without --no-sim",
        )
    return list(shown[-1])


def _sign(restrictions: list[list[str]]) -> str:
    """Return a token as it must not be: readable restrictions, and an HMAC under a key that nobody needs to read it."""
    text = base64.urlsafe_b64encode(json.dumps(restrictions).encode())
    return f"{text.decode()}.{hmac.digest(os.urandom(32), text, 'sha256').hex()}"
