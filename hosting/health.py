"""The command ``health``: a service asks itself, or a container or a CI job asks it, whether it is ready."""

import json
import time
from http.client import HTTPException
from pathlib import Path
from socket import gaierror
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import click

from hosting.options import base_url
from hosting.tls.tls import ClientTls, TlsError, client_files
from hosting.tls.tls_diagnosis import diagnose
from hosting.tls.tls_options import tls_dir_option
from simulation.routes import PREFIX

PAUSE = 0.05
"""Seconds between two questions."""
ANSWER_TIMEOUT = 5.0
"""Seconds that one answer may take."""
NO_FILES = ClientTls()


def health_command(service: str) -> click.Command:
    """Make the command for the service of this name."""

    @click.command("health")
    @click.option("--url", callback=base_url, required=True, help=f"Base URL of {service}.")
    @click.option(
        "--wait",
        type=click.FloatRange(0, 3600),
        default=0.0,
        show_default=True,
        help="Seconds to go on asking until it is ready.",
    )
    @tls_dir_option
    def health(url: str, wait: float, tls_dir: Path) -> None:
        """Tell whether the service at a URL is ready. Status 0 if it is, else 1 and one line that says why not."""
        deadline = time.monotonic() + wait
        while problem := problem_of(service, url, client_files(tls_dir)):
            if time.monotonic() + PAUSE > deadline:
                after = f" after {wait:g} s" if wait else ""
                raise click.ClickException(f"{service} at {url} is not ready{after}: {problem}")
            time.sleep(PAUSE)
        click.echo(f"{service} at {url} is ready")

    return health


def problem_of(service: str, url: str, tls: ClientTls = NO_FILES) -> str | None:
    """Ask once; return None if ``service`` is ready at ``url``, else why it is not."""
    try:
        https = [HTTPSHandler(context=tls.context())] if url.startswith("https://") else []
        with build_opener(ProxyHandler({}), *https).open(f"{url}{PREFIX}/health", timeout=ANSWER_TIMEOUT) as answer:
            body = answer.read(65_536)
    except HTTPError as error:
        with error:
            return _reason(error.read(65_536)) or f"status {error.code}"
    except TlsError as error:
        return str(error)
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        # What nobody answers, and what takes too long, has nothing to do with TLS.
        if not isinstance(reason, ConnectionRefusedError | TimeoutError | gaierror) and (problem := diagnose(url, tls)):
            other = "name the directory of the service's certificates with --tls-dir"
            return f"found {problem.value}. Fix: {problem.fix(service, trust=other, show=other)}"
        return str(getattr(reason, "strerror", None) or reason) or type(error).__name__
    try:
        found = json.loads(body)["service"]
    except (ValueError, KeyError, TypeError):
        return "something else answers there"
    return None if found == service else f"expected {service}, found {str(found)[:64]}"


def _reason(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["reason"])[:500]
    except (ValueError, KeyError, TypeError):
        return None
