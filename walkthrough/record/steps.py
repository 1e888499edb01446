"""The thirteen steps of a binding, and step 0: the one table behind the recording, the drawing and the docs.

Numbers, lifelines and order are those of Adobe's device-binding sequence; the words are this project's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.steps import Step

CLIENT = "Client"
SEES = "SEES"
EXPRESSPLAY = "ExpressPlay"
LOG = "Transaction log"
LIFELINES = (CLIENT, SEES, EXPRESSPLAY, LOG)


@dataclass(frozen=True)
class StepWords:
    """One arrow of the sequence.

    `why` says why the step exists, what would go wrong without it, and what a real deployment has there.
    `summary` is a `str.format` template over what the recording knows of the run: content_id, cookie, token,
    token_cookie, device_id, spc_size, ckc_size, verdict. `answers` is the step whose request this one answers, if it
    is the answer half of an exchange. `knows` says what each party has learnt once the step is done.
    """

    n: Step
    sender: str
    receiver: str
    summary: str
    knows: Mapping[str, str]
    why: str
    answers: Step | None = None


STEPS = (
    StepWords(
        Step.READ_DUMMY,
        CLIENT,
        CLIENT,
        "reads the dummy M3U8: content id {content_id}",
        {CLIENT: "the dummy's content id, from the skd: URI of its playlist"},
        "A device shows who it is only in an SPC, and a player makes one only for encrypted content. So there is "
        "a dummy, a title that protects nothing: without it the film itself would be the first request, and "
        "nothing could refuse that yet. In a real app an AVContentKeySession, or the EME of a browser, hands over "
        "the skd: URI of the playlist's key line.",
    ),
    StepWords(
        Step.ASK_TO_REGISTER,
        CLIENT,
        SEES,
        "dummy content id {content_id}, cookie {cookie}",
        {SEES: "this cookie wants to register a device (which one, nobody has told it)"},
        "SEES decides who may have a token, so it is asked first. The cookie joins this request to the next one: "
        "without it nothing would say whose device was seen. Here it is made up; a real app gets it from the "
        "provider's login, and anybody who copies it can register too.",
    ),
    StepWords(
        Step.ORDER_COOKIE_TOKEN,
        SEES,
        EXPRESSPLAY,
        "getToken(cek, iv, cookie {cookie})",
        {EXPRESSPLAY: "nothing to keep: cookie and content key are sealed in the token it hands out"},
        "ExpressPlay licenses whoever holds a token, so SEES has one made, with cookie and content key sealed "
        "inside. If clients could write the cookie themselves, they could register under any. The customer "
        "authenticator shows that SEES may ask: a real provider has one for tests and one for production, on its "
        "servers only.",
    ),
    StepWords(
        Step.HAND_ON_COOKIE_TOKEN,
        SEES,
        CLIENT,
        "cookie-bound token {token}",
        {CLIENT: "a token URL; it cannot read the token, which is encrypted"},
        "The client gets a URL, and no key: what the token holds stays sealed until an SPC comes. The messageID "
        "must be the one that it sent, or an old answer could be slipped in. A registration token lives a minute "
        "here, because each redemption of it registers.",
        answers=Step.ASK_TO_REGISTER,
    ),
    StepWords(
        Step.SEND_SPC_TO_REGISTER,
        CLIENT,
        EXPRESSPLAY,
        "token, SPC ({spc_size} bytes, device_id sealed inside)",
        {
            EXPRESSPLAY: "the device_id in the SPC, vouched for by its MAC; the cookie in the token",
            CLIENT: "a CKC with the dummy's throw-away key, once the row is written",
        },
        "Only here does a device say who it is: HU lies in the SPC, encrypted for the holder of the application "
        "certificate's private key, and under a MAC. Without these anybody could claim to be any device. Apple "
        "issues that certificate to the provider and makes the SPC in its own code; how it seals HU there is what "
        "Apple keeps confidential.",
    ),
    StepWords(
        Step.LOG_DEVICE,
        EXPRESSPLAY,
        LOG,
        "row: cookie {cookie}, device_id {device_id}",
        {LOG: "this cookie was redeemed by this device: the registration"},
        "Cookie and HU meet here for the first time, and the row outlives the request: without it SEES would have "
        "nothing to look up. It is written before the CKC leaves, so a device with a license is registered. Since "
        "iOS 26 an app can have its HU randomised: then this row names a device that is never seen again.",
    ),
    StepWords(
        Step.ASK_TO_PLAY,
        CLIENT,
        SEES,
        "film content id {content_id}, the same cookie",
        {SEES: "the holder of this cookie wants the film; the cookie alone proves no device"},
        "Now the film, with the same cookie, and nothing else that tells who asks. A copied cookie would do as "
        "well, so SEES gives no license, only a token that somebody else will hold against the device. In a real "
        "deployment this is where subscription, country and number of streams are decided.",
    ),
    StepWords(
        Step.ASK_FOR_RECORDS,
        SEES,
        EXPRESSPLAY,
        "getDeviceID(cookie {cookie})",
        {EXPRESSPLAY: "SEES wants the records of this cookie"},
        "SEES keeps no list of devices: it asks the party that opened the SPC. A list filled by clients would "
        "hold what clients claim. ExpressPlay's newest page says that record retrieval is for trouble-shooting "
        "and not for production: who builds on it has to settle that with the vendor.",
    ),
    StepWords(
        Step.LOOK_UP_RECORDS,
        EXPRESSPLAY,
        LOG,
        "lookUp(cookie) finds {device_id}",
        {SEES: "the device_id that registered this cookie, on ExpressPlay's word"},
        "The look-up answers with what was issued under this cookie, newest first; refusals and plays are not "
        "among it, or they could hide a registration. The newest registration binds, so a viewer may change "
        "phones, and so may a thief of the cookie. A real log may lag behind: SEES asks again for a moment before "
        "it denies.",
    ),
    StepWords(
        Step.ORDER_DEVICE_TOKEN,
        SEES,
        EXPRESSPLAY,
        "getToken(cek, iv, device_id {device_id}, cookie {token_cookie}, time)",
        {
            EXPRESSPLAY: "again nothing to keep: the token names the one device it is good for, and the play cookie, "
            "which SEES derives from the customer cookie so that no play is found among the registrations"
        },
        "Here the binding is made: the device_id goes into the token, beside the key. If SEES forgot it, every "
        "device would get a license, and nobody would notice. The vendor's FairPlay page lists no such parameter, "
        "so its name is this project's choice; the token also expires, and may limit rental and lease.",
    ),
    StepWords(
        Step.HAND_ON_DEVICE_TOKEN,
        SEES,
        CLIENT,
        "device-bound token {token}",
        {CLIENT: "a token URL; whether it is good for this device shows only at redemption"},
        "Again a URL. Device B gets one too if it sends the cookie, since SEES cannot see who asks; to refuse is "
        "left to the party that can. If isAllowed is false the attempt ends here, and a real app shows its viewer "
        "why.",
        answers=Step.ASK_TO_PLAY,
    ),
    StepWords(
        Step.SEND_SPC_TO_PLAY,
        CLIENT,
        EXPRESSPLAY,
        "token, a fresh SPC ({spc_size} bytes)",
        {EXPRESSPLAY: "the device_id of the token and the device_id of the SPC"},
        "A second SPC, never used before: one that has had its license is refused, or a recorded SPC would fetch "
        "licenses for ever. In a real app the system makes it when the key request asks for it, in a browser it "
        "comes as a message event of the key session. The token says what is licensed, the SPC to whom.",
    ),
    StepWords(
        Step.COMPARE_DEVICES,
        EXPRESSPLAY,
        EXPRESSPLAY,
        "compares the two device_ids: {verdict}",
        {LOG: "a row under the bound token's own cookie: who redeemed it, and with what result"},
        "Here the binding is kept. Two device_ids meet, one from SEES by way of the token, one from the SPC; all "
        "other steps only brought them here. Without this comparison a copied cookie would be as good as the "
        "device. At the vendor it is an option of the account: without it the token request answers -6008.",
    ),
    StepWords(
        Step.ANSWER_WITH_CKC,
        EXPRESSPLAY,
        CLIENT,
        "CKC ({ckc_size} bytes): playback",
        {CLIENT: "the film's content key, for this one SPC and no other"},
        "The CKC holds the film's key so that only the maker of this SPC can open it: whoever copies it gets "
        "nothing. The player first checks that it answers its own SPC. In a real device the key never leaves the "
        "protected part of the system; here it does, so that it can be shown.",
        answers=Step.SEND_SPC_TO_PLAY,
    ),
)
