"""What load is made of: tokens, SPCs and whole HTTP requests, made with the mock's own credentials.

Requests are made before the measurement, so that a generator of load spends its time on sockets only.
"""

import os
import secrets
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from expressplay_mock.credentials import Credentials, load_or_create
from expressplay_mock.tokens.sealed_token import Token, seal
from fairplay.certificate import ApplicationCertificate, load_certificate
from fairplay.session_key import device_id_of
from fairplay.spc import build_spc

CONTENT_ID = b"e9a1c6c2-0001-4a00-8000-000000000001"
TIMEOUT = 15.0
"""Seconds that any answer may take."""


@dataclass(frozen=True)
class Workload:
    """Makes messages that one mock accepts, with that mock's credentials."""

    credentials: Credentials
    certificate: ApplicationCertificate = field(repr=False)

    def token(self, cookie: str, device: str | None = None) -> str:
        """Return the token of a cookie, bound to the device of a seed if one is given."""
        token = Token(
            account=self.credentials.account.number,
            content_key=secrets.token_bytes(16),
            iv=secrets.token_bytes(16),
            expires=time.time() + 86_400,
            cookie=cookie,
            device_id=device_id_of(device).hex() if device else None,
        )
        return seal(token, self.credentials.token_keys, secrets.token_bytes)

    def spc(self, device: str) -> bytes:
        """Return a fresh SPC of the device of a seed."""
        spc, _ = build_spc(
            certificate=self.certificate,
            ask=self.credentials.ask,
            device_id=device_id_of(device),
            asset_id=CONTENT_ID,
            now=int(time.time()),
            random=os.urandom,
        )
        return spc

    def redemption(self, token: str, spc: bytes) -> bytes:
        """Return the HTTP request that redeems a token."""
        head = (
            f"POST /hms/fp/rights/?ExpressPlayToken={token} HTTP/1.1\r\nHost: bench\r\n"
            f"Content-Type: application/octet-stream\r\nContent-Length: {len(spc)}\r\n\r\n"
        )
        return head.encode() + spc


def workload_of(state: Path, spc_version: int = 2) -> Workload:
    """Return the workload for the mock with this state directory, whose credentials are made where there are none."""
    credentials = load_or_create(state)
    key = credentials.v1 if spc_version == 1 else credentials.v2
    return Workload(credentials, load_certificate(key.certificate))


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes


class Connection:
    """One keep-alive connection that sends requests as they are. Raises `OSError` or `EOFError` where it breaks."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> Answer:
        """Send a request and read the answer, which must state its length."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._receive()
        return Answer(int(head[9:12]), body)

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _receive(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise EOFError("the connection was closed")
        return data
