"""The three documented routes: HTTP in, a pure decision, the transaction log, HTTP out, and the journal of it.

Order matters in one place: a redemption's row is committed before its license leaves (`_settle`).
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from expressplay_mock import journal_entries, record_query
from expressplay_mock.accounts import Account, Budget, Environment, authenticate, check_options
from expressplay_mock.errors import Code, Refusal
from expressplay_mock.faults import fault_effects
from expressplay_mock.faults.faults import RECORDS, RIGHTS, TOKEN, Faults
from expressplay_mock.journal_entries import Entry
from expressplay_mock.license_body import ANSWER_TYPES, MAX_BODY, read_body, write_answer
from expressplay_mock.parameters import Parameters, read_parameters, single_values
from expressplay_mock.record import Record
from expressplay_mock.record_query import ById, Query
from expressplay_mock.redemption import Decision, Keys, Refused, redeem, replayed
from expressplay_mock.tokens import token_request
from expressplay_mock.tokens.key_storage import KeyStorage
from expressplay_mock.tokens.sealed_token import Token, open_token, seal
from expressplay_mock.transaction_log import LogUnavailable, Replayed, TransactionLog
from simulation.clock import Clock
from simulation.http_errors import read_body as read_request_body
from simulation.journal import TRACE_HEADER, Journal, read_trace

TOKEN_PATH = "/hms/fp/token"  # noqa: S105 - a path
RIGHTS_PATH = "/hms/fp/rights/"
RECORDS_PATH = "/cmiapi/getrecord/"
TOKEN_PARAMETER = "ExpressPlayToken"  # noqa: S105 - a name
"""The name of the token in the query string of a token URL, and of the header that may carry it instead."""

_GOOD_TYPES = {
    TOKEN_PATH: "text/uri-list",
    RIGHTS_PATH.rstrip("/"): "application/octet-stream",
    RECORDS_PATH.rstrip("/"): "application/json",
}
"""The Content-Type of a good answer; of a redemption's, where the SPC came raw."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with. `public_url` has no slash at its end; without a journal nothing is noted."""

    public_url: str
    keys: Keys
    accounts: tuple[Account, ...]
    environment: Environment
    budget: Budget
    key_storage: KeyStorage | None = field(repr=False)
    transaction_log: TransactionLog
    clock: Clock
    journal: Journal | None
    faults: Faults


def expressplay_routes(services: Services) -> Blueprint:
    """Build the routes of token, license and record service."""
    routes = Blueprint("expressplay", __name__)

    @routes.route(TOKEN_PATH, methods=["GET", "POST"])
    def token() -> Response:
        return _answer_token_request(services)

    @routes.post(RIGHTS_PATH)
    def rights() -> Response:
        return _answer_redemption(services)

    @routes.get(RECORDS_PATH)
    def records() -> Response:
        return _answer_record_request(services)

    @routes.after_request
    def leave(response: Response) -> Response:
        response = fault_effects.act_after(response, _GOOD_TYPES[request.path.rstrip("/")])
        response.headers["Cache-Control"] = "no-store"
        return response

    return routes


def _answer_token_request(services: Services) -> Response:
    if request.method == "HEAD":  # comes with GET, and must not spend a token that nobody sees
        raise MethodNotAllowed(["GET", "POST"])
    parameters = in_query = read_parameters(request.query_string)
    try:
        if request.method == "POST":
            parameters = read_parameters(request.query_string, _body())
        fault_effects.act_before(services.faults, TOKEN, **fault_effects.viewer_of_request(parameters))
        account = _account(parameters, token_request.PARAMETERS, services)
        check_options(account, binds_device="deviceId" in parameters)
        token = token_request.make_token(
            parameters, account=account.number, now=services.clock.now(), storage=services.key_storage
        )
        services.budget.spend(account)
    except Refusal as refusal:
        _warn(refusal)
        _note(services, journal_entries.token_request, parameters, in_query, request.headers.keys(), refusal)
        if token_request.wants_json(parameters):
            return _json(refusal.as_json(), refusal.status)
        return Response(refusal.as_html(), refusal.status, mimetype="text/html")
    sealed = seal(token, services.keys.tokens, secrets.token_bytes)
    url = f"{services.public_url}{RIGHTS_PATH}?{TOKEN_PARAMETER}={sealed}"
    _note(services, journal_entries.token_request, parameters, in_query, request.headers.keys(), (token, url))
    return Response(url, content_type="text/uri-list")


def _answer_redemption(services: Services) -> Response:
    body, token = None, None
    try:
        body = read_body(_body(), request.content_type)
        token_text = _token_text()
        token = _token_for_faults(services, token_text)
        fault_effects.act_before(services.faults, RIGHTS, **fault_effects.viewer_of_token(token))
    except Refusal as refusal:
        _warn(refusal)
        _note(services, journal_entries.redemption, body, Refused(refusal, token), None)
        return _json(refusal.as_license_json(), refusal.status)
    now = services.clock.now()
    decided = redeem(token_text, body, now=now, random=secrets.token_bytes, keys=services.keys)
    decision, record = _settle(decided, services.transaction_log)
    decision = fault_effects.with_broken_ckc(services.faults, decision)
    _note(services, journal_entries.redemption, body, decision, record)
    if isinstance(decision, Refused):
        _warn(decision.refusal)
        return _json(decision.refusal.as_license_json(), decision.refusal.status)
    return Response(write_answer(body, decision.ckc), content_type=ANSWER_TYPES[body.shape])


def _settle(decision: Decision, transaction_log: TransactionLog) -> tuple[Decision, Record | None]:
    """Commit the row, if there is one. A decision whose row cannot be committed turns into a refusal."""
    if decision.row is None:
        return decision, None
    try:
        return decision, transaction_log.append(decision.row)
    except Replayed:
        return _settle(replayed(decision, decision.row), transaction_log)
    except LogUnavailable as error:
        return Refused(_log_unavailable(error), decision.token, decision.spc), None


def _token_for_faults(services: Services, token_text: str | None) -> Token | None:
    """Open the token where a fault may be meant for its viewer only."""
    try:
        return open_token(token_text, services.keys.tokens) if services.faults else None
    except Refusal:
        return None


def _token_text() -> str | None:
    """Return the token, of the query string or of the header. Raises `Refusal` (-4010) where the two say different."""
    given = single_values(read_parameters(request.query_string), {TOKEN_PARAMETER: Code.INVALID_TOKEN})
    in_query, in_header = given.get(TOKEN_PARAMETER), request.headers.get(TOKEN_PARAMETER)
    if in_query is not None and in_header is not None and in_query != in_header:
        empty = "an empty one in the query string" if not in_query else "an empty header"
        raise Refusal(
            Code.INVALID_TOKEN,
            TOKEN_PARAMETER,
            expected="one token, in the query string or as a header",
            found=f"{empty} beside another one" if not (in_query and in_header) else "two different ones",
            fix="send the token once, and leave the other place out",
        )
    return in_query if in_query is not None else in_header


def _answer_record_request(services: Services) -> Response:
    parameters = read_parameters(request.query_string)
    try:
        fault_effects.act_before(services.faults, RECORDS, **fault_effects.viewer_of_request(parameters))
        account = _account(parameters, record_query.PARAMETERS, services)
        query = record_query.read_query(parameters)
        records = _find(services, account, query)
    except Refusal as refusal:
        _warn(refusal)
        _note(services, journal_entries.record_request, parameters, None, refusal)
        return _json(refusal.as_json(), refusal.status)
    _note(services, journal_entries.record_request, parameters, query, records)
    return _json({"records": [record.as_json() for record in records]}, 200)


def _find(services: Services, account: Account, query: Query) -> list[Record]:
    try:
        asked = fault_effects.with_others_rows(services.faults, query, account.number)
        records = services.transaction_log.find(account.number, asked)
    except LogUnavailable as error:
        raise _log_unavailable(error) from None
    records = fault_effects.without_late_rows(services.faults, records, account.number)
    if isinstance(query, ById) and not records:
        raise record_query.no_such_record(query.event_id)
    return records


def _account(parameters: Parameters, known: Mapping[str, Code], services: Services) -> Account:
    authenticator = single_values(parameters, known).get("customerAuthenticator")
    return authenticate(authenticator, services.accounts, services.environment)


def _body() -> bytes:
    try:
        return read_request_body()
    except RequestEntityTooLarge:
        found = f"{request.content_length}" if request.content_length is not None else "more"
        raise Refusal(Code.BODY_TOO_LARGE, "body", expected=f"at most {MAX_BODY} bytes", found=found) from None


def _log_unavailable(error: LogUnavailable) -> Refusal:
    log.error("%s", error)  # the reason goes to the operator; a client only learns that there is one
    return Refusal(Code.ADMIN_ERROR, "transaction log", expected="an answer of it", found="none")


def _json(body: Mapping[str, object], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def _warn(refusal: Refusal) -> None:
    """Tell the operator of a refusal: the text that the answer has, so nothing that its receiver did not have."""
    trace = read_trace(request.headers.get(TRACE_HEADER))
    log.warning("%s %s: %s%s", request.method, request.path, refusal, f" (trace {trace})" if trace else "")


def _note(services: Services, describe: Callable[..., list[Entry]], *what: Any) -> None:
    """Have `describe` make the entries about `what` happened, if there is anybody to read them."""
    if services.journal is None and not log.isEnabledFor(logging.DEBUG):
        return
    for entry in map(fault_effects.as_sent, describe(*what)):
        log.debug("%s", entry.summary)
        if services.journal is not None:
            exchange = entry.status is not None
            services.journal.record(
                **vars(entry),
                fault=fault_effects.acted(),
                trace=read_trace(request.headers.get(TRACE_HEADER)),
                agent=request.headers.get("User-Agent") if exchange else None,
                method=request.method if exchange else None,
                url=services.public_url + request.path if exchange else None,
            )
