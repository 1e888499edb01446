"""Experiments on the messages: tokens and SPCs that are kept, sent again, altered, or meant for something else."""

from emulator.device import make_spc
from emulator.license_client import Entitlement
from fairplay.ckc import open_ckc
from walkthrough.experiments.actions import Holder, holder, two_holders
from walkthrough.experiments.attacks import flip_hu_bit, read_without_mac
from walkthrough.experiments.experiment import (
    ISSUED,
    OTHER_DEVICE,
    Experiment,
    Tries,
    Try,
    attempt,
    refused_by_expressplay,
)
from walkthrough.record.deployment import Deployment, clock_ahead

BEYOND_EVERY_TOKEN = 31 * 86_400
"""Seconds: no token lives longer than 30 days."""


def expired_token(deployment: Deployment) -> Tries:
    """Get a token, let a month pass, redeem it; then redeem a fresh one."""
    a, entitlement = _entitled(deployment, "expired")
    with clock_ahead(deployment.web, deployment.expressplay, BEYOND_EVERY_TOKEN):
        yield attempt("a month later, device A sends an SPC to its old token URL", lambda: a.redeem(entitlement))
    yield a.plays("asks SEES for a fresh token and plays")


def _entitled(deployment: Deployment, purpose: str) -> tuple[Holder, Entitlement]:
    """Return device A, registered, and a token URL that it was given for the film."""
    a = holder(deployment, purpose)
    a.register()
    return a, a.entitle()


def flipped_bit(deployment: Deployment) -> Tries:
    """Flip the first bit of HU: read it as a server would that only compares, then send it to one with a MAC."""
    a, entitlement = _entitled(deployment, "flipped")
    content_id = a.film_id()
    spc, contents = make_spc(a.client.device, content_id)
    altered = flip_hu_bit(spc, contents)
    stated, tag, device_id = read_without_mac(altered, contents)
    verdict = "equal" if stated == tag else "they differ"
    yield Try("a bare comparison of the integrity bytes with their tag", verdict)
    yield Try("the first byte of HU, before and after", f"{contents.block.device_id[:1].hex()} → {device_id[:1].hex()}")
    yield attempt(
        "the same SPC, sent to the mock, which computes the MAC", lambda: a.send(entitlement, altered, content_id)
    )


def replayed_spc(deployment: Deployment) -> Tries:
    """Play; send the same SPC again with a fresh token; then a fresh SPC with that token."""
    a = holder(deployment, "replay")
    a.register()
    grant = a.play()[0]
    yield Try("device A plays the film", ISSUED)
    entitlement = a.entitle()
    yield attempt("the SPC of that play, with a fresh token", lambda: a.send(entitlement, grant.spc, grant.content_id))
    yield attempt("a fresh SPC, with the same fresh token", lambda: a.redeem(entitlement))


def replayed_token(deployment: Deployment) -> Tries:
    """Redeem one token URL twice on its device, then on another one."""
    a, b = two_holders(deployment, "again")
    a.register()
    entitlement = a.entitle()
    yield a.redeems(entitlement, "redeems a token URL")
    yield a.redeems(entitlement, "redeems the same token URL again, with a fresh SPC")
    yield b.redeems(entitlement, "redeems that token URL")


def other_content(deployment: Deployment) -> Tries:
    """Redeem the film's token with an SPC that names the dummy; see what the CKC and the log say."""
    a = holder(deployment, "content")
    dummy = a.register()
    film = a.play()[0]
    entitlement = a.entitle()
    spc, contents = make_spc(a.client.device, dummy.content_id)
    answer = a.send(entitlement, spc, dummy.content_id)
    key = open_ckc(answer.ckc, contents).content.key
    yield Try("an SPC that names the dummy, with the token for the film", ISSUED)
    yield Try("the key in the CKC", "the film's" if key == film.license.content.key else "another one")
    named = "the dummy's" if a.rows_written()[-1]["content_id"] == dummy.content_id else "another one"
    yield Try("the content id in the log's row", named)


EXPERIMENTS = (
    Experiment(
        "flipped-bit",
        "One flipped bit of HU",
        "One bit of device A's SPC is changed on the wire, the one that turns over a bit of HU. The integrity bytes "
        "are not touched. Does a server notice that compares them with their tag, and nothing more?",
        (
            "Yes: the integrity bytes no longer match their tag",
            "No: they still match, and HU has changed",
            "No, since HU cannot be changed without the key",
        ),
        1,
        "CBC is malleable: a bit flipped in one ciphertext block flips the same bit of the next plaintext block. The "
        "block before HU holds SK, which is garbled and which nobody checks; the integrity bytes are blocks away and "
        "stay equal to their tag. A MAC over SK, HU and R1 depends on every bit, so it notices.",
        "fairplay/session_key.py: unseal",
        flipped_bit,
        ("equal", "1e → 9e", refused_by_expressplay(-4001, -42589)),
    ),
    Experiment(
        "replayed-spc",
        "Replayed SPC",
        "An SPC that was answered with a license is sent once more, with a fresh token that is good. "
        "The device is the right one. What happens?",
        ("A license: device and token are good", "A refusal: this SPC was answered before", "SEES denies the token"),
        1,
        "The row of an issued license holds a hash of the SPC's session key, HU and R1, and two issued rows never "
        "share one: the second insert is the refusal. These three are what the MAC covers, so no altered copy gets "
        "another hash. An honest device draws session key and R1 anew, so a fresh SPC passes, even with the same "
        "token.",
        "expressplay_mock/redemption.py: replayed",
        replayed_spc,
        (ISSUED, refused_by_expressplay(-9002), ISSUED),
        decisive=1,
    ),
    Experiment(
        "expired-token",
        "Expired token",
        "Device A gets a good token and keeps it for a month. Then it redeems it. What decides, and by whose clock?",
        ("The device's own clock refuses", "ExpressPlay refuses, by its clock", "SEES refuses at step 10"),
        1,
        "The expiry is sealed in the token, and ExpressPlay compares it with its own clock before it opens the SPC. "
        "One clock issues and judges, so two clocks that differ cannot disagree. A fresh token is one request away.",
        "expressplay_mock/redemption.py: _check_not_expired",
        expired_token,
        (refused_by_expressplay(-4011), ISSUED),
        decisive=0,
    ),
    Experiment(
        "replayed-token",
        "Replayed token URL",
        "Somebody copies a device-bound token URL off the wire and redeems it a second time, before it expires. "
        "What can go wrong?",
        (
            "Any device can redeem it again",
            "The bound device can, any other cannot",
            "Nobody can: a token is good for one time",
        ),
        1,
        "A token is good until it expires, however often; what must be fresh is the SPC. On its own device that is a "
        "second play, and on any other one the comparison at step 12 fails. A token that is bound is worth nothing to "
        "a thief, and so it may be replayed.",
        "expressplay_mock/redemption.py: _check_device",
        replayed_token,
        (ISSUED, ISSUED, OTHER_DEVICE),
    ),
    Experiment(
        "other-content",
        "SPC for other content",
        "Device A holds a token for the film, and sends an SPC that names the dummy. Which key does it get, if any?",
        ("None: the content ids differ", "The dummy's: the SPC names it", "The film's: the token carries it"),
        2,
        "Nobody compares the asset id of the SPC with anything: the key comes out of the token, which SEES had made "
        "for the film. What the SPC names goes into the log, and is the client's own word. Trust the token for what "
        "is licensed, and the log for who, never for what.",
        "expressplay_mock/redemption.py: _seal",
        other_content,
        (ISSUED, "the film's", "the dummy's"),
        decisive=1,
    ),
)
