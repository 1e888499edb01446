"""Where faults act on the three services. Without any set, nothing here does anything.

Some take the place of a service: they are raised as refusals before anything is carried out (`act_before`), so that no
row is written. The others let it work and harm the answer on its way back (`act_after`), or the license in it
(`with_broken_ckc`). What acted is remembered for the request's journal entries (`acted`).
"""

from dataclasses import replace
from itertools import chain

from flask import Response, g

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.faults.faults import (
    BROKEN_CKC,
    DELAY,
    DROP,
    ERROR_PAGE,
    LAG,
    OTHERS_ROWS,
    RECORDS,
    REFUSE,
    RIGHTS,
    RUBBISH,
    STATUS,
    FaultKind,
    Faults,
    Waiting,
)
from expressplay_mock.journal_entries import Entry
from expressplay_mock.parameters import Parameters
from expressplay_mock.record import Record
from expressplay_mock.record_query import ByCookie, Query, Recent
from expressplay_mock.redemption import Decision, Issued
from expressplay_mock.tokens.sealed_token import Token
from fairplay.layout import CKC_HEADER

CODES = {code.number: code.title for code in Code}
"""What the fault "refuse" can refuse with."""
NONSENSE = b"rubbish"
"""The body of an answer without sense: no URL, no CKC, no JSON."""
PAGE = b'<!DOCTYPE html>\n<html lang="en"><head><title>Gateway</title></head><body>Please try later</body></html>\n'
"""The body of an answer that is meant for people."""

_BY_NUMBER = {code.number: code for code in Code}
_INSTEAD = (REFUSE, STATUS, ERROR_PAGE, RUBBISH)
_ON_THE_WAY_BACK = (DELAY, DROP)


def act_before(faults: Faults, at: str, *, cookie: str | None, account: str | None) -> None:
    """Let a fault for this request act. Raises `Refusal` where it takes the place of the service."""
    waiting = faults.take((*_INSTEAD, *_ON_THE_WAY_BACK), at, cookie=cookie, account=account)
    if waiting is None:
        return
    _remember(waiting.fault.kind)
    g.fault = waiting
    if waiting.fault.kind in _INSTEAD:
        raise Refusal(
            _BY_NUMBER[waiting.fault.code] if waiting.fault.code is not None else Code.ADMIN_ERROR,
            f"fault {waiting.fault.kind.name}",
            expected="none",
            found="one that was set by POST /_sim/faults",
            fix="DELETE /_sim/faults ends it",
        )


def viewer_of_request(parameters: Parameters) -> dict[str, str | None]:
    """Return whom a request of SEES is about, by its own account: cookie, and the number of the account."""
    authenticator = parameters.get("customerAuthenticator", ("",))[0]
    return {"cookie": parameters.get("cookie", (None,))[0], "account": authenticator.partition(",")[0]}


def with_broken_ckc(faults: Faults, decision: Decision) -> Decision:
    """Return the decision with one byte of its CKC changed, if a fault wants that."""
    if not isinstance(decision, Issued):
        return decision
    token = decision.token
    if faults.take((BROKEN_CKC,), RIGHTS, cookie=token.cookie, account=token.account) is None:
        return decision
    _remember(BROKEN_CKC)
    # The first byte of the payload: the head of its first block decrypts to noise, whatever block that is.
    ckc = bytearray(decision.ckc)
    ckc[CKC_HEADER.size] ^= 0xFF
    return replace(decision, ckc=bytes(ckc))


def with_others_rows(faults: Faults, query: Query, account: str) -> Query:
    """Return the question, or another one in the place of one about a cookie, if a fault wants that."""
    if not isinstance(query, ByCookie):
        return query
    if faults.take((OTHERS_ROWS,), RECORDS, cookie=query.cookie, account=account) is None:
        return query
    _remember(OTHERS_ROWS)
    return Recent()


def without_late_rows(faults: Faults, records: list[Record], account: str) -> list[Record]:
    """Return the records without those that a lag leaves out."""
    rows = [(record.event_id, record.row.time, record.row.cookie) for record in records]
    late = faults.left_out(rows, account=account)
    if late:
        _remember(LAG)
    return [record for record in records if record.event_id not in late]


def acted() -> str | None:
    """Return the names of the faults that acted on the present request, None where none did."""
    return ", ".join(g.faults) if "faults" in g else None


def as_sent(entry: Entry) -> Entry:
    """Return the journal entry of an exchange with the answer that really left."""
    waiting: Waiting | None = g.get("fault")
    if waiting is None or waiting.fault.kind not in _INSTEAD or entry.status is None:
        return entry
    kind = waiting.fault.kind
    if kind is REFUSE:
        return replace(entry, status=waiting.fault.status or entry.status)
    status = waiting.fault.status or 200
    what = {STATUS: f"a bare status {status}", ERROR_PAGE: f"an HTML page, status {status}"}.get(kind, "rubbish")
    response = {"body": {RUBBISH: NONSENSE, ERROR_PAGE: PAGE}.get(kind, b"").decode()}
    summary = f"{entry.summary.partition(':')[0]}: answered with {what}"
    return replace(entry, summary=summary, status=status, response=response)


def act_after(response: Response, content_type: str) -> Response:
    """Harm an answer if a fault acts on its request; `content_type` is what a good answer would have."""
    waiting: Waiting | None = g.get("fault")
    if waiting is None:
        return response
    fault = waiting.fault
    if fault.kind is REFUSE and fault.status:
        response.status_code = fault.status
    elif fault.kind is STATUS:
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return Response(status=fault.status, headers=wait)
    elif fault.kind is ERROR_PAGE:
        return Response(PAGE, fault.status, content_type="text/html")
    elif fault.kind is RUBBISH:
        return Response(NONSENSE, content_type=content_type)
    elif fault.kind is DELAY:
        waiting.cleared.wait(fault.seconds)
    elif fault.kind is DROP:
        body = response.get_data()
        response.response = chain([body[: len(body) // 2]], map(_break_off, [b""]))
        response.content_length = len(body)
    return response


def viewer_of_token(token: Token | None) -> dict[str, str | None]:
    """Return whom a redemption is about: what its token says, nobody where none opens."""
    return {"cookie": token.cookie if token else None, "account": token.account if token else None}


def _break_off(_: bytes) -> bytes:
    # Every server ends the connection here: it has promised more bytes than it can get.
    raise ConnectionAbortedError("fault drop")


def _remember(kind: FaultKind) -> None:
    g.setdefault("faults", []).append(kind.name)
