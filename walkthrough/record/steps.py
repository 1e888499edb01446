"""The thirteen steps of a binding, and step 0: the one table behind the recording, the drawing and the docs.

Numbers, lifelines and order are those of Adobe's device-binding sequence; the words are this project's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

CLIENT = "Client"
SEES = "SEES"
EXPRESSPLAY = "ExpressPlay"
LOG = "Transaction log"
LIFELINES = (CLIENT, SEES, EXPRESSPLAY, LOG)


@dataclass(frozen=True)
class Step:
    """One arrow of the sequence.

    `summary` is a `str.format` template over what the recording knows of the run: content_id, cookie, token,
    token_cookie, device_id, spc_size, ckc_size, verdict. `answers` is the step whose request this one answers, if it
    is the answer half of an exchange. `knows` says what each party has learnt once the step is done.
    """

    n: int
    sender: str
    receiver: str
    summary: str
    knows: Mapping[str, str]
    answers: int | None = None


STEPS = (
    Step(
        0,
        CLIENT,
        CLIENT,
        "reads the dummy M3U8: content id {content_id}",
        {CLIENT: "the dummy's content id, from the skd: URI of its playlist"},
    ),
    Step(
        1,
        CLIENT,
        SEES,
        "dummy content id {content_id}, cookie {cookie}",
        {SEES: "this cookie wants to register a device (which one, nobody has told it)"},
    ),
    Step(
        2,
        SEES,
        EXPRESSPLAY,
        "getToken(cek, iv, cookie {cookie})",
        {EXPRESSPLAY: "nothing to keep: cookie and content key are sealed in the token it hands out"},
    ),
    Step(
        3,
        SEES,
        CLIENT,
        "cookie-bound token {token}",
        {CLIENT: "a token URL; it cannot read the token, which is encrypted"},
        answers=1,
    ),
    Step(
        4,
        CLIENT,
        EXPRESSPLAY,
        "token, SPC ({spc_size} bytes, device_id sealed inside)",
        {
            EXPRESSPLAY: "the device_id in the SPC, vouched for by its MAC; the cookie in the token",
            CLIENT: "a CKC with the dummy's throw-away key, once the row is written",
        },
    ),
    Step(
        5,
        EXPRESSPLAY,
        LOG,
        "row: cookie {cookie}, device_id {device_id}",
        {LOG: "this cookie was redeemed by this device: the registration"},
    ),
    Step(
        6,
        CLIENT,
        SEES,
        "film content id {content_id}, the same cookie",
        {SEES: "the holder of this cookie wants the film; the cookie alone proves no device"},
    ),
    Step(
        7,
        SEES,
        EXPRESSPLAY,
        "getDeviceID(cookie {cookie})",
        {EXPRESSPLAY: "SEES wants the records of this cookie"},
    ),
    Step(
        8,
        EXPRESSPLAY,
        LOG,
        "lookUp(cookie) finds {device_id}",
        {SEES: "the device_id that registered this cookie, on ExpressPlay's word"},
    ),
    Step(
        9,
        SEES,
        EXPRESSPLAY,
        "getToken(cek, iv, device_id {device_id}, cookie {token_cookie}, time)",
        {
            EXPRESSPLAY: "again nothing to keep: the token names the one device it is good for, and the play cookie, "
            "which SEES derives from the customer cookie so that no play is found among the registrations"
        },
    ),
    Step(
        10,
        SEES,
        CLIENT,
        "device-bound token {token}",
        {CLIENT: "a token URL; whether it is good for this device shows only at redemption"},
        answers=6,
    ),
    Step(
        11,
        CLIENT,
        EXPRESSPLAY,
        "token, a fresh SPC ({spc_size} bytes)",
        {EXPRESSPLAY: "the device_id of the token and the device_id of the SPC"},
    ),
    Step(
        12,
        EXPRESSPLAY,
        EXPRESSPLAY,
        "compares the two device_ids: {verdict}",
        {LOG: "a row under the bound token's own cookie: who redeemed it, and with what result"},
    ),
    Step(
        13,
        EXPRESSPLAY,
        CLIENT,
        "CKC ({ckc_size} bytes): playback",
        {CLIENT: "the film's content key, for this one SPC and no other"},
        answers=11,
    ),
)
