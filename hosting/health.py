"""The command `health`: a service asks itself, or a container or a CI job asks it, whether it is ready."""

import json
import time
from http.client import HTTPException
from pathlib import Path
from socket import gaierror
from urllib.parse import urlsplit

import click

from hosting.deadline import EndingConnection, EndingTlsConnection, ending, within
from hosting.options import Seconds, base_url, tls_dir_option
from hosting.tls.tls import ClientTls, TlsError, client_files
from hosting.tls.tls_diagnosis import diagnose
from simulation.printable import one_line
from simulation.routes import PREFIX

PAUSE = 0.05
"""Seconds between two questions."""
ANSWER_TIMEOUT = 5.0
"""Seconds that one answer may take, from connecting to its last byte."""
MAX_ANSWER = 65_536
"""Bytes of an answer that are read."""
NO_FILES = ClientTls()


def health_command(service: str) -> click.Command:
    """Make the command for the service of this name."""

    @click.command("health")
    @click.option("--url", callback=base_url, required=True, help=f"Base URL of {service}.")
    @click.option(
        "--wait",
        type=Seconds(0, 3600),
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
                raise click.ClickException(f"{service} at {url} is not ready{after}: {one_line(problem)}")
            time.sleep(PAUSE)
        click.echo(f"{service} at {url} is ready")

    return health


def problem_of(service: str, url: str, tls: ClientTls = NO_FILES, timeout: float = ANSWER_TIMEOUT) -> str | None:
    """Ask once; return None if `service` is ready at `url`, else why not. `timeout` is the seconds of all of it."""
    with within(timeout):
        try:
            status, body = _ask(f"{url}{PREFIX}/health", tls)
        except TlsError as error:
            return str(error)
        except TimeoutError:
            return f"no whole answer within {timeout:g} s"
        except (OSError, HTTPException) as error:
            # What nobody answers has nothing to do with TLS.
            if not isinstance(error, ConnectionRefusedError | gaierror) and (problem := diagnose(url, tls)):
                other = "name the directory of the service's certificates with --tls-dir"
                return f"found {problem.value}. Fix: {problem.fix(service, trust=other, show=other)}"
            return str(getattr(error, "strerror", None) or error) or type(error).__name__
    if status != 200:
        return _reason(body) or f"status {status}"
    try:
        found = json.loads(body)["service"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "something else answers there"
    return None if found == service else f"expected {service}, found {str(found)[:64]}"


def _ask(url: str, tls: ClientTls) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = (
        EndingTlsConnection(parts.netloc, context=ending(tls.context()))
        if parts.scheme == "https"
        else EndingConnection(parts.netloc)
    )
    try:
        connection.request("GET", parts.path, headers={"Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.read(MAX_ANSWER)
    finally:
        connection.close()


def _reason(body: bytes) -> str | None:
    try:
        return str(json.loads(body)["reason"])[:500]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
