"""SEES as a client of ExpressPlay: ordering a token and retrieving records.

Whatever comes back is checked before it is used; server/exchange.py has what becomes of the rest. No error and no log
line holds the customer authenticator or a content key; requests' own error texts would, in the address.
"""

import base64
import json
import re
import struct
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from urllib3.util import Retry

from hosting.http_client import new_session
from hosting.logs import hush_urllib3
from hosting.tls.tls import ClientTls
from server.catalog import Terms
from server.entitlement import Record, TokenOrder
from server.exchange import MAX_TRIES, Connections, Exchange
from simulation.journal import Journal
from simulation.redaction import REDACTED
from simulation.steps import Step
from simulation.strict_json import parse_json

TOKEN_PATH = "/hms/fp/token"  # noqa: S105  an address, no secret
RIGHTS_PATH = "/hms/fp/rights/"
RECORDS_PATH = "/cmiapi/getrecord/"
DEADLINE = 10.0
"""Seconds, unless told otherwise."""

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
    deadline: float = DEADLINE
    """Seconds for all that one request to SEES asks of ExpressPlay: each look-up and wait, and the token."""
    tls: ClientTls = field(default_factory=ClientTls)
    """Whom to trust where the base URLs are https."""


class ExpressPlay:
    """A client of one account; safe to use from several threads."""

    def __init__(self, account: ExpressPlayAccount, journal: Journal) -> None:
        hush_urllib3()
        self._account = account
        self._journal = journal
        tries = Retry(
            total=MAX_TRIES - 1,
            redirect=0,
            status_forcelist=(502, 503, 504),
            allowed_methods=("GET", "POST"),
            backoff_factor=0.05,
            respect_retry_after_header=False,  # a wait that somebody else chooses is not bounded
            raise_on_status=False,
        )
        session = new_session(account.tls, pool_maxsize=32, max_retries=tries)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers["Accept-Encoding"] = "identity"
        self._connections = Connections(session, account.timeouts, account.tls)

    def order_token(self, order: TokenOrder, trace: str | None) -> str:
        """Return the token URL for `order`. Raises `DeniedError` (number 8 or 9)."""
        parameters = {
            "customerAuthenticator": self._account.authenticator,
            "errorFormat": "json",
            "contentKey": order.key.cek,
            "iv": order.key.iv,
            "expirationTime": f"+{order.lifetime}",
            "rentalDuration": str(order.terms.rental_duration) if order.terms.rental_duration else None,
            "fpExtension": _extension(order.terms),
            "cookie": order.cookie,
            "deviceId": order.device_id,
        }
        kind = "device-bound" if order.device_id else "cookie-bound" if order.cookie else "time-bound"
        exchange = Exchange(
            step=order.step,
            summary=f"asked for a {kind} token",
            method="POST",
            url=self._account.token_url + TOKEN_PATH,
            parameters={name: value for name, value in parameters.items() if value is not None},
            trace=trace,
            journal=self._journal,
        )
        content_type, body = exchange.send(self._connections)
        if content_type != "text/uri-list":
            raise exchange.unusable("text/uri-list", "another content type", content_type)
        lines = [line for line in body.decode("utf-8", "replace").splitlines() if line and not line.startswith("#")]
        if len(lines) != 1 or not _is_address(lines[0]):
            raise exchange.unusable("one line, a token URL", f"{len(lines)} lines, or no URL in them")
        url = lines[0]
        rights = self._account.rights_url
        if rights is not None and not url.startswith(rights + RIGHTS_PATH):
            raise exchange.unusable(
                f"a token URL at {rights}{RIGHTS_PATH}",
                "one that leads elsewhere. Fix: give SEES the address that ExpressPlay announces",
                url.split("?", 1)[0],
            )
        if exchange.repeats_secret(url):
            raise exchange.unusable("a token URL", "one that repeats a secret of the request")
        exchange.record(200, {"tokenUrl": url})
        return url

    def look_up(self, cookie: str, trace: str | None) -> list[Record]:
        """Return the issued records of `cookie`, newest first. Raises `DeniedError` (number 8 or 9)."""
        exchange = Exchange(
            step=Step.ASK_FOR_RECORDS,
            summary="asked for the records of the cookie",
            method="GET",
            url=self._account.records_url + RECORDS_PATH,
            parameters={"customerAuthenticator": self._account.authenticator, "cookie": cookie},
            trace=trace,
            journal=self._journal,
        )
        _, body = exchange.send(self._connections)
        try:
            answer = parse_json(body)
            records = [_record(item, cookie) for item in answer["records"]]
        except (ValueError, KeyError, TypeError):
            raise exchange.unusable("a JSON object with records of the cookie", "something else") from None
        exchange.record(200, REDACTED if exchange.repeats_secret(json.dumps(answer, ensure_ascii=False)) else answer)
        return records


def _extension(terms: Terms) -> str | None:
    """Return the fpExtension that asks for a lease, dual expiry or a persistent key.

    The types are this simulation's own; expressplay_mock/tokens/extensions.py describes them.
    """
    if terms.lease_duration:
        return f"leas,{_base64(struct.pack('>I', terms.lease_duration))}"
    if terms.storage_duration:
        return f"dual,{_base64(struct.pack('>II', terms.storage_duration, terms.playback_duration))}"
    return "pers," if terms.persistent else None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _is_address(line: str) -> bool:
    return line.startswith(("http://", "https://")) and line.isascii() and line.isprintable() and " " not in line


def _record(item: Any, cookie: str) -> Record:
    """Check one record. Raises `TypeError`, `KeyError` or `ValueError` where it is none of this cookie."""
    event_id, result = item["event_id"], item["result"]
    device_id, registration = item["device_id"], item["registration"]
    for value, kind in ((event_id, int), (result, int), (registration, bool)):
        if type(value) is not kind:
            raise TypeError
    if item["cookie"] != cookie or not (device_id is None or _DEVICE_ID.fullmatch(device_id)):
        raise ValueError
    return Record(event_id, device_id, registration, result)
