"""One request of SEES to ExpressPlay and what became of it, which ends up in the journal in any case.

What cannot be used becomes a DeniedError: number 8 where ExpressPlay answered (with a refusal, or with something that
is no answer), number 9 where it did not. Its text is ours: of what ExpressPlay said it has the code alone, since a
foreign text may repeat what SEES asked with. The journal keeps the foreign text, unless it repeats a secret.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

import requests
from urllib3.exceptions import HTTPError, IncompleteRead, NewConnectionError, TimeoutError

from hosting.deadline import seconds_left
from hosting.tls.tls import ClientTls, TlsError
from hosting.tls.tls_diagnosis import diagnose
from server.errors import DeniedError, ErrorNumber
from server.foreign_text import repeats
from simulation.error_numbers import BY_NUMBER
from simulation.journal import TRACE_HEADER, Journal
from simulation.redaction import REDACTED
from simulation.strict_json import parse_json

MAX_ANSWER = 256 * 1024
"""Bytes of an answer; 32 records take about 10 KiB."""
MAX_KEPT = 200
"""Characters of a foreign text that the journal keeps."""
MAX_CODE = 99_999
"""What is further from 0 is no error code: ExpressPlay's have four digits, those of FairPlay five."""
MAX_TRIES = 3
"""Tries of one request, the first included, where the connection fails or the answer is 502, 503 or 504."""
MAX_WAITING = 192
"""Requests that wait for ExpressPlay at the same time; the next one is told so. The server's other threads, 64, are
for what needs no ExpressPlay, such as the titles."""

NO_CONNECTION, NO_TLS = "no connection", "no TLS connection"
CHECK_ADDRESS = "check that it runs and that SEES was given its address"
SECRET_PARAMETERS = ("customerAuthenticator", "contentKey")


class Connections:
    """The way to ExpressPlay: a session with its time-outs (to connect, of silence), whom it trusts, and its places."""

    def __init__(self, session: requests.Session, timeouts: tuple[float, float], tls: ClientTls) -> None:
        self.session, self.timeouts, self.tls = session, timeouts, tls
        self._places = BoundedSemaphore(MAX_WAITING)

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take one of the places while inside; False where none is free."""
        taken = self._places.acquire(blocking=False)
        try:
            yield taken
        finally:
            if taken:
                self._places.release()


@dataclass(frozen=True)
class Exchange:
    """One request; `parameters` are sent as a form by POST, else in the query."""

    step: int
    summary: str
    method: str
    url: str
    parameters: Mapping[str, str] = field(repr=False)
    trace: str | None
    journal: Journal

    def send(self, connections: Connections) -> tuple[str, bytes]:
        """Return media type and body of an answer with status 200, or raise DeniedError."""
        with connections.place() as taken:
            if not taken:
                busy = f"{MAX_WAITING} requests of this SEES wait for it already"
                raise self._unreachable(busy, "find out why it is slow")
            status, content_type, body = self._exchange(connections)
        if len(body) > MAX_ANSWER:
            raise self.unusable(f"at most {MAX_ANSWER} bytes", "more", status=status)
        if status != 200:
            raise self._not_ok(status, body)
        return content_type, body

    def _exchange(self, connections: Connections) -> tuple[int, str, bytes]:
        form = self.method == "POST"
        try:
            with connections.session.request(
                self.method,
                self.url,
                data=self.parameters if form else None,
                params=None if form else self.parameters,
                headers={TRACE_HEADER: self.trace} if self.trace else None,
                timeout=connections.timeouts,
                allow_redirects=False,  # they would carry the authenticator to somebody else
                stream=True,
            ) as response:
                body = response.raw.read(MAX_ANSWER + 1, decode_content=False)
                missing = response.raw.length_remaining
                if missing and len(body) <= MAX_ANSWER:
                    raise IncompleteRead(len(body), missing)  # half a token URL looks like a whole one
        except (requests.RequestException, HTTPError, OSError, TlsError) as error:
            raise self._unreachable(*_reason_and_fix(error, self.url, connections.tls)) from None
        return response.status_code, response.headers.get("Content-Type", "").split(";", 1)[0].strip().lower(), body

    def record(self, status: int | None, response: Any) -> None:
        """Journal the exchange; what is foreign in `response` has been asked about with `repeats_secret` before."""
        self.journal.record(
            step=self.step,
            summary=self.summary,
            trace=self.trace,
            method=self.method,
            url=self.url,
            status=status,
            request=self.parameters,
            response=response,
        )

    def repeats_secret(self, text: str) -> bool:
        """Tell whether a foreign `text` repeats a secret of this request."""
        return repeats(text, [self.parameters[name] for name in SECRET_PARAMETERS if name in self.parameters])

    def unusable(self, expected: str, found: str, said: str = "", *, status: int = 200) -> DeniedError:
        """Refuse an answer that says neither yes nor no; `said` is the foreign text, for the journal only."""
        reason = f"its answer is unusable: expected {expected}, found {found}"
        self.record(status, {"errorMessage": reason} | ({"said": self._quoted(said)} if said else {}))
        return self._refused(reason)

    def _not_ok(self, status: int, body: bytes) -> DeniedError:
        code, message = _error_of(body)
        if code is None and status in {502, 503, 504}:
            return self._unreachable(f"status {status} from {MAX_TRIES} tries", status=status)
        if code is None:
            return self.unusable("status 200 or an error code", f"status {status}", status=status)
        self.record(status, {"errorCode": code, "errorMessage": self._quoted(message)})
        hint = " Fix: start SEES with the authenticator of the account." if code in {-2017, -2018} else ""
        title = BY_NUMBER[code].title if code in BY_NUMBER else "a number that is not known here"
        return self._refused(f"its code is {code}, {title} (status {status}).{hint}")

    def _quoted(self, text: str) -> str:
        # First withheld, then cut: half a secret would not be found any more.
        return REDACTED if self.repeats_secret(text) else text[:MAX_KEPT]

    def _refused(self, reason: str) -> DeniedError:
        return DeniedError(ErrorNumber.EXPRESSPLAY_REFUSED, f"ExpressPlay refused ({self.summary}): {reason}")

    def _unreachable(self, reason: str, fix: str = CHECK_ADDRESS, status: int | None = None) -> DeniedError:
        self.record(status, {"errorMessage": reason})
        return DeniedError(
            ErrorNumber.EXPRESSPLAY_UNREACHABLE,
            f"ExpressPlay unreachable ({self.summary}): {reason} at {self.url}. Fix: {fix}; then ask again.",
        )


def _reason_and_fix(error: Exception, url: str, tls: ClientTls) -> tuple[str, str]:
    """Say why nothing usable came from `url`, and what to do."""
    if isinstance(error, TlsError):
        return str(error), "put the file right"
    left = seconds_left()
    if left is not None and left < 0.01:
        return "no whole answer within the time that one request to SEES may take in all", "find out why it is slow"
    reason = _reason(error)
    broke_off = reason in {NO_TLS, NO_CONNECTION} and not isinstance(_last(error), NewConnectionError)
    if broke_off and (problem := diagnose(url, tls)):
        trust = "start SEES with its --expressplay-ca, or on ExpressPlay's --tls-dir"
        show = "let ExpressPlay do without one: SEES shows none"
        return problem.value, problem.fix("ExpressPlay", trust=trust, show=show)
    return reason, CHECK_ADDRESS


def _reason(error: Exception) -> str:
    """Put a failure into words of our own: its text holds the address with the authenticator."""
    last = _last(error)
    refused = isinstance(last, NewConnectionError)  # which urllib3 counts among the time-outs
    if isinstance(error, requests.Timeout) or (isinstance(last, TimeoutError) and not refused):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return NO_TLS
    if isinstance(error, requests.ConnectionError):
        return NO_CONNECTION
    if isinstance(error, IncompleteRead):
        return "an answer that broke off"
    return f"broken answer ({type(error).__name__})"


def _last(error: Exception) -> object:
    """Return what ended the last try, where there were several."""
    return getattr(error.args[0] if error.args else None, "reason", None)


def _error_of(body: bytes) -> tuple[int | None, str]:
    """Read code and message of ExpressPlay's JSON error; None where it is none."""
    try:
        answer = parse_json(body)
        code, message = answer["errorCode"], answer.get("errorMessage")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ""
    if not isinstance(code, int) or isinstance(code, bool) or abs(code) > MAX_CODE:
        return None, ""
    return code, " ".join(str(message).split())
