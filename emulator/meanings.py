"""Every number a player can meet: who says it, at which step, what it means, what to do. Data only.

SEES's numbers 1 to 9 and all numbers from -9001 down are this project's own; the -2xxx to -6xxx are ExpressPlay's
documented ones, the -42xxx those of Apple's public key server headers.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    """One number. `step` is where in the sequence it shows, in words ("2 and 9")."""

    number: int
    source: str
    step: str
    title: str
    meaning: str
    fix: str


def _of(source: str, *rows: tuple[int, str, str, str, str]) -> tuple[Meaning, ...]:
    return tuple(Meaning(number, source, *rest) for number, *rest in rows)


# fmt: off
SEES = _of(
    "SEES",
    (1, "1 and 6", "malformed request", "The request is no JSON object of the form that SEES's API defines.",
     "send messageID, version and contentID with the right types, each key once, as JSON under 64 KiB"),
    (2, "1 and 6", "unsupported version", "The request's protocol version is not one this SEES speaks.",
     "send version 1"),
    (3, "1 and 6", "unknown request type", "requestType is none of 1 time-based, 2 registration, 3 device-bound.",
     "send requestType 1, 2 or 3"),
    (4, "1 and 6", "unknown content", "The catalog has no such content id, or it is not for this request type.",
     "check the content id against the packaging: registration takes the dummy's, the others any but the dummy's"),
    (5, "1 and 6", "cookie missing or too long", "Types 2 and 3 need a customer cookie of 1 to 32 characters.",
     "send the customer cookie, the same one for registration and playback"),
    (6, "6", "device not registered", "The transaction log has no issued license for this cookie.",
     "play the dummy title with this cookie first (fps-emulator register)"),
    (7, "1 and 6", "not entitled", "This cookie may not watch this title.",
     "look at the title's viewers in the catalog"),
    (8, "2, 7 and 9", "ExpressPlay refused", "ExpressPlay answered SEES's own request with an error; its code is in the"
     " text.", "explain the code in the text; often the customer authenticator is wrong"),
    (9, "2, 7 and 9", "ExpressPlay unreachable", "SEES got no answer from ExpressPlay.",
     "start ExpressPlay and check the address that SEES was started with"),
)

EXPRESSPLAY_TOKEN = _of(
    "ExpressPlay",
    (-2002, "2 and 9", "invalid token expiration time", "expirationTime is no RFC 3339 time in Z and no +seconds, or"
     " beyond 30 days.", "send +seconds (the plus as %2B) or a UTC time, at most 30 days ahead"),
    (-2003, "2 and 9", "invalid IP address", "An address restriction is not an IP address.", "correct or omit it"),
    (-2005, "2 and 9", "invalid content key", "The content key cannot be used.", "send the CEK as 32 hex digits"),
    (-2017, "2, 7 and 9", "authenticator missing", "The request has no customerAuthenticator.",
     "start SEES with the account's authenticator"),
    (-2018, "2, 7 and 9", "authenticator invalid", "ExpressPlay knows no account with this authenticator.",
     "use the authenticator of this service; production and test differ"),
    (-2019, "2 and 9", "insufficient tokens", "The account has used up its tokens.", "buy or assign tokens"),
    (-2025, "2 and 9", "invalid rental play duration", "The play duration of a rental is out of range.",
     "send seconds, 0 or more"),
    (-2027, "2 and 9", "content key must be 32 hex digits", "contentKey has another form.",
     "send the CEK as 32 hex digits"),
    (-2030, "any", "administrative error", "The service itself is in trouble; here also: the transaction log cannot be"
     " written, and without a row there is no license.", "look at the service's log, its disk and its database"),
    (-2031, "2 and 9", "service account disabled", "The account is switched off.", "have it enabled"),
    (-2033, "2, 7 and 9", "invalid cookie", "The cookie is longer than 32 characters, or empty.",
     "use a cookie of 1 to 32 characters"),
    (-2035, "7", "no corresponding value", "The record asked for is not there.", "check id, start and length"),
    (-2036, "2 and 9", "extension type not 4 characters", "An fpExtension is type,payload with a type of 4 characters.",
     "correct the type"),
    (-2037, "2 and 9", "extension payload not Base64", "The payload of an fpExtension is not Base64.",
     "encode the payload in Base64"),
    (-3004, "2 and 9", "invalid error format", "errorFormat is neither html nor json.", "send html or json"),
    (-4001, "4 and 11", "device could not be authenticated", "The SPC was refused; the cause number says which check"
     " failed.", "explain the cause (-42…, -9001)"),
    (-4010, "4 and 11", "invalid token", "The token is missing, damaged, or sealed with a key this service does not"
     " know.", "post to the token URL exactly as SEES gave it; get a new one if ExpressPlay's state was replaced"),
    (-4011, "4 and 11", "token expired", "The token was good, but its time is over on ExpressPlay's clock.",
     "ask SEES for a new token right before each play"),
    (-4018, "2 and 9", "missing kid", "A kek needs exactly one of kid and ek.", "send kid or ek with it"),
    (-4019, "2 and 9", "key storage failed", "The key storage could not be used.", "look at the service's log"),
    (-4020, "2 and 9", "kid must be 32 hex digits", "kid has another form.", "send 32 hex digits, or ^ and a string"),
    (-4021, "2 and 9", "kid too long", "More than 64 characters follow the ^.", "shorten it"),
    (-4022, "2 and 9", "invalid kid", "The key storage has no key for this kid.", "store the key first"),
    (-4024, "2 and 9", "invalid ek or kek", "ek does not unwrap under kek (RFC 3394).", "wrap the CEK under this kek"),
    (-5003, "2 and 9", "invalid general flags", "generalFlags may hold zeros only.", "send 0 or nothing"),
    (-6001, "2 and 9", "invalid fpExtension", "fpExtension is not type,payload.", "send type,payload"),
    (-6002, "2 and 9", "invalid FairPlay token type", "No such kind of FairPlay token.", "omit it"),
    (-6003, "2 and 9", "invalid iv", "iv is missing or not 32 hex digits.", "send the content IV as 32 hex digits"),
    (-6004, "4 and 11", "CKC generation failed", "The token and the SPC were good; the license could not be made.",
     "check CEK and IV in the catalog; look at the service's log"),
    (-6005, "2 and 9", "invalid key data", "The key data cannot be used.", "check contentKey and iv"),
    (-6006, "2 and 9", "service not authorised for FairPlay", "The account has no FairPlay.", "have it enabled"),
    (-6007, "2 and 9", "invalid rental duration", "rentalDuration is no number of seconds, 0 or more.",
     "send seconds, 0 for no rental"),
    (-6008, "9", "device binding not supported", "The account lacks the option to name a device in a token.",
     "have device binding enabled; until then only time-based tokens work"),
    (-6009, "2 and 9", "FairPlay option disabled", "The option is switched off for this account.", "have it enabled"),
)

SPC_CHECKS = _of(
    "SPC check (the cause of -4001)",
    (-42580, "4 and 11", "version", "What was posted is no SPC of a known version: too short, another kind of file, or"
     " another version.", "post the raw SPC octets; no certificate, no JSON, no Base64 unless in spc="),
    (-42581, "4 and 11", "parser", "A value in the SPC has a size that its tag does not allow.",
     "do not alter the SPC on its way"),
    (-42582, "4 and 11", "CKC generation", "The license could not be put together.", "look at the key server's log"),
    (-42583, "4 and 11", "missing tag", "A required tag, or one that the return request names, is not in the SPC.",
     "do not alter the SPC; use a complete client"),
    (-42584, "4 and 11", "key not found", "There is no usable content key and IV for this asset.",
     "check CEK and IV in the catalog: 16 bytes each"),
    (-42585, "4 and 11", "parameter", "A length in the SPC contradicts its bytes, or a value is not a known one.",
     "send the SPC whole: it was cut, lengthened or changed on its way"),
    (-42586, "4 and 11", "memory", "The key server ran out of memory.", "try again"),
    (-42589, "4 and 11", "integrity", "The MAC over session key, device id and R1 does not hold: SK..R1 was altered, or"
     " made with another ASk.", "do not touch the SPC; build it with the ASk that belongs to this key server"),
    (-42590, "4 and 11", "protocol version", "The protocol version in use is not one that both sides support.",
     "use a version of the supported list"),
    (-42591, "4 and 11", "duplicate tag", "A tag occurs twice.", "write each tag once"),
    (-42601, "4 and 11", "internal", "The key server failed inside.", "look at its log"),
    (-42605, "4 and 11", "certificate", "The SPC was made with a certificate that this key server does not hold, or its"
     " key cannot be unwrapped.", "fetch the application certificate of this very service, in DER form"),
    (-42612, "4 and 11", "not implemented", "The key server does not do what the SPC asks for.", "ask for less"),
)

OURS = _of(
    "this simulation",
    (-9001, "4 and 11", "simulation mark missing", "The SPC lacks the mark SIM1: it is a real device's, which this"
     " simulation never processes, or it was altered.", "use SPCs of this project's emulator"),
    (-9002, "4 and 11", "SPC seen before", "A license was already issued for this very SPC (a replay).",
     "make a fresh SPC for every request, retries included"),
    (-9003, "12", "device differs", "The token is bound to another device than the one that made the SPC.",
     "play on the device that registered this cookie, or register this one (the newest registration counts)"),
    (-9004, "4 and 11", "body too large", "The request body is over 64 KiB.", "post the SPC alone"),
)

EMULATOR = _of(
    "the emulator",
    (-9101, "any", "no answer", "Nothing answers at a service's address, or not in HTTP, or not in time.",
     "start the service; check --sees and --expressplay"),
    (-9102, "any", "unexpected answer", "Something answers that is not the service meant, or does not keep to its API.",
     "check --sees and --expressplay: they may be swapped"),
    (-9103, "0 and 6", "bad playlist", "The playlist is no HLS playlist, or not one encrypted for FairPlay.",
     "check the address, and how the title was packaged"),
    (-9104, "0 and 6", "bad key URI", "The URI of the EXT-X-KEY names no content id and carries no token.",
     "write skd://<content id>; do not encode, cut or fetch it on the way"),
    (-9105, "3 and 10", "messageID differs", "SEES answered another message; the entitlement counts as denied.",
     "SEES must echo the request's messageID"),
    (-9106, "before 0", "bad provisioning", "What the factory gave is no certificate and ASk.",
     "check that --expressplay is the address of expressplay-mock"),
    (-9107, "0 and 6", "unknown title", "SEES serves no such title.", "name one that GET /titles lists"),
    (-9108, "after 13", "rental ran out", "The license's rental seconds, counted from its download, have passed on the"
     " device's clock.", "rent again: play anew, with a new license"),
    (-9109, "any", "bad address", "An address that cannot be a service's.", "write it like http://127.0.0.1:8080"),
    (-9110, "6 and after 13", "playback failed", "The media cannot be played, or the frames are not those of the clear"
     " source: no key, a wrong key, damaged media, another container.", "do what the error's own line says"),
    (-9111, "after 13", "lease ran out", "The license's lease, counted from the creation of its SPC, has ended on the"
     " device's clock, and no renewal came in time.", "find out why the renewal was refused, then play anew"),
    (-9112, "none", "bad recording", "The file is no recording of this format, or cannot be played again.",
     "record a run with a cookie of its own: fps-emulator bind --cookie … --recording FILE"),
    (-9113, "the one named", "replay differs", "The recorded run went another way against this SEES.",
     "compare expected and found; the recording tells what each party did there"),
    (-9114, "after 13", "stored key expired", "The rental seconds of a key that the device kept have passed on its"
     " clock.", "download the title again, with a new license"),
    (-9115, "none", "no such kept title", "The device's state holds no such title, or one of another device, or a"
     " damaged one.", "play it once with --state and a server, on this device"),
    (-9116, "13", "key not persistent", "The license is good for this playback only; the device may not keep its key.",
     "set persistent = true for the title in the catalog"),
    (-9117, "any", "TLS failed", "One side speaks TLS and the other does not, or one refuses the other's certificate.",
     "check http:// and https://; name the authority with --ca, and for SEES a --client-certificate"),
    (-9118, "after 13", "cannot tell", "All frames were decoded, but so they were under random keys: nothing shows"
     " which key is right.", "look at the still picture (--still), or put frames.json beside the playlist"),
)
# fmt: on

MEANINGS = SEES + EXPRESSPLAY_TOKEN + SPC_CHECKS + OURS + EMULATOR
