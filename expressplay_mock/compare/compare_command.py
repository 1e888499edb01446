"""The command `compare`: documented requests to a service and to this mock, and where their answers differ.

What a command needs is imported when it runs: the others need not wait for it.
"""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from expressplay_mock import __version__
from expressplay_mock.accounts import Account, BadAuthenticator
from expressplay_mock.compare.probes import AUTHENTICATOR, IV, KEY, MAX_TOKENS, PROBES, TOKEN, Probe
from expressplay_mock.compare.shapes import NO_ANSWER, AnswerShape, shape_of
from hosting.logs import configure_logging
from simulation.origins import host_name

VARIABLE = "EXPRESSPLAY_AUTHENTICATOR"
"""Where the authenticator is named: arguments are seen by everybody on the machine."""
TIMEOUT = 15.0
"""Seconds that one answer may take."""
MAX_ANSWER = 256 * 1024
"""Bytes of an answer that are looked at."""

MOCK_AUTHENTICATOR = "1," + "0f" * 16

Ask = Callable[[Probe, Mapping[str, str]], AnswerShape]


def _https(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if host_name(value) is None or not value.startswith("https://") or {"?", "#"} & {*value}:
        raise click.BadParameter("expected https://host/path: the requests carry an authenticator")
    return value


@click.command("compare")
@click.option("--token-url", required=True, callback=_https, help="The service's whole address for token requests.")
@click.option("--records-url", required=True, callback=_https, help="Its whole address for record requests.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Authority (PEM) to trust.")
@click.option("--test-account", is_flag=True, help="Say that the authenticator is one of the test environment.")
@click.option("--dry-run", is_flag=True, help="Show each request, and send none.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the report (JSON) to this file.")
def compare(
    token_url: str,
    records_url: str,
    ca: Path | None,
    test_account: bool,
    dry_run: bool,
    report: Path | None,
) -> None:
    """Ask an ExpressPlay and this mock the same; show what differs.

    Status, content type, code and shape are compared.

    For customers of ExpressPlay: sends up to 40 documented token and record requests, good and bad, by a test account's
    authenticator from EXPRESSPLAY_AUTHENTICATOR. At most five tokens are made, none is redeemed. The report holds
    shapes and no values, so it can be sent to this project. Status 0 if nothing differs, else 1.
    """
    if dry_run:
        for number, probe in enumerate(PROBES, 1):
            click.echo(f"{number:2} {_shown(probe, token_url if probe.service == TOKEN else records_url)}")
        return
    authenticator = os.environ.get(VARIABLE, "")
    try:
        Account(authenticator)
    except BadAuthenticator:
        raise click.UsageError(f"expected <number>,<32 hex> in {VARIABLE}, found none or another text.") from None
    if not test_account:
        raise click.UsageError("say --test-account: which environment an authenticator is for cannot be recognised.")

    configure_logging("error")
    drawn = {AUTHENTICATOR: authenticator, KEY: secrets.token_hex(16), IV: secrets.token_hex(16)}
    results = _compare(_service(token_url, records_url, ca), _mock(), drawn)
    for probe, there, here in results:
        _print(probe, there, here)
    differing = sum(there is not None and there != here for _, there, here in results)
    asked = sum(there is not None for _, there, _ in results)
    click.echo(f"{asked} requests, {differing} answered differently")
    if report:
        report.write_text(json.dumps(_report(results), indent=2) + "\n", encoding="utf-8")
    if differing or asked < len(results):
        raise click.exceptions.Exit(1)


def _compare(service: Ask, mock: Ask, drawn: Mapping[str, str]) -> list[tuple[Probe, AnswerShape | None, AnswerShape]]:
    """Ask both; None stands for a request that was not sent, since the service had made tokens enough."""
    results: list[tuple[Probe, AnswerShape | None, AnswerShape]] = []
    tokens = 0
    for probe in PROBES:
        parameters = {name: drawn.get(value, value) for name, value in probe.parameters.items()}
        there = service(probe, parameters) if probe.service != TOKEN or tokens < MAX_TOKENS else None
        if there and probe.service == TOKEN and there.status is not None and there.status < 300:
            tokens += 1
        if not results and there == NO_ANSWER:
            raise click.ClickException("the service does not answer, or not by a certificate that is trusted: see --ca")
        own = dict(parameters)
        if own.get("customerAuthenticator") == drawn[AUTHENTICATOR]:
            own["customerAuthenticator"] = MOCK_AUTHENTICATOR
        results.append((probe, there, mock(probe, own)))
    return results


def _mock() -> Ask:
    """Return what asks a mock in this process."""
    from expressplay_mock.app import Config, create_app
    from expressplay_mock.endpoints import RECORDS_PATH, TOKEN_PATH

    client = create_app(Config(public_url="https://mock.invalid", authenticator=MOCK_AUTHENTICATOR)).test_client()

    def ask(probe: Probe, parameters: Mapping[str, str]) -> AnswerShape:
        path = TOKEN_PATH if probe.service == TOKEN else RECORDS_PATH
        form, query = (parameters, None) if probe.method == "POST" else (None, parameters)
        answer = client.open(path, method=probe.method, data=form, query_string=query)
        return shape_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.data)

    return ask


def _service(token_url: str, records_url: str, ca: Path | None) -> Ask:
    """Return what asks the service; redirects are not followed, for they would carry the authenticator elsewhere."""
    import requests
    from urllib3.exceptions import HTTPError

    from hosting.deadline import within
    from hosting.http_client import new_session
    from hosting.tls.tls import ClientTls

    session = new_session(ClientTls(ca))

    def ask(probe: Probe, parameters: Mapping[str, str]) -> AnswerShape:
        url = token_url if probe.service == TOKEN else records_url
        form, query = (parameters, None) if probe.method == "POST" else (None, parameters)
        try:
            with (
                within(TIMEOUT),
                session.request(
                    probe.method, url, data=form, params=query, timeout=TIMEOUT, allow_redirects=False, stream=True
                ) as answer,
            ):
                body = answer.raw.read(MAX_ANSWER, decode_content=True)
                return shape_of(answer.status_code, answer.headers.get("Content-Type", ""), body)
        except (requests.RequestException, HTTPError, OSError):
            return NO_ANSWER

    return ask


def _shown(probe: Probe, url: str) -> str:
    parameters = " ".join(f"{name}={value}" for name, value in probe.parameters.items())
    return f"{probe.name}: {probe.method} {url} {parameters}"


def _print(probe: Probe, there: AnswerShape | None, here: AnswerShape) -> None:
    if there is None:
        click.echo(f"not asked  {probe.name}: the service has made {MAX_TOKENS} tokens, which is enough")
        return
    differences = there.differences(here)
    click.echo(f"{'differs' if differences else 'same'}  {probe.name}")
    for name, service, mock in differences:
        click.echo(f"    {name}: the service {service}, the mock {mock}")


def _report(results: list[tuple[Probe, AnswerShape | None, AnswerShape]]) -> dict[str, object]:
    return {
        "format": "expressplay-comparison",
        "version": __version__,
        "probes": [
            {
                "name": probe.name,
                "service": probe.service,
                "method": probe.method,
                "parameters": sorted(probe.parameters),
                "there": vars(there) if there else None,
                "here": vars(here),
                "differs": [name for name, _, _ in there.differences(here)] if there else [],
            }
            for probe, there, here in results
        ],
    }
