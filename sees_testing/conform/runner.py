"""Runs the checks in their order, explains failures by earlier ones, and adds what the mock says of them."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from emulator.errors import EmulatorError, UnexpectedAnswer
from emulator.license_client import SEES_PATH, endpoint_of
from emulator.parties import EXPRESSPLAY, SEES
from emulator.transport import NO_FILES, Web, clean_base
from hosting.http_client import new_session
from hosting.tls.tls import ClientTls

# Imported for the checks in them.
from sees_testing.conform import (  # noqa: F401
    checks_binding,
    checks_cookies,
    checks_failures,
    checks_malformed,
    checks_messages,
    checks_secrets,
    checks_together,
    checks_tokens,
)
from sees_testing.conform.evidence import lines_of
from sees_testing.conform.mock import Mock, token_requests
from sees_testing.conform.model import CHECKS, Check, Result, Verdict, in_order
from sees_testing.conform.outcome import Failed, Skipped
from sees_testing.conform.probe import REGISTRATION, Known, Probe, is_entitled
from sees_testing.conform.redaction import forms_of, redact, shorten
from sees_testing.conform.wire import Wire
from simulation.steps import Step

TIMEOUT = 15.0
"""Seconds that the SEES under test may take to answer."""
UNKNOWN = Known()


def conform(
    *,
    sees: str,
    expressplay: str | None,
    content: str,
    dummy: str,
    authenticator: str | None = None,
    known: Known = UNKNOWN,
    timeout: float = TIMEOUT,
    only: Iterable[int] = (),
    quick: bool = False,
    strict: bool = False,
    headers: Mapping[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
    on_result: Callable[[Result], None] = lambda _: None,
    tls: ClientTls = NO_FILES,
) -> list[Result]:
    """Check the SEES at `sees`, which has been pointed at the mock at `expressplay`.

    `sees` is the address that takes requests; without a path, the published one is added. `content` and `dummy` are
    content ids of that SEES, and `known` is what else is known of them. `authenticator` is looked for in its answers,
    and sent to nobody. `only` are numbers of checks; a `quick` run leaves out those that wait for real seconds; with
    `strict` a skipped check is a failed one. `headers` and `properties` go with every request. `on_result` is called
    after each check, with secrets not yet all known: show its verdict, not its exchanges. `tls` has the files for https
    addresses. Raises `EmulatorError` if an address is none, nothing answers there, no SEES does, or the mock is none.
    """
    sees = clean_base(sees, SEES)
    web = Web(tls=tls)
    try:
        mock = Mock(web, clean_base(expressplay, EXPRESSPLAY)) if expressplay else None
        if mock:
            mock.expect_usable()
        with new_session(tls) as http:
            wire = Wire(endpoint_of(sees), timeout, http, dict(headers or {}))
            probe = Probe(wire, web, mock, content, dummy, authenticator, known, dict(properties or {}))
            _expect_sees(probe)
            results = []
            for check in in_order(set(only) or CHECKS):
                if quick and check.slow:
                    continue
                result = _run(check, probe, strict)
                on_result(result)
                results.append(result)
    finally:
        web.close()
    secrets = {form.decode() for key in probe.keys for form in forms_of(key)[:-1]}
    if authenticator:
        secrets.add(authenticator.rpartition(",")[2])
    results.sort(key=lambda result: result.check.number)
    return [_redacted(result, secrets) for result in _explained(results)]


def failures(results: Iterable[Result]) -> list[str]:
    """Return one line for each failed check that no other explains."""
    return [
        f"{result.check.number} {result.check.title}: {result.text}"
        for result in results
        if result.verdict is Verdict.FAILED and result.follows is None
    ]


def _expect_sees(probe: Probe) -> None:
    """Raise `UnexpectedAnswer` where no SEES answers, or one that asks another mock: every check would fail."""
    answer = probe.web.post_json(SEES, probe.wire.endpoint, {})
    if answer.status == HTTPStatus.NOT_FOUND and b"isAllowed" not in answer.body:
        fix = f"name the whole address that takes requests with --sees; without a path, {SEES_PATH} is added"
        raise answer.unexpected("a response object", fix=fix)
    if probe.mock is None:
        return
    probe.mock.next_check()
    if is_entitled(probe.ask(REGISTRATION, probe.dummy, probe.cookie())) and not token_requests(probe.entries()):
        raise UnexpectedAnswer(
            step=Step.ORDER_COOKIE_TOKEN,
            expected=f"the SEES at {probe.wire.endpoint} to ask the mock at {probe.mock.url} for its tokens",
            found="an entitlement of which that mock knows nothing",
            fix="point the SEES's token and record URLs at the mock that --expressplay names, or name the other one",
        )
    probe.wire.take_exchanges()


def _explained(results: list[Result]) -> list[Result]:
    """Return the results, each failure with the one that explains it, if there is one."""
    failed = {result.check.number for result in results if result.verdict is Verdict.FAILED}

    def explanation(result: Result) -> int | None:
        needs = result.check.needs if result.check.number in failed else ()
        return next((number for number in needs if number in failed), None)

    return [replace(result, follows=explanation(result)) for result in results]


def _run(check: Check, probe: Probe, strict: bool) -> Result:
    began = time.monotonic()
    if probe.mock:
        probe.mock.next_check()
    since = probe.mock.seen if probe.mock else 0
    verdict, text = Verdict.PASSED, ""
    try:
        check.run(probe)
    except Skipped as reason:
        verdict, text = (
            Verdict.FAILED if strict else Verdict.SKIPPED,
            f"not checked: {reason}" if strict else str(reason),
        )
    except (Failed, EmulatorError) as failure:
        verdict, text = Verdict.FAILED, str(failure)
    mock = _evidence(probe.mock, since) if verdict is Verdict.FAILED and probe.mock and not check.judges else ()
    seconds = time.monotonic() - began
    return Result(check, verdict, text, None, seconds, probe.wire.take_exchanges(), mock)


def _evidence(mock: Mock, since: int) -> tuple[str, ...]:
    mock.seen = since
    with suppress(EmulatorError):
        return lines_of(mock.entries())
    return ("the mock does not answer any more",)


def _redacted(result: Result, secrets: set[str]) -> Result:
    def clean(text: str) -> str:
        return shorten(redact(text, secrets))

    exchanges = tuple(
        replace(exchange, sent=clean(exchange.sent), received=clean(exchange.received)) for exchange in result.exchanges
    )
    return replace(result, text=clean(result.text), exchanges=exchanges, mock=tuple(map(clean, result.mock)))
