"""What the journal says about each exchange: pure functions from what happened to the entries about it.

Step numbers are those of the sequence (docs/walkthrough.md). The journal itself redacts secrets by field name.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from expressplay_mock import record_query
from expressplay_mock.errors import Refusal
from expressplay_mock.license_body import LicenseBody
from expressplay_mock.parameters import Parameters, form_of
from expressplay_mock.record import Record
from expressplay_mock.record_query import Query, describe
from expressplay_mock.redemption import Decision, Issued, Refused
from expressplay_mock.tokens.sealed_token import Token
from expressplay_mock.tokens.token_request import PARAMETERS as TOKEN_PARAMETERS
from expressplay_mock.tokens.token_request import REPEATABLE
from simulation.clock import rfc3339
from simulation.steps import Step

THE_LOG = "log"
"""The party named for what the transaction log does: it has a lifeline of its own in the sequence."""
HEADER_NOTE = "the header {} is not read: send the parameter of that name"

_FORMS = {
    name: re.compile(form, re.ASCII)
    for name, form in {
        "errorFormat": "html|json",
        "generalFlags": "(0[xX])?0+",
        "iv": "[0-9A-Fa-f]{32}",
        "rentalDuration": "[0-9]{1,10}",
        "expirationTime": r"\+[0-9]{1,10}|[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,9})?Z",
        "deviceId": "[0-9A-Fa-f]{40}",
        "cookie": "(?s:.{1,32})",
        "fpExtension": "[A-Za-z]{4},[A-Za-z0-9+/=]*",  # with digits it looks like an authenticator
        "id": "[0-9]{1,18}",
        "start": "[0-9]{1,18}",
        "length": "[0-9]{1,18}",
        "kid": "(?!)",  # looks like a content key
    }.items()
}


@dataclass(frozen=True)
class Entry:
    """One journal entry: an exchange over HTTP if it has a `status`, else an event inside the service."""

    step: int | None
    summary: str
    party: str | None = None
    status: int | None = None
    request: Mapping[str, Any] | None = None
    response: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None


def token_request(
    parameters: Parameters, in_query: Parameters, headers: Iterable[str], answer: tuple[Token, str] | Refusal
) -> list[Entry]:
    """Step 2 (or 9, for a token that names a device); `answer` is the token and its URL, or the refusal.

    Those `in_query` are named: proxies and logs keep addresses, so secrets do not belong there. So are `headers`
    (names) that look like a parameter, since a restriction that is not read restricts nothing.
    """
    known = {*TOKEN_PARAMETERS, REPEATABLE}
    request = _single(parameters, known)
    notes = {"notes": [HEADER_NOTE.format(name) for name in headers if _looks_like_a_parameter(name)]}
    by_query = {"in_query": sorted(known.intersection(in_query)), **(notes if notes["notes"] else {})}
    step = Step.ORDER_DEVICE_TOKEN if "deviceId" in parameters else Step.ORDER_COOKIE_TOKEN
    if isinstance(answer, Refusal):
        response = answer.as_json()
        why = _why(answer) | by_query
        return [Entry(step, f"token request: {_refused(answer)}", None, answer.status, request, response, why)]
    token, url = answer
    decision = {
        **by_query,
        "cookie": token.cookie,
        "device_id": token.device_id,
        "expires": rfc3339(token.expires),
        **({"kid": token.kid} if token.kid else {}),
        # Letters only: digits in a name might be a misplaced secret.
        "ignored": [name for name in parameters if name not in known and name.isascii() and name.isalpha()],
    }
    summary = f"token request: {_kind(token)} token made"
    return [Entry(step, summary, None, 200, request, {"tokenUrl": url}, decision)]


def redemption(body: LicenseBody | None, decision: Decision, record: Record | None) -> list[Entry]:
    """Steps 4 and 5 for a token without a device; 11 and 12 for one with, and its row in the log."""
    token, spc = decision.token, decision.spc
    device_id = token.device_id if token else None
    asked_in = Step.SEND_SPC_TO_REGISTER if device_id is None else Step.SEND_SPC_TO_PLAY
    step = asked_in if token else None
    request = {"shape": body.shape.value, "notes": body.notes, "spc": _base64(body.spc)} if body else None
    warnings = {"warnings": spc.warnings} if spc and spc.warnings else None
    match decision:
        case Issued(ckc=ckc):
            response: Mapping[str, Any] = {"ckc": _base64(ckc)}
            entries = [Entry(step, "redemption: CKC issued", None, 200, request, response, warnings)]
        case Refused(refusal=refusal):
            response, summary = refusal.as_license_json(), f"redemption: {_refused(refusal)}"
            why = {**_why(refusal), **(warnings or {})}
            entries = [Entry(step, summary, None, refusal.status, request, response, why)]
    if device_id and spc:
        equal = device_id == spc.device_id
        summary = f"device_id of token and SPC compared: {'equal' if equal else 'different'}"
        compared = {"token device_id": device_id, "spc device_id": spc.device_id, "equal": equal}
        entries.append(Entry(Step.COMPARE_DEVICES, summary, decision=compared))
    if record:
        what = "registration" if record.row.registration else "redemption"
        summary = f"{what} written to the transaction log"
        entries.append(Entry(None if device_id else Step.LOG_DEVICE, summary, THE_LOG, decision=record.as_json()))
    return entries


def record_request(parameters: Parameters, query: Query | None, answer: list[Record] | Refusal) -> list[Entry]:
    """Step 7, and 8 where the log was asked."""
    request = _single(parameters, set(record_query.PARAMETERS))
    if isinstance(answer, Refusal):
        summary = f"record request: {_refused(answer)}"
        return [Entry(Step.ASK_FOR_RECORDS, summary, None, answer.status, request, answer.as_json(), _why(answer))]
    found = f"{len(answer)} found"
    response = {"records": [record.as_json() for record in answer]}
    looked_up = {
        "query": describe(query) if query else {},
        "found": len(answer),
        "event_ids": [record.event_id for record in answer],
    }
    return [
        Entry(Step.ASK_FOR_RECORDS, f"record request: {found}", None, 200, request, response),
        Entry(Step.LOOK_UP_RECORDS, f"records looked up: {found}", THE_LOG, decision=looked_up),
    ]


def _kind(token: Token) -> str:
    if token.device_id:
        return "device-bound"
    return "cookie-bound" if token.cookie else "unbound"


def _looks_like_a_parameter(header: str) -> bool:
    return header.replace("-", "").replace("_", "").lower().endswith(("cookie", "deviceid"))


def _single(parameters: Parameters, known: set[str]) -> dict[str, Any]:
    shown = {name: [_shown(name, value) for value in values] for name, values in parameters.items() if name in known}
    return {name: values[0] if len(values) == 1 else values for name, values in shown.items()}


def _shown(name: str, value: str) -> str:
    """Return a value in the form that its parameter has; of any other only the form: it may be a misplaced secret."""
    return value if name not in _FORMS or _FORMS[name].fullmatch(value) else f"<{form_of(value)}>"


def _why(refusal: Refusal) -> dict[str, Any]:
    finding = refusal.finding
    if finding is None:
        return {"refused": refusal.subject, "expected": refusal.expected, "found": refusal.found, "fix": refusal.fix}
    return {
        "refused": finding.title,
        "number": finding.number,
        "check": finding.check,
        "expected": finding.expected,
        "found": finding.found,
        "fix": finding.fix,
    }


def _refused(refusal: Refusal) -> str:
    return f"refused, {refusal.code.number} {refusal.code.title}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
