"""Why a connection over TLS did not come about: asked anew, without a request, where a client's error does not say.

Under TLS 1.3 a server judges the client's certificate after the client's side of the handshake is done. A client that
has sent its request by then may find nothing but a broken connection; one that only listens hears the alert.
"""

import socket
import ssl
from contextlib import suppress
from enum import Enum
from urllib.parse import urlsplit

from hosting.tls.tls import ClientTls, TlsError

PATIENCE = 1.0
"""Seconds to connect, for each part of the handshake, and to listen for an alert afterwards."""


class Problem(Enum):
    """Who does not like what; the value says it in words."""

    NO_TLS = "something that does not speak TLS"
    TLS_ONLY = "something that speaks TLS only"
    UNKNOWN_AUTHORITY = "a certificate of an authority that is not trusted here"
    WRONG_NAME = "a certificate for other host names"
    EXPIRED = "a certificate that has expired, or is not valid yet"
    CERTIFICATE_REQUIRED = "a server that turns away clients without a certificate"
    CERTIFICATE_REFUSED = "a server that refuses this client's certificate"
    HANDSHAKE = "a TLS handshake that failed"

    def fix(self, program: str, *, trust: str, show: str) -> str:
        """Say what to do: ``trust`` is how to trust another authority, ``show`` how to show a certificate."""
        return _FIXES[self].format(program=program, trust=trust, show=show)


_FIXES = {
    Problem.NO_TLS: "write http:// in place of https://, or start {program} with --tls",
    Problem.TLS_ONLY: "write https:// in place of http://",
    Problem.UNKNOWN_AUTHORITY: "{trust}",
    Problem.WRONG_NAME: "use a name that is in it, or start {program} with this one in --public-url",
    Problem.EXPIRED: "start {program} anew, which renews it",
    Problem.CERTIFICATE_REQUIRED: "{show}",
    Problem.CERTIFICATE_REFUSED: "{show}",
    Problem.HANDSHAKE: "let both sides speak TLS 1.2 or 1.3; if it wants to see a certificate, {show}",
}

_VERIFY_CODES = {
    9: Problem.EXPIRED,
    10: Problem.EXPIRED,
    62: Problem.WRONG_NAME,
    64: Problem.WRONG_NAME,
}
"""Of OpenSSL: X509_V_ERR_CERT_NOT_YET_VALID, …_HAS_EXPIRED, …_HOSTNAME_MISMATCH, …_IP_ADDRESS_MISMATCH."""
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
    """Return why a client with these files gets no connection to ``url``; None if TLS is not to blame.

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
    except (OSError, ValueError, TlsError):  # nobody there, no time to answer, no host name, no file to use
        return None
    if not secure:
        return None if problem is Problem.NO_TLS else Problem.TLS_ONLY
    return problem


def _shake_hands(address: tuple[str, int], context: ssl.SSLContext, *, listen: bool) -> None:
    """Shake hands, and listen to the server afterwards if told. Raises what either side has against the other."""
    with (
        socket.create_connection(address, PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as secured,
        suppress(TimeoutError),  # it waits for a request: all is well
    ):
        if listen:
            secured.recv(1)


def _trusting_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent over it
    return context
