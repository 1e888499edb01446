"""Connection pools of urllib3 as all parties use them: one deadline for an exchange, certificates of a ClientTls."""

import ssl
from functools import cached_property
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError

from hosting.deadline import EndingConnection, ending
from hosting.tls.tls import ClientTls

KEPT = 10
"""Connections to one host that are kept for the next request."""


class _Connection(EndingConnection, HTTPConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from None


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS = {"http": _Pool, "https": _TlsPool}
"""By scheme; their exchanges end with the block of hosting.deadline.within that they begin in."""


class Pools(PoolManager):
    """Pools for every host, and nothing from the environment.

    The first https request raises `TlsError` where a file of `tls` is of no use.
    """

    def __init__(self, tls: ClientTls) -> None:
        super().__init__(maxsize=KEPT)
        self.pool_classes_by_scheme = POOLS
        self._tls = tls

    @cached_property
    def _context(self) -> ssl.SSLContext:
        # At the first https request: many a client never makes one, and it takes 20 ms.
        return ending(self._tls.context())

    def connection_from_host(
        self, host: str | None, port: int | None = None, scheme: str | None = "http", pool_kwargs: Any = None
    ) -> HTTPConnectionPool:
        """Return the pool of a host."""
        if scheme == "https":
            pool_kwargs = {**(pool_kwargs or {}), "ssl_context": self._context}
        return super().connection_from_host(host, port, scheme, pool_kwargs)
