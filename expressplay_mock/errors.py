"""Every numbered refusal of the services: what it means, what usually causes it, and the fix.

ExpressPlay publishes the numbers from -2002 to -6009 with a short meaning each; -4011 and those below -9000 are
this mock's own, and the causes and fixes are its own words throughout. The last column, the HTTP status, is
ExpressPlay's where it says one: 400 for invalid arguments, 401 where authentication failed, 50x for the server.
"""

import html
from enum import Enum
from typing import Any

from fairplay.errors import FairPlayError


class Code(Enum):
    """One row per number: number, meaning, usual cause, fix, HTTP status."""

    def __init__(self, number: int, meaning: str, cause: str, fix: str, status: int = 400) -> None:
        self.number = number
        self.meaning = meaning
        self.cause = cause
        self.fix = fix
        self.status = status

    INVALID_EXPIRATION = (
        -2002,
        "Invalid token expiration time",
        "the time has another form, is over, or lies more than 30 days ahead",
        "send RFC 3339 in Z, or + and seconds with the + written as %2B",
    )
    INVALID_IP_ADDRESS = (
        -2003,
        "Invalid IP address",
        "an IP restriction that is no address",
        "send no IP restriction for FairPlay",
    )
    MISSING_CONTENT_KEY = (
        -2005,
        "Invalid content key",
        "the content key is missing, occurs twice, or is mixed with kek, ek or kid",
        "send contentKey once and nothing else of them, or kek with ek or kid, or kid alone",
    )
    AUTHENTICATOR_MISSING = (
        -2017,
        "Customer authenticator missing",
        "the request does not say which account asks",
        "send customerAuthenticator as a query parameter or form field",
        401,
    )
    AUTHENTICATOR_INVALID = (
        -2018,
        "Customer authenticator invalid",
        "no account has this authenticator, or one of the other environment has it: test and production differ",
        "copy the authenticator that belongs to this service",
        401,
    )
    INSUFFICIENT_TOKENS = (
        -2019,
        "Insufficient tokens",
        "the account has used up its tokens",
        "order more tokens for the account",
    )
    RENTAL_NOT_A_NUMBER = (
        -2025,
        "Invalid rental play duration",
        "the rental duration is no whole number of seconds",
        "send rentalDuration in decimal digits, 0 for no rental",
    )
    CONTENT_KEY_NOT_HEX = (
        -2027,
        "Content key must be 32 hexadecimal digits",
        "the content key has another length or other characters, often Base64 or a GUID with hyphens",
        "write the 16 bytes of the content key as 32 hexadecimal digits",
    )
    ADMIN_ERROR = (
        -2030,
        "Admin error",
        "the service cannot work now; here: the transaction log cannot be read or written",
        "look at the service's own log, then send the request again",
        503,
    )
    ACCOUNT_DISABLED = (
        -2031,
        "Service account disabled",
        "the account was switched off",
        "have the account enabled again",
        401,
    )
    INVALID_COOKIE = (
        -2033,
        "Invalid cookie",
        "the customer cookie is empty, longer than 32 characters, or combined with another way to ask",
        "send one cookie of 1 to 32 characters",
    )
    NO_VALUE = (
        -2035,
        "No corresponding value",
        "no record of this account belongs to the value, or the value has another form",
        "ask for records by cookie, by an id taken from a record, or by start and length",
    )
    EXTENSION_TYPE = (
        -2036,
        "Extension type is not 4 characters",
        "the part of fpExtension before the comma has another length",
        "send fpExtension as type,payload with a type of 4 characters",
    )
    EXTENSION_PAYLOAD = (
        -2037,
        "Extension payload is not Base64",
        "the part of fpExtension after the comma does not decode",
        "encode the payload in Base64, and percent-encode its +",
    )
    INVALID_ERROR_FORMAT = (
        -3004,
        "Invalid error format",
        "errorFormat is neither html nor json",
        "send errorFormat=html or errorFormat=json, or leave it out for html",
    )
    DEVICE_NOT_AUTHENTICATED = (
        -4001,
        "Device could not be authenticated",
        "the SPC breaks a rule (the cause says which), or a device id is no FairPlay device id",
        "send the SPC as the device made it, built with the certificate of this service",
    )
    INVALID_TOKEN = (
        -4010,
        "Invalid token",
        "the token is missing, was shortened or changed, or comes from another service",
        "use the token URL exactly as the token service returned it",
    )
    TOKEN_EXPIRED = (
        -4011,
        "Token expired",
        "the expiration time that the token was made with is over on the clock of this service",
        "ask SEES for a new token just before it is needed",
        403,
    )
    MISSING_KID = (
        -4018,
        "Missing kid",
        "there is a kek, but neither ek nor kid",
        "send kek with exactly one of ek and kid, or contentKey alone",
    )
    KEY_STORAGE_FAILED = (
        -4019,
        "Key storage failed",
        "kid asks for a key from the key storage, and the mock was started without one",
        "start the mock with --key-storage, or send the content key itself as contentKey",
    )
    KID_NOT_HEX = (
        -4020,
        "kid must be 32 hexadecimal digits",
        "kid has another form",
        "send 32 hexadecimal digits, or ^ and a string",
    )
    KID_TOO_LONG = (
        -4021,
        "kid longer than 64 characters after ^",
        "the string after ^ is too long",
        "use at most 64 characters after ^",
    )
    INVALID_KID = (-4022, "Invalid kid", "kid names no key", "send the kid that the key was stored under")
    INVALID_WRAPPED_KEY = (
        -4024,
        "Invalid ek or kek",
        "kek or ek has another form, or kek did not wrap the key",
        "send kek as 32, 48 or 64 hexadecimal digits and ek as 48, made by AES Key Wrap (RFC 3394)",
    )
    INVALID_GENERAL_FLAGS = (
        -5003,
        "Invalid general flags",
        "generalFlags is not hexadecimal, or sets a flag",
        "send zeros only, or leave generalFlags out",
    )
    INVALID_EXTENSION = (
        -6001,
        "Invalid fpExtension",
        "fpExtension has no comma, or there is too much of it",
        "send fpExtension as type,payload",
    )
    INVALID_TOKEN_TYPE = (
        -6002,
        "Invalid FairPlay token type",
        "the token is of a kind that FairPlay does not have",
        "ask for a token without a type",
    )
    INVALID_IV = (
        -6003,
        "Invalid iv",
        "the IV is missing, or is not 32 hexadecimal digits",
        "send the IV that the content was packaged with as 32 hexadecimal digits",
    )
    CKC_FAILED = (
        -6004,
        "CKC generation failed",
        "the license could not be made from the key data of the token",
        "have a new token made, with the key and IV of the content",
        500,
    )
    INVALID_KEY_DATA = (
        -6005,
        "Invalid key data",
        "the stored key is wrapped and no kek came with kid, or it is in clear and one did",
        "send kek with the kid of a wrapped key, and kid alone for one in clear",
    )
    FAIRPLAY_NOT_AUTHORISED = (
        -6006,
        "Service not authorised for FairPlay",
        "the account has no FairPlay service",
        "have FairPlay added to the account",
    )
    RENTAL_OUT_OF_RANGE = (
        -6007,
        "Invalid rental duration",
        "the rental duration does not fit into a CKC, whose field has 32 bits and a reserved highest value",
        "send 0 to 4294967294 seconds",
    )
    BINDING_NOT_SUPPORTED = (
        -6008,
        "Device binding not supported",
        "the account has no device binding for FairPlay",
        "have device binding added to the account",
    )
    FAIRPLAY_DISABLED = (
        -6009,
        "FairPlay option disabled",
        "FairPlay was switched off for the account",
        "have FairPlay switched on for the account",
    )
    NO_MARK = (
        -9001,
        "SPC without the mark of this simulation",
        "the SPC of a real device, or bytes 4 to 7 were altered; occurs as a cause of -4001",
        "use this simulation's emulator: a real SPC is never processed here",
    )
    REPLAYED = (
        -9002,
        "SPC seen before",
        "a license was already issued for this SPC",
        "make a fresh SPC for every license request, also when an answer got lost",
        409,
    )
    OTHER_DEVICE = (
        -9003,
        "Device differs from the token's",
        "the token is bound to one device, and another one made the SPC",
        "register this device with the dummy title, then ask SEES for a new token",
        403,
    )
    BODY_TOO_LARGE = (
        -9004,
        "Body too large",
        "the body is longer than any message of these services",
        "send one SPC, or one set of parameters, and nothing else",
        413,
    )


class Refusal(Exception):
    """A request is refused: which code, what was looked at, what was expected there, and what was found.

    ``cause`` is the number of the SPC check where one failed. Where that must not be told, ``finding`` is what was
    really found: for the journal, never for an answer. No text here may hold a secret: of a content key or an
    authenticator only its form is told.
    """

    def __init__(
        self,
        code: Code,
        subject: str,
        *,
        expected: str,
        found: str,
        fix: str | None = None,
        cause: int | None = None,
        finding: FairPlayError | None = None,
    ) -> None:
        self.code = code
        self.subject = subject
        self.expected = expected
        self.found = found
        self.fix = fix or code.fix
        self.cause = cause
        self.finding = finding
        super().__init__(f"{code.number} {code.meaning}. {self.hint}")

    @classmethod
    def because_of(cls, code: Code, error: FairPlayError) -> "Refusal":
        """Pass on what the check of an SPC found, its number as the cause."""
        return cls(code, error.title, expected=error.expected, found=error.found, fix=error.fix, cause=error.number)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.code.status

    @property
    def hint(self) -> str:
        """What was expected and found, and the likely fix."""
        return f"{self.subject}: expected {self.expected}, found {self.found}. Likely fix: {self.fix}."

    def as_json(self) -> dict[str, Any]:
        """Return the JSON body of the token and record services."""
        return {"errorCode": self.code.number, "errorMessage": self.code.meaning, "hint": self.hint}

    def as_license_json(self) -> dict[str, Any]:
        """Return the JSON body of the license service, which also names the SPC check that failed."""
        return {**self.as_json(), "cause": self.cause}

    def as_html(self) -> str:
        """Return the HTML body of the token service."""
        title = html.escape(f"{self.code.number} {self.code.meaning}")
        return (
            "<!DOCTYPE html>\n"
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f"<body><h1>{title}</h1><p>{html.escape(self.hint)}</p></body></html>\n"
        )
