"""The only outbound HTTP of SEES: ordering a token and retrieving records from ExpressPlay.

Whatever comes back is checked before it is used. What cannot be used becomes a DeniedError: number 8 where
ExpressPlay answered (with a refusal, or with something that is no answer), number 9 where it did not. No error and
no log line holds the customer authenticator or a content key; requests' own error texts would, in the address.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.exceptions import HTTPError, IncompleteRead, NewConnectionError, TimeoutError
from urllib3.util import Retry

from hosting.http_client import Adapter, TlsAdapter
from hosting.logs import hush_urllib3
from hosting.tls.tls import ClientTls, TlsError
from hosting.tls.tls_diagnosis import diagnose
from server.entitlement import Record, TokenOrder
from server.errors import DeniedError, ErrorNumber
from simulation.journal import REDACTED, TRACE_HEADER, Journal
from simulation.strict_json import parse_json

TOKEN_PATH = "/hms/fp/token"  # noqa: S105  an address, no secret
RIGHTS_PATH = "/hms/fp/rights/"
RECORDS_PATH = "/cmiapi/getrecord/"

MAX_ANSWER = 256 * 1024
"""Bytes of an answer; 32 records take about 10 KiB."""
ATTEMPTS = 3
"""Tries of one request, the first included, where the connection fails or the answer is 502, 503 or 504."""


NO_CONNECTION, NO_TLS = "no connection", "no TLS connection"
CHECK_ADDRESS = "check that it runs and that SEES was given its address"

_DEVICE_ID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ExpressPlayAccount:
    """Where ExpressPlay is (base URLs without a slash at the end), and who asks."""

    token_url: str
    records_url: str
    authenticator: str = field(repr=False)
    rights_url: str | None = None
    """Where given, every token URL must lead there."""
    timeouts: tuple[float, float] = (2.0, 5.0)
    """Seconds to connect, and of silence while waiting for the answer; for each try."""
    tls: ClientTls = field(default_factory=ClientTls)
    """Whom to trust where the base URLs are https."""


class ExpressPlay:
    """A client of one account; safe to use from several threads."""

    def __init__(self, account: ExpressPlayAccount, journal: Journal) -> None:
        hush_urllib3()
        self._account = account
        self._journal = journal
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["Accept-Encoding"] = "identity"
        tries = Retry(
            total=ATTEMPTS - 1,
            redirect=0,
            status_forcelist=(502, 503, 504),
            allowed_methods=("GET", "POST"),
            backoff_factor=0.05,
            respect_retry_after_header=False,  # a wait that somebody else chooses is not bounded
            raise_on_status=False,
        )
        self._session.mount("http://", Adapter(pool_maxsize=32, max_retries=tries))
        self._session.mount("https://", TlsAdapter(account.tls, pool_maxsize=32, max_retries=tries))

    def order_token(self, order: TokenOrder, trace: str | None) -> str:
        """Return the token URL for ``order``; raises DeniedError (number 8 or 9)."""
        parameters = {
            "customerAuthenticator": self._account.authenticator,
            "errorFormat": "json",
            "contentKey": order.key.cek,
            "iv": order.key.iv,
            "expirationTime": f"+{order.lifetime}",
            "rentalDuration": str(order.rental_duration) if order.rental_duration else None,
            "fpExtension": _extension(order),
            "cookie": order.cookie,
            "deviceId": order.device_id,
        }
        kind = "device-bound" if order.device_id else "cookie-bound" if order.cookie else "time-bound"
        exchange = _Exchange(
            step=order.step,
            summary=f"asked for a {kind} token",
            method="POST",
            url=self._account.token_url + TOKEN_PATH,
            parameters={name: value for name, value in parameters.items() if value is not None},
            trace=trace,
            journal=self._journal,
        )
        content_type, body = exchange.send(self._session, self._account)
        if content_type != "text/uri-list":
            raise exchange.unusable("text/uri-list", f"content type {content_type[:60]!r}")
        lines = [line for line in body.decode("utf-8", "replace").splitlines() if line and not line.startswith("#")]
        if len(lines) != 1 or not _is_address(lines[0]):
            raise exchange.unusable("one line, a token URL", f"{len(lines)} lines, or no URL in them")
        rights = self._account.rights_url
        if rights is not None and not lines[0].startswith(rights + RIGHTS_PATH):
            raise exchange.unusable(
                f"a token URL at {rights}{RIGHTS_PATH}",
                f"one at {lines[0].split('?', 1)[0][:100]}. Fix: give SEES the address that ExpressPlay announces",
            )
        exchange.record(200, {"tokenUrl": lines[0]})
        return lines[0]

    def look_up(self, cookie: str, trace: str | None) -> list[Record]:
        """Return the issued records of ``cookie``, newest first; raises DeniedError (number 8 or 9)."""
        exchange = _Exchange(
            step=7,
            summary="asked for the records of the cookie",
            method="GET",
            url=self._account.records_url + RECORDS_PATH,
            parameters={"customerAuthenticator": self._account.authenticator, "cookie": cookie},
            trace=trace,
            journal=self._journal,
        )
        _, body = exchange.send(self._session, self._account)
        try:
            answer = parse_json(body)
            records = [_record(item, cookie) for item in answer["records"]]
        except (ValueError, KeyError, TypeError):
            raise exchange.unusable("a JSON object with records of the cookie", "something else") from None
        exchange.record(200, answer)
        return records


@dataclass(frozen=True)
class _Exchange:
    """One request to ExpressPlay and what became of it, which ends up in the journal in any case."""

    step: int
    summary: str
    method: str
    url: str
    parameters: Mapping[str, str] = field(repr=False)
    trace: str | None
    journal: Journal

    def send(self, session: requests.Session, account: ExpressPlayAccount) -> tuple[str, bytes]:
        """Return media type and body of an answer with status 200, or raise DeniedError."""
        form = self.method == "POST"
        try:
            with session.request(
                self.method,
                self.url,
                data=self.parameters if form else None,
                params=None if form else self.parameters,
                headers={TRACE_HEADER: self.trace} if self.trace else None,
                timeout=account.timeouts,
                allow_redirects=False,  # they would carry the authenticator to somebody else
                stream=True,
            ) as response:
                body = response.raw.read(MAX_ANSWER + 1, decode_content=False)
                missing = response.raw.length_remaining
                if missing and len(body) <= MAX_ANSWER:
                    raise IncompleteRead(len(body), missing)  # half a token URL looks like a whole one
        except (requests.RequestException, HTTPError, OSError, TlsError) as error:
            raise self._unreachable(*_reason_and_fix(error, self.url, account.tls)) from None
        if len(body) > MAX_ANSWER:
            raise self.unusable(f"at most {MAX_ANSWER} bytes", "more", response.status_code)
        if response.status_code != 200:
            raise self._not_ok(response.status_code, body)
        return response.headers.get("Content-Type", "").split(";", 1)[0].strip().lower(), body

    def record(self, status: int | None, response: Any) -> None:
        """Journal the exchange."""
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

    def unusable(self, expected: str, found: str, status: int = 200) -> DeniedError:
        """Refuse an answer that says neither yes nor no."""
        return self._refused(status, None, f"its answer is unusable: expected {expected}, found {found}")

    def _not_ok(self, status: int, body: bytes) -> DeniedError:
        code, message = _error_of(body)
        if code is None and status in {502, 503, 504}:
            return self._unreachable(f"status {status} from {ATTEMPTS} tries", status=status)
        if code is None:
            return self.unusable("status 200 or an error code", f"status {status}", status)
        for secret in ("customerAuthenticator", "contentKey"):
            message = message.replace(self.parameters.get(secret, REDACTED), REDACTED)
        hint = " Fix: start SEES with the authenticator of the account." if code in {-2017, -2018} else ""
        return self._refused(status, code, f"{code} {message} (status {status}).{hint}")

    def _refused(self, status: int, code: int | None, reason: str) -> DeniedError:
        self.record(status, {"errorCode": code, "errorMessage": reason})
        return DeniedError(ErrorNumber.EXPRESSPLAY_REFUSED, f"ExpressPlay refused ({self.summary}): {reason}")

    def _unreachable(self, reason: str, fix: str = CHECK_ADDRESS, status: int | None = None) -> DeniedError:
        self.record(status, {"errorMessage": reason})
        return DeniedError(
            ErrorNumber.EXPRESSPLAY_UNREACHABLE,
            f"ExpressPlay unreachable ({self.summary}): {reason} at {self.url}. Fix: {fix}; then ask again.",
        )


def _extension(order: TokenOrder) -> str | None:
    """Return the fpExtension that asks for a lease or a persistent key. The types are this simulation's own."""
    if order.lease_duration:
        return f"leas,{base64.b64encode(order.lease_duration.to_bytes(4, 'big')).decode('ascii')}"
    return "pers," if order.persistent else None


def _reason_and_fix(error: Exception, url: str, tls: ClientTls) -> tuple[str, str]:
    """Say why nothing usable came from ``url``, and what to do."""
    if isinstance(error, TlsError):
        return str(error), "put the file right"
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


def _is_address(line: str) -> bool:
    return line.startswith(("http://", "https://")) and line.isascii() and line.isprintable() and " " not in line


def _error_of(body: bytes) -> tuple[int | None, str]:
    """Read code and message of ExpressPlay's JSON error; None where it is none."""
    try:
        answer = parse_json(body)
        code, message = answer["errorCode"], answer.get("errorMessage")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, ""
    if not isinstance(code, int) or isinstance(code, bool):
        return None, ""
    return code, " ".join(str(message).split())[:200]


def _record(item: Any, cookie: str) -> Record:
    """Check one record; TypeError, KeyError or ValueError where it is none of this cookie."""
    event_id, result = item["event_id"], item["result"]
    device_id, registration = item["device_id"], item["registration"]
    for value, kind in ((event_id, int), (result, int), (registration, bool)):
        if type(value) is not kind:
            raise TypeError
    if item["cookie"] != cookie or not (device_id is None or _DEVICE_ID.fullmatch(device_id)):
        raise ValueError
    return Record(event_id, device_id, registration, result)
