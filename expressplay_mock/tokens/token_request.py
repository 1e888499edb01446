"""The token service: the parameters of a token request, each checked under its own code, become a token.

Documented by ExpressPlay but for what is this mock's: `deviceId` (no public page has a device parameter for
FairPlay), and what the extensions mean (`extensions`). The content key has a module of its own (`content_key`).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.parameters import Parameters, check_names, form_of, from_hex, is_text, single_values
from expressplay_mock.tokens.content_key import content_key
from expressplay_mock.tokens.extensions import MAX_SECONDS, read_extensions
from expressplay_mock.tokens.key_storage import KeyStorage, check_kid
from expressplay_mock.tokens.sealed_token import MAX_COOKIE, Token

LIFETIME = 30 * 86_400
"""Seconds that a token lives: the default, and the most that can be asked for."""
MAX_RELATIVE_DIGITS = 10
DEVICE_ID_SIZE = 20
"""Bytes of HU, which an SPC calls its device by."""

PARAMETERS: Mapping[str, Code] = {
    "errorFormat": Code.INVALID_ERROR_FORMAT,
    "customerAuthenticator": Code.AUTHENTICATOR_INVALID,
    "generalFlags": Code.INVALID_GENERAL_FLAGS,
    "contentKey": Code.MISSING_CONTENT_KEY,
    "iv": Code.INVALID_IV,
    "kek": Code.INVALID_WRAPPED_KEY,
    "ek": Code.INVALID_WRAPPED_KEY,
    "kid": Code.INVALID_KID,
    "rentalDuration": Code.RENTAL_NOT_A_NUMBER,
    "expirationTime": Code.INVALID_EXPIRATION,
    "cookie": Code.INVALID_COOKIE,
    "deviceId": Code.DEVICE_NOT_AUTHENTICATED,
}
"""The parameters that occur at most once, with the code for one that occurs twice."""
REPEATABLE = "fpExtension"

_ZEROS = re.compile(r"(0[xX])?0+", re.ASCII)
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)


def wants_json(parameters: Parameters) -> bool:
    """Tell whether refusals go out as JSON; HTML is the default, also where errorFormat itself is refused."""
    return parameters.get("errorFormat") == ("json",)


def make_token(parameters: Parameters, *, account: str, now: float, storage: KeyStorage | None = None) -> Token:
    """Make the token that `parameters` ask for; `now` in Unix seconds, `storage` the keys that kid may name.

    Raises `Refusal` with the code of the first parameter that is wrong, in the order of the table above.
    """
    values = single_values(parameters, PARAMETERS)
    check_names(parameters, {REPEATABLE: Code.INVALID_EXTENSION})
    _check_error_format(values.get("errorFormat", "html"))
    _check_general_flags(values.get("generalFlags", "0"))
    return Token(
        account=account,
        content_key=content_key(values, storage),
        kid=check_kid(values["kid"]) if "contentKey" in values and "kid" in values else None,
        iv=_iv(values.get("iv")),
        rental=_rental(values.get("rentalDuration", "0")),
        expires=_expires(values.get("expirationTime", f"+{LIFETIME}"), now),
        cookie=check_cookie(values["cookie"]) if "cookie" in values else None,
        device_id=_device_id(values["deviceId"]) if "deviceId" in values else None,
        extensions=_extensions(parameters.get(REPEATABLE, ()), values.get("rentalDuration", "0")),
    )


def check_cookie(value: str) -> str:
    """Return a customer cookie as it is, 1 to 32 characters. Raises `Refusal` (-2033) for any other text."""
    if not 1 <= len(value) <= MAX_COOKIE:
        raise Refusal(Code.INVALID_COOKIE, "cookie", expected="1 to 32 characters", found=f"{len(value)} characters")
    if not is_text(value):
        raise Refusal(
            Code.INVALID_COOKIE,
            "cookie",
            expected="text in UTF-8 without NUL",
            found="other bytes",
            fix="percent-encode the cookie's UTF-8 form",
        )
    return value


def _check_error_format(value: str) -> None:
    if value not in ("html", "json"):
        raise Refusal(Code.INVALID_ERROR_FORMAT, "errorFormat", expected="html or json", found=form_of(value))


def _check_general_flags(value: str) -> None:
    if not _ZEROS.fullmatch(value):
        found = form_of(value, "decimal digits")
        raise Refusal(Code.INVALID_GENERAL_FLAGS, "generalFlags", expected="hexadecimal zeros only", found=found)


def _iv(value: str | None) -> bytes:
    if value is None:
        raise Refusal(Code.INVALID_IV, "iv", expected="it once", found="none")
    return from_hex(value, Code.INVALID_IV, "iv", (16,))


def _rental(value: str) -> int:
    if not _DIGITS.fullmatch(value):
        found = form_of(value, "decimal digits")
        raise Refusal(Code.RENTAL_NOT_A_NUMBER, "rentalDuration", expected="decimal digits", found=found)
    if len(value) > MAX_RELATIVE_DIGITS or int(value) > MAX_SECONDS:
        raise Refusal(
            Code.RENTAL_OUT_OF_RANGE, "rentalDuration", expected=f"0 to {MAX_SECONDS}", found=f"{len(value)} digits"
        )
    return int(value)


def _expires(value: str, now: float) -> float:
    expires = now + _relative(value) if value[:1] in ("+", " ") else _absolute(value)
    if not now < expires <= now + LIFETIME:
        found = "a time that is over" if expires <= now else f"{expires - now:.0f} seconds ahead"
        raise _invalid_expiration(f"up to {LIFETIME} seconds (30 days) ahead of this service's clock", found)
    return expires


def _relative(value: str) -> int:
    if value[0] == " ":
        raise _invalid_expiration(
            "+ and seconds", "a blank instead of the +", "write the + as %2B: a bare + means a blank in a form"
        )
    if not _DIGITS.fullmatch(value[1:]) or len(value) > 1 + MAX_RELATIVE_DIGITS:
        found = f"+ and {form_of(value[1:], 'decimal digits')}"
        raise _invalid_expiration(f"+ and 1 to {MAX_RELATIVE_DIGITS} digits", found)
    return int(value[1:])


def _absolute(value: str) -> float:
    if _DIGITS.fullmatch(value):
        raise _invalid_expiration("+ before the seconds", "digits only", "write %2B before the seconds")
    expected = "a time like 2026-01-31T12:00:00Z, or + and seconds"
    if not _RFC_3339.fullmatch(value):
        raise _invalid_expiration(expected, form_of(value, "decimal digits"))
    try:
        return datetime.fromisoformat(value).astimezone(UTC).timestamp()
    except ValueError:
        raise _invalid_expiration(expected, value) from None


def _invalid_expiration(expected: str, found: str, fix: str | None = None) -> Refusal:
    return Refusal(Code.INVALID_EXPIRATION, "expirationTime", expected=expected, found=found, fix=fix)


def _device_id(value: str) -> str:
    fix = "send the device_id of a record as it is; leave deviceId out for a token that binds no device"
    return from_hex(value, Code.DEVICE_NOT_AUTHENTICATED, "deviceId", (DEVICE_ID_SIZE,), fix).hex()


def _extensions(values: tuple[str, ...], rental: str) -> tuple[str, ...]:
    terms = read_extensions(values)  # refuses now what redemption would have to refuse later
    if terms.dual and _rental(rental):
        raise Refusal(
            Code.INVALID_EXTENSION,
            REPEATABLE,
            expected="no rentalDuration beside dual, which has both its ends in itself",
            found=f"one of {_rental(rental)} seconds",
            fix="leave rentalDuration out",
        )
    return values
