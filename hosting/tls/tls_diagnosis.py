"""Why a connection over TLS did not come about: asked anew, without a request, where a client's error does not say.

Under TLS 1.3 a server judges the client's certificate after the client's side of the handshake is done. A client that
has sent its request by then may find nothing but a broken connection; one that only listens hears the alert.
"""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from urllib.parse import urlsplit

from hosting.deadline import seconds_left
from hosting.tls.tls import ClientTls, TlsError

STEP_TIMEOUT = 1.0
"""Seconds to connect, for each part of the handshake, and to listen for an alert afterwards."""
WHOLE_TIMEOUT = 3.0
"""Seconds of all of it, where the exchange that failed has as many left (hosting.deadline)."""


HANDSHAKE_RECORD = b"\x16"
"""The first byte of what a server says that speaks TLS."""


class Problem(Enum):
    """Who does not like what; the value says it in words."""

    NO_TLS = "something that does not speak TLS"
    TLS_ONLY = "something that speaks TLS only"
    UNKNOWN_AUTHORITY = "a certificate of an authority that is not trusted here"
    WRONG_NAME = "a certificate for other host names"
    EXPIRED = "a certificate that has expired, or is not valid yet"
    CERTIFICATE_REQUIRED = "a server that turns away clients without a certificate"
    CERTIFICATE_REFUSED = "a server that refuses this client's certificate"
    HUNG_UP = "a server that hangs up after the TLS handshake, as Java's turns away clients without a certificate"
    HANDSHAKE = "a TLS handshake that failed"

    def fix(self, program: str, *, trust: str, show: str) -> str:
        """Say what to do: `trust` is how to trust another authority, `show` how to show a certificate."""
        return _FIXES[self].format(program=program, trust=trust, show=show)


_FIXES = {
    Problem.NO_TLS: "write http:// in place of https://, or start {program} with --tls",
    Problem.TLS_ONLY: "write https:// in place of http://",
    Problem.UNKNOWN_AUTHORITY: "{trust}",
    Problem.WRONG_NAME: "use a name that is in it, or start {program} with this one in --public-url",
    Problem.EXPIRED: "start {program} anew, which renews it",
    Problem.CERTIFICATE_REQUIRED: "{show}",
    Problem.CERTIFICATE_REFUSED: "{show}",
    Problem.HUNG_UP: "{show}",
    Problem.HANDSHAKE: "let both sides speak TLS 1.2 or 1.3; if it wants to see a certificate, {show}",
}

_VERIFY_CODES = {
    9: Problem.EXPIRED,
    10: Problem.EXPIRED,
    62: Problem.WRONG_NAME,
    64: Problem.WRONG_NAME,
}
"""Of OpenSSL: X509_V_ERR_CERT_NOT_YET_VALID, …_HAS_EXPIRED, …_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH."""
_CERTIFICATE_STATUSES, _NO_CERTIFICATE = (400, 496), b"No required SSL certificate was sent"
_REASONS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": Problem.CERTIFICATE_REQUIRED,
    "TLSV1_ALERT_UNKNOWN_CA": Problem.CERTIFICATE_REFUSED,
    "SSLV3_ALERT_BAD_CERTIFICATE": Problem.CERTIFICATE_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": Problem.CERTIFICATE_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": Problem.CERTIFICATE_REFUSED,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": Problem.CERTIFICATE_REFUSED,
    "TLSV1_ALERT_DECRYPT_ERROR": Problem.CERTIFICATE_REFUSED,
    "TLSV1_ALERT_ACCESS_DENIED": Problem.CERTIFICATE_REFUSED,
    "WRONG_VERSION_NUMBER": Problem.NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": Problem.NO_TLS,
}
"""By the reason that OpenSSL names; a failed handshake of any other reason is Problem.HANDSHAKE."""


def diagnose(url: str, tls: ClientTls) -> Problem | None:
    """Return why a client with these files gets no connection to `url`; None if TLS is not to blame.

    For an http URL it tells whether the server speaks TLS there.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    address = parts.hostname or "", parts.port or (443 if secure else 80)
    problem: Problem | None = None
    try:
        _shake_hands(address, tls.context() if secure else _trusting_context(), listen=secure)
    except ssl.SSLCertVerificationError as error:
        problem = _VERIFY_CODES.get(error.verify_code, Problem.UNKNOWN_AUTHORITY)
    except ssl.SSLError as error:
        problem = _REASONS.get(error.reason, Problem.HANDSHAKE)
    except _HungUp:
        problem = Problem.HUNG_UP if tls.certificate is None else Problem.CERTIFICATE_REFUSED
    except (OSError, ValueError, TlsError):  # nobody there, no time to answer, no host name, no file to use
        return None
    if not secure:
        return None if problem is Problem.NO_TLS else Problem.TLS_ONLY
    if problem is Problem.CERTIFICATE_REFUSED and tls.certificate is None:
        return Problem.CERTIFICATE_REQUIRED  # what Java and Go call bad is one that was not shown
    return problem


def wants_certificate(status: int, body: bytes, tls: ClientTls) -> bool:
    """Tell whether an answer over https turns away who showed no certificate, as nginx does: in HTTP, with a page."""
    return tls.certificate is None and status in _CERTIFICATE_STATUSES and _NO_CERTIFICATE in body


class _HungUp(Exception):
    """The server spoke TLS, and then ended the connection without a word."""


def _shake_hands(address: tuple[str, int], context: ssl.SSLContext, *, listen: bool) -> None:
    """Shake hands, and listen to the server afterwards if told. Raises what either side has against the other."""
    left = seconds_left()
    end = time.monotonic() + (WHOLE_TIMEOUT if left is None else min(WHOLE_TIMEOUT, left))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = context.wrap_bio(incoming, outgoing, server_hostname=address[0])
    with socket.create_connection(address, _step(end)) as plain:
        spoke = _until_done(secured.do_handshake, plain, incoming, outgoing, end, spoke=False)
        if listen:
            with suppress(TimeoutError):  # it waits for a request: all is well
                _until_done(lambda: secured.read(1), plain, incoming, outgoing, end, spoke=spoke)


def _step(end: float) -> float:
    """Return the seconds that the next step may take. Raises `TimeoutError` where the end has come."""
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(STEP_TIMEOUT, left)


def _until_done(
    action: Callable[[], object],
    plain: socket.socket,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    end: float,
    *,
    spoke: bool,
) -> bool:
    """Take part in TLS until an action is done; tell whether the server has spoken TLS by then, or before (`spoke`)."""
    while True:
        plain.settimeout(_step(end))
        done = False
        with suppress(ssl.SSLWantReadError):
            action()
            done = True
        try:
            plain.sendall(outgoing.read())
            data = b"" if done else plain.recv(65_536)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if done:
            return spoke
        if not data and spoke:
            raise _HungUp
        if not data:
            incoming.write_eof()
            continue
        spoke = spoke or data[:1] == HANDSHAKE_RECORD
        incoming.write(data)


def _trusting_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent over it
    return context
