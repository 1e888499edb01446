"""The numbered refusals of the services. What each number means and what to do is in `simulation.error_numbers`.

ExpressPlay publishes 40 numbers from -2002 to -6009; -4011 and those below -9000 are this mock's own. The HTTP status
is ExpressPlay's where it says one: 400 for invalid arguments, 401 where authentication failed, 50x for the server.
"""

import html
from enum import Enum
from typing import Any

from fairplay.errors import FairPlayError
from simulation.error_numbers import BY_NUMBER


class Code(Enum):
    """A number by its name, with its HTTP status where that is not 400."""

    def __init__(self, number: int, status: int = 400) -> None:
        self.number = number
        self.status = status

    @property
    def title(self) -> str:
        """The number in a few words: the errorMessage of a refusal."""
        return BY_NUMBER[self.number].title

    @property
    def meaning(self) -> str:
        """What it means, as a sentence."""
        return BY_NUMBER[self.number].meaning

    @property
    def fix(self) -> str:
        """What most often helps, without a full stop."""
        return BY_NUMBER[self.number].fix

    INVALID_EXPIRATION = -2002
    INVALID_IP_ADDRESS = -2003
    MISSING_CONTENT_KEY = -2005
    INVALID_OUTPUT_CONTROL = -2008
    AUTHENTICATOR_MISSING = (-2017, 401)
    AUTHENTICATOR_INVALID = (-2018, 401)
    INSUFFICIENT_TOKENS = -2019
    MISSING_RIGHTS_TYPE = -2020
    INVALID_RIGHTS_TYPE = -2021
    MISSING_RENTAL_END = -2022
    MISSING_PLAY_DURATION = -2023
    RENTAL_NOT_A_NUMBER = -2025
    CONTENT_KEY_NOT_HEX = -2027
    ADMIN_ERROR = (-2030, 503)
    ACCOUNT_DISABLED = (-2031, 401)
    INVALID_COOKIE = -2033
    OUTPUT_CONTROL_OUT_OF_RANGE = -2034
    NO_VALUE = -2035
    EXTENSION_TYPE = -2036
    EXTENSION_PAYLOAD = -2037
    OUTPUT_CONTROL_SIZE = -2040
    INVALID_ERROR_FORMAT = -3004
    DEVICE_NOT_AUTHENTICATED = -4001
    INVALID_TOKEN = -4010
    TOKEN_EXPIRED = (-4011, 403)
    MISSING_KID = -4018
    KEY_STORAGE_FAILED = -4019
    KID_NOT_HEX = -4020
    KID_TOO_LONG = -4021
    INVALID_KID = -4022
    INVALID_WRAPPED_KEY = -4024
    INVALID_GENERAL_FLAGS = -5003
    INVALID_EXTENSION = -6001
    INVALID_TOKEN_TYPE = -6002
    INVALID_IV = -6003
    CKC_FAILED = (-6004, 500)
    INVALID_KEY_DATA = -6005
    FAIRPLAY_NOT_AUTHORISED = -6006
    RENTAL_OUT_OF_RANGE = -6007
    BINDING_NOT_SUPPORTED = -6008
    FAIRPLAY_DISABLED = -6009
    NO_MARK = -9001
    REPLAYED = (-9002, 409)
    OTHER_DEVICE = (-9003, 403)
    BODY_TOO_LARGE = (-9004, 413)


class Refusal(Exception):
    """A request is refused: which code, what was looked at, what was expected there, and what was found.

    `cause` is the number of the SPC check where one failed. Where that must not be told, `finding` is what was
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
        super().__init__(f"{code.number} {code.title}. {self.hint}")

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
        return {"errorCode": self.code.number, "errorMessage": self.code.title, "hint": self.hint}

    def as_license_json(self) -> dict[str, Any]:
        """Return the JSON body of the license service, which also names the SPC check that failed."""
        return {**self.as_json(), "cause": self.cause}

    def as_html(self) -> str:
        """Return the HTML body of the token service."""
        title = html.escape(f"{self.code.number} {self.code.title}")
        return (
            "<!DOCTYPE html>\n"
            f'<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f"<body><h1>{title}</h1><p>{html.escape(self.hint)}</p></body></html>\n"
        )
