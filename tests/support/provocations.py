"""How each documented code is provoked: the registry that docs/codes.md is rendered from and that a test acts out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from mock_over_http import CEK, MINE, OTHER
from two_mocks import AUTHENTICATORS, KEK, STORED_CLEAR, STORED_WRAPPED, WRAPPED, TwoMocks

from expressplay_mock.errors import Code

Act = Callable[[TwoMocks], requests.Response]


@dataclass(frozen=True)
class Provocation:
    """What to do, in words for the page and as an act against two running mocks.

    With `as_cause` the code comes as the cause of another.
    """

    code: Code
    how: str
    act: Act
    as_cause: bool = False


def _asked(code: Code, how: str, account: str = "good", **changes: Any) -> Provocation:
    asked = {"customerAuthenticator": AUTHENTICATORS[account], **changes}
    return Provocation(code, how, lambda mocks: mocks.configured.token(**asked))


def _by_fault(code: Code, at: str, why: str, act: Act) -> Provocation:
    def provoke(mocks: TwoMocks) -> requests.Response:
        assert mocks.configured.fault(fault="refuse", at=at, code=code.number, times=1).ok
        return act(mocks)

    how = f'{why}: `POST /_sim/faults {{"fault": "refuse", "at": "{at}", "code": {code.number}}}`, then any request'
    return Provocation(code, how, provoke)


def _without_key(**instead: str) -> dict[str, Any]:
    return {"contentKey": None, **instead}


def _expired(mocks: TwoMocks) -> requests.Response:
    mock = mocks.configured
    token_url = mock.token_url(expirationTime="+60")
    mock.advance(61)
    return mock.redeem(token_url)


def _replayed(mocks: TwoMocks) -> requests.Response:
    mock = mocks.configured
    token_url, (spc, _) = mock.token_url(), mock.spc()
    assert mock.redeem(token_url, spc).status_code == 200
    return mock.redeem(token_url, spc)


def _without_mark(mocks: TwoMocks) -> requests.Response:
    mock = mocks.configured
    spc, _ = mock.spc()
    return mock.redeem(mock.token_url(), spc[:4] + bytes(4) + spc[8:])


def _of_another_device(mocks: TwoMocks) -> requests.Response:
    mock = mocks.configured
    spc, _ = mock.spc(OTHER)
    return mock.redeem(mock.token_url(deviceId=MINE.hex()), spc)


def _redeemed(mocks: TwoMocks) -> requests.Response:
    return mocks.configured.license()[0]


def _asked_well(mocks: TwoMocks) -> requests.Response:
    return mocks.configured.token()


def _log_gone(mocks: TwoMocks) -> requests.Response:
    mocks.break_log()
    return mocks.plain.records()


_OTHER_DRM = (
    Code.INVALID_OUTPUT_CONTROL,
    Code.MISSING_RIGHTS_TYPE,
    Code.INVALID_RIGHTS_TYPE,
    Code.MISSING_RENTAL_END,
    Code.MISSING_PLAY_DURATION,
    Code.OUTPUT_CONTROL_OUT_OF_RANGE,
    Code.OUTPUT_CONTROL_SIZE,
)
PROVOCATIONS = (
    *(
        _by_fault(code, "token", "no FairPlay request provokes it: it is for other DRMs", _asked_well)
        for code in _OTHER_DRM
    ),
    _asked(Code.INVALID_EXPIRATION, "`expirationTime` more than 30 days ahead", expirationTime="+2592001"),
    _by_fault(Code.INVALID_IP_ADDRESS, "token", "no FairPlay parameter has an IP address", _asked_well),
    _asked(Code.MISSING_CONTENT_KEY, "no `contentKey`, `kek`, `ek` or `kid`", contentKey=None),
    _asked(Code.AUTHENTICATOR_MISSING, "no `customerAuthenticator`", customerAuthenticator=None),
    _asked(Code.AUTHENTICATOR_INVALID, "the authenticator of a production account, on test", account="production"),
    _asked(Code.INSUFFICIENT_TOKENS, "an account with `tokens = 0`", account="spent"),
    _asked(Code.RENTAL_NOT_A_NUMBER, "`rentalDuration=one day`", rentalDuration="one day"),
    _asked(Code.CONTENT_KEY_NOT_HEX, "31 digits in `contentKey`", contentKey=CEK[:-1]),
    Provocation(Code.ADMIN_ERROR, "a transaction log that cannot be read", _log_gone),
    _asked(Code.ACCOUNT_DISABLED, "an account with `enabled = false`", account="disabled"),
    _asked(Code.INVALID_COOKIE, "33 characters in `cookie`", cookie="c" * 33),
    Provocation(
        Code.NO_VALUE, "records of an `id` that no record has", lambda mocks: mocks.configured.records(id="999999")
    ),
    _asked(Code.EXTENSION_TYPE, "`fpExtension` with a type of 3 characters", fpExtension="abc,AAAA"),
    _asked(Code.EXTENSION_PAYLOAD, "`fpExtension=abcd,*`", fpExtension="abcd,*"),
    _asked(Code.INVALID_ERROR_FORMAT, "`errorFormat=xml`; the answer can only be HTML", errorFormat="xml"),
    _asked(Code.DEVICE_NOT_AUTHENTICATED, "`deviceId` that is no device id; or any bytes as SPC", deviceId="00"),
    Provocation(
        Code.INVALID_TOKEN,
        "a token URL cut short",
        lambda mocks: mocks.configured.redeem(mocks.configured.token_url()[:-4]),
    ),
    Provocation(Code.TOKEN_EXPIRED, "redeem after `expirationTime`, by `POST /_sim/clock`", _expired),
    _asked(Code.MISSING_KID, "`kek` alone", **_without_key(kek=KEK)),
    Provocation(
        Code.KEY_STORAGE_FAILED,
        "`kid` at a mock without `--key-storage`",
        lambda mocks: mocks.plain.token(**_without_key(kid=STORED_CLEAR)),
    ),
    _asked(Code.KID_NOT_HEX, "`kid` of 31 digits", **_without_key(kid=STORED_CLEAR[:-1])),
    _asked(Code.KID_TOO_LONG, "`kid` with 65 characters after `^`", **_without_key(kid="^" + "k" * 65)),
    _asked(Code.INVALID_KID, "`kid` that no key is stored under", **_without_key(kid="^nothing")),
    _asked(Code.INVALID_WRAPPED_KEY, "a `kek` that did not wrap `ek`", **_without_key(kek="ff" * 16, ek=WRAPPED)),
    _asked(Code.INVALID_GENERAL_FLAGS, "`generalFlags=1`", generalFlags="1"),
    _asked(Code.INVALID_EXTENSION, "`fpExtension` without a comma", fpExtension="abcd"),
    _by_fault(Code.INVALID_TOKEN_TYPE, "token", "no FairPlay parameter has a type", _asked_well),
    _asked(Code.INVALID_IV, "no `iv`", iv=None),
    _by_fault(
        Code.CKC_FAILED,
        "rights",
        "a token of this mock always holds a good key",
        _redeemed,
    ),
    _asked(Code.INVALID_KEY_DATA, "`kid` of a wrapped key without `kek`", **_without_key(kid=STORED_WRAPPED)),
    _asked(Code.FAIRPLAY_NOT_AUTHORISED, "an account with `fairplay_service = false`", account="no service"),
    _asked(Code.RENTAL_OUT_OF_RANGE, "`rentalDuration=4294967295`", rentalDuration="4294967295"),
    _asked(
        Code.BINDING_NOT_SUPPORTED,
        "`deviceId` with an account that has `device_binding = false`",
        account="no binding",
        deviceId=MINE.hex(),
    ),
    _asked(Code.FAIRPLAY_DISABLED, "an account with `fairplay = false`", account="switched off"),
    Provocation(Code.NO_MARK, "an SPC without `SIM1` at offset 4: -4001 with this cause", _without_mark, as_cause=True),
    Provocation(Code.REPLAYED, "the same SPC twice", _replayed),
    Provocation(
        Code.OTHER_DEVICE,
        "a token for one device, an SPC of another",
        _of_another_device,
    ),
    Provocation(
        Code.BODY_TOO_LARGE,
        "a body of more than 64 KiB",
        lambda mocks: mocks.configured.redeem(mocks.configured.token_url(), bytes(65_537)),
    ),
)
