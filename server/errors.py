"""The numbers with which SEES says no, and the HTTP status of each."""

from enum import IntEnum


class ErrorNumber(IntEnum):
    """Value of `error` in a response; the numbers are this project's own."""

    MALFORMED_REQUEST = 1
    UNSUPPORTED_VERSION = 2
    UNKNOWN_REQUEST_TYPE = 3
    UNKNOWN_CONTENT = 4
    BAD_COOKIE = 5
    DEVICE_NOT_REGISTERED = 6
    NOT_ENTITLED = 7
    EXPRESSPLAY_REFUSED = 8
    EXPRESSPLAY_UNREACHABLE = 9

    @property
    def http_status(self) -> int:
        """200 for a decision, since the exchange itself went well."""
        return _HTTP_STATUS.get(self, 200)


_HTTP_STATUS = {
    ErrorNumber.MALFORMED_REQUEST: 400,
    ErrorNumber.EXPRESSPLAY_REFUSED: 502,
    ErrorNumber.EXPRESSPLAY_UNREACHABLE: 503,
}


class DeniedError(Exception):
    """No entitlement: the number, and a text for whoever reads the response. Never holds a secret."""

    def __init__(self, number: ErrorNumber, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.text = text
