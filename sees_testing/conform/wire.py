"""Requests to a SEES of which nothing is known: any bytes out, any answer in, all of it kept for the report."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

MAX_ANSWER = 1024 * 1024
"""Bytes read of an answer."""
KEPT = 64 * 1024
"""Bytes of an answer that are kept as text."""
SHOWN = 600
"""Characters of a text that a report shows."""
REDACTED = "<redacted>"

_TOKEN = re.compile(r"(ExpressPlayToken=)[A-Za-z0-9_=-]{8,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
AUTHENTICATOR = re.compile(r"\b[0-9]{1,18}(?:,|%2[cC])[0-9a-fA-F]{32}\b")
"""The form of a customer authenticator, in a URL too."""


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


def forms_of(key: bytes) -> tuple[bytes, ...]:
    """Return the ways in which 16 bytes may be written: hex, GUID, Base64, as they are."""
    digits = key.hex()
    guid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    texts = (digits, guid, base64.b64encode(key).decode().rstrip("="), base64.urlsafe_b64encode(key).decode()[:22])
    return (*(text.encode() for text in texts), key)


def decoded(text: str) -> dict[str, str]:
    """Return what the runs of Base64 in a text say, by run."""
    runs = {}
    for run in set(_BASE64.findall(text)):
        padded = run.translate({ord("-"): "+", ord("_"): "/"}) + "=" * (-len(run) % 4)
        with suppress(binascii.Error):
            runs[run] = base64.b64decode(padded).decode("latin-1")
    return runs


def redact(text: str, secrets: set[str]) -> str:
    """Take tokens, authenticators and the `secrets`, in either case and in Base64, out of a text for the report."""
    text = _TOKEN.sub(r"\1<token>", text)
    for run, said in decoded(text).items():
        if AUTHENTICATOR.search(said) or any(secret.lower() in said.lower() for secret in secrets):
            text = text.replace(run, REDACTED)
    text = AUTHENTICATOR.sub(REDACTED, text)
    for secret in secrets:
        text = re.sub(re.escape(secret), REDACTED, text, flags=re.IGNORECASE)
    return text


def printable(body: bytes) -> str:
    """Return bytes as one line of printable text."""
    text = body[:KEPT].decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else " " for character in text)


def shorten(text: str) -> str:
    """Cut a text for the report. To be done after redaction: half a secret would not be found any more."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
