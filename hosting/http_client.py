"""Sessions of `requests` as all parties use them: one deadline for an exchange, certificates of a ClientTls."""

import ssl
from functools import cached_property
from typing import Any

from requests import PreparedRequest, Session
from requests.adapters import HTTPAdapter

from hosting.connection_pools import POOLS
from hosting.deadline import ending
from hosting.tls.tls import ClientTls


class Adapter(HTTPAdapter):
    """An adapter whose exchanges end with the block of hosting.deadline.within that they begin in."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools, of connections of ours."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS


class TlsAdapter(Adapter):
    """The same with certificates from a ClientTls in place of requests' own.

    Its first request raises `TlsError` where a certificate file is of no use.
    """

    def __init__(self, tls: ClientTls, **options: Any) -> None:
        self._tls = tls
        super().__init__(**options)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        # At the first https request: many a client never makes one, and it takes 20 ms.
        return ending(self._tls.context())

    def build_connection_pool_key_attributes(self, request: PreparedRequest, verify: Any, cert: Any = None) -> Any:
        """Give urllib3 our context; requests documents this method as the place for it."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {"ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave it to the context, where requests would load the public authorities anew for each connection."""


def new_session(tls: ClientTls, **options: Any) -> Session:
    """Return a session that uses these files for https, and takes nothing from the environment.

    `options` are those of requests' HTTPAdapter.
    """
    session = Session()
    session.trust_env = False
    session.mount("http://", Adapter(**options))
    session.mount("https://", TlsAdapter(tls, **options))
    return session
