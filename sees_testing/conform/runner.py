"""Runs the checks in the order of their numbers, and explains failures by earlier ones."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus

from emulator.errors import EmulatorError
from emulator.transport import EXPRESSPLAY, NO_FILES, SEES, Web, clean_base
from hosting.http_client import new_session
from hosting.tls.tls import ClientTls

# Imported for the checks in them.
from sees_testing.conform import (  # noqa: F401
    checks_binding,
    checks_failures,
    checks_malformed,
    checks_messages,
    checks_secrets,
)
from sees_testing.conform.model import CHECKS, Check, Failed, Result, Skipped, Verdict
from sees_testing.conform.stage import Stage
from sees_testing.conform.wire import SERVLET, Wire, forms_of, redact, shorten

TIMEOUT = 15.0
"""Seconds that the SEES under test may take to answer."""


def conform(
    *,
    sees: str,
    expressplay: str | None,
    content: str,
    dummy: str,
    authenticator: str | None = None,
    timeout: float = TIMEOUT,
    only: Iterable[int] = (),
    on_result: Callable[[Result], None] = lambda _: None,
    tls: ClientTls = NO_FILES,
) -> list[Result]:
    """Check the SEES at base URL `sees`, which has been pointed at the mock at `expressplay`.

    `content` and `dummy` are content ids of that SEES. `authenticator` is looked for in its answers, and sent to
    nobody. `on_result` is called after each check, with secrets not yet all known: show its verdict, not its
    exchanges. `tls` has the files for https addresses. Raises EmulatorError if an address is none, nothing answers
    there, or no SEES does.
    """
    sees = clean_base(sees, SEES)
    expressplay = clean_base(expressplay, EXPRESSPLAY) if expressplay else None
    web = Web(tls=tls)
    try:
        with new_session(tls) as http:
            stage = Stage(Wire(sees, timeout, http), web, expressplay, content, dummy, authenticator)
            # No answer here, or none of a SEES, is clearer than forty failures.
            answer = web.post_json(SEES, sees + SERVLET, {}, step=None)
            if answer.status == HTTPStatus.NOT_FOUND and b"isAllowed" not in answer.body:
                raise answer.unexpected("a response object", fix=f"check that --sees is the address before {SERVLET}")
            failed: set[int] = set()
            results = []
            for number in sorted(set(only) or CHECKS):
                result = _run(CHECKS[number], stage, failed)
                if result.verdict is Verdict.FAILED:
                    failed.add(number)
                on_result(result)
                results.append(result)
    finally:
        web.close()
    secrets = {form.decode() for key in stage.keys for form in forms_of(key)[:-1]}
    if authenticator:
        secrets.add(authenticator.rpartition(",")[2])
    return [_redacted(result, secrets) for result in results]


def failures(results: Iterable[Result]) -> list[str]:
    """Return one line for each failed check that no other explains."""
    return [
        f"{result.check.number} {result.check.title}: {result.text}"
        for result in results
        if result.verdict is Verdict.FAILED and result.follows is None
    ]


def _run(check: Check, stage: Stage, failed: set[int]) -> Result:
    began = time.monotonic()
    verdict, text = Verdict.PASSED, ""
    try:
        check.run(stage)
    except Skipped as reason:
        verdict, text = Verdict.SKIPPED, str(reason)
    except (Failed, EmulatorError) as failure:
        verdict, text = Verdict.FAILED, str(failure)
    follows = next((number for number in check.needs if number in failed), None) if verdict is Verdict.FAILED else None
    return Result(check, verdict, text, follows, time.monotonic() - began, stage.wire.take_exchanges())


def _redacted(result: Result, secrets: set[str]) -> Result:
    def clean(text: str) -> str:
        return shorten(redact(text, secrets))

    exchanges = tuple(
        replace(exchange, sent=clean(exchange.sent), received=clean(exchange.received)) for exchange in result.exchanges
    )
    return replace(result, text=clean(result.text), exchanges=exchanges)
