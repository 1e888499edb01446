"""HTTPS for sessions of `requests`: certificates from a ClientTls in place of requests' own."""

import ssl
from functools import cached_property
from typing import Any

from requests import PreparedRequest, Session
from requests.adapters import HTTPAdapter

from hosting.tls.tls import ClientTls


class TlsAdapter(HTTPAdapter):
    """Takes what HTTPAdapter takes. Its first request raises TlsError where a certificate file is of no use."""

    def __init__(self, tls: ClientTls, **options: Any) -> None:
        self._tls = tls
        super().__init__(**options)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._tls.context()  # at the first https request: many a client never makes one, and it takes 20 ms

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        """Give urllib3 our context; requests documents this method as the place for it."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to the context, where requests would load the public authorities anew for each connection."""


def new_session(tls: ClientTls) -> Session:
    """Return a session that uses these files for https, and takes nothing from the environment."""
    session = Session()
    session.trust_env = False
    session.mount("https://", TlsAdapter(tls))
    return session
