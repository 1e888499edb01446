"""Requests to the SEES under test: any bytes can be sent, any answer is taken, and all is kept for the report."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from sees_testing.conform.redaction import printable

MAX_ANSWER = 1024 * 1024
"""Bytes read of an answer."""


@dataclass(frozen=True)
class Exchange:
    """What was sent to whom and what came back, as text; `status` is None where no answer came."""

    party: str
    sent: str
    status: int | None
    received: str


@dataclass(frozen=True)
class Reply:
    """An answer of the SEES; `status` is None where the connection ended without one, `problem` says how."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    problem: str = ""

    def object(self) -> dict[str, Any] | None:
        """Return the body as a JSON object, None where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def __str__(self) -> str:
        if self.status is None:
            return f"no answer ({self.problem})"
        return f"HTTP {self.status} {printable(self.body)}".rstrip()


@dataclass
class Wire:
    """The way to one SEES, which takes requests at `endpoint`; `timeout` in seconds.

    `headers` go with every request. `exchanges` are those since they were taken last.
    """

    endpoint: str
    timeout: float
    http: requests.Session
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    exchanges: list[Exchange] = field(default_factory=list)
    received: list[tuple[str, bytes]] = field(default_factory=list, repr=False)
    """All requests, as a report shows them, and headers and body of each answer, untouched: to look for leaks."""

    def send(
        self,
        body: bytes | Iterator[bytes] = b"",
        *,
        method: str = "POST",
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
        shown: str | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Send a request and return whatever came back; `shown` stands for a body that is too long to show."""
        timeout = timeout or self.timeout
        try:
            with self.http.request(
                method,
                self.endpoint,
                data=body,
                params=query,
                headers={**self.headers, "Content-Type": content_type},
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = answer.raw.read(MAX_ANSWER, decode_content=True)
                reply = Reply(answer.status_code, dict(answer.headers), content)
        except (requests.RequestException, HTTPError, OSError) as error:
            slow = isinstance(error, requests.Timeout)
            reply = Reply(None, problem=f"none in {timeout:g} s" if slow else "the connection ended")
        head = "".join(f"{name}: {value}\n" for name, value in reply.headers.items())
        text = shown or printable(body if isinstance(body, bytes) else b"")
        sent = f"{method} {urlsplit(self.endpoint).path} {text}".rstrip()
        self.received.append((sent, head.encode("utf-8", "replace") + b"\n" + reply.body))
        self.note("SEES", sent, reply.status, str(reply))
        return reply

    def note(self, party: str, sent: str, status: int | None, received: str) -> None:
        """Keep an exchange for the report."""
        self.exchanges.append(Exchange(party, sent, status, received))

    def take_exchanges(self) -> tuple[Exchange, ...]:
        """Return the exchanges since the last time."""
        taken = tuple(self.exchanges)
        self.exchanges.clear()
        return taken
