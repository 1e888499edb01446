"""The command `journal`: what a running mock noted, in lines for people, as it happens if need be.

What a command needs is imported when it runs: the others need not wait for it.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from expressplay_mock.inbox.journal_text import lines_of
from hosting.deadline import within
from hosting.options import base_url, tls_dir_option
from hosting.tls.tls import client_files
from simulation.journal import MAX_CHARACTERS, read_trace
from simulation.printable import one_line
from simulation.routes import PREFIX

if TYPE_CHECKING:
    import requests

PAUSE = 0.3
"""Seconds between two questions."""
ANSWER_TIMEOUT = 10.0
"""Seconds that one answer may take."""
MAX_ANSWER = 2 * MAX_CHARACTERS
"""Bytes of one answer: more than the fullest journal of a mock, whose texts are ASCII but for a few."""


def _trace(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and read_trace(value) is None:
        raise click.BadParameter("expected 1 to 64 characters of A-Z a-z 0-9 . _ -")
    return value


@click.command("journal")
@click.option("--url", callback=base_url, required=True, help="Base URL of expressplay-mock.")
@click.option("--follow", is_flag=True, help="Go on until Ctrl-C, with what comes.")
@click.option("--trace", callback=_trace, help="Only what carries this trace id (request header X-Sim-Trace).")
@click.option("--json", "as_json", is_flag=True, help="Print each entry as one line of JSON.")
@tls_dir_option
def journal(url: str, follow: bool, trace: str | None, as_json: bool, tls_dir: Path) -> None:
    """Show what a running mock was asked, and what it wrote down."""
    from hosting.http_client import new_session  # it takes requests, which other commands need not pay for

    with new_session(client_files(tls_dir)) as session:
        try:
            for entry in _entries(session, url, trace, follow):
                click.echo(json.dumps(entry) if as_json else "\n".join(_shown(entry)))
        except KeyboardInterrupt:
            return


def _entries(session: "requests.Session", url: str, trace: str | None, follow: bool) -> Iterator[dict[str, Any]]:
    seen = 0
    while True:
        for entry in _ask(session, url, trace, seen):
            seen = entry["seq"]
            yield entry
        if not follow:
            return
        time.sleep(PAUSE)


def _ask(session: "requests.Session", url: str, trace: str | None, after: int) -> list[dict[str, Any]]:
    import requests
    from urllib3.exceptions import HTTPError

    asked = {"after": str(after)} | ({} if trace is None else {"trace": trace})
    try:
        with (
            within(ANSWER_TIMEOUT),
            session.get(
                f"{url}{PREFIX}/journal", params=asked, timeout=ANSWER_TIMEOUT, allow_redirects=False, stream=True
            ) as answer,
        ):
            body = answer.raw.read(MAX_ANSWER + 1, decode_content=True)
        if len(body) > MAX_ANSWER:
            raise click.ClickException(f"expected a journal of at most {MAX_ANSWER} bytes at {url}, found more")
        if answer.status_code == 200:
            return _entries_of(json.loads(body))
    except (requests.RequestException, HTTPError, OSError) as error:
        raise click.ClickException(
            f"no journal at {url}: {type(error).__name__}. Is expressplay-mock running?"
        ) from None
    except (ValueError, RecursionError):
        raise click.ClickException(f"expected the journal of expressplay-mock at {url}, found no JSON") from None
    why = {404: "no such route: it was started with --no-sim, or is something else", 409: "it has several workers"}
    reason = why.get(answer.status_code, f"status {answer.status_code}")
    raise click.ClickException(f"expected the journal of expressplay-mock at {url}, found {reason}")


def _entries_of(found: Any) -> list[dict[str, Any]]:
    match found:
        case {"entries": [*entries]} if all(map(_is_entry, entries)):
            return entries
    raise click.ClickException("expected the journal of expressplay-mock, found JSON of another form")


def _is_entry(found: Any) -> bool:
    match found:
        case {"seq": int(number), "time": str(), "summary": str()} if type(number) is int:
            return isinstance(found.get("decision", {}), dict)
    return False


def _shown(entry: dict[str, Any]) -> Iterator[str]:
    """Write an entry for a terminal: whatever answers may have written what is in it."""
    trace = f" [{entry['trace']}]" if "trace" in entry else ""
    first, *more = lines_of(entry)
    yield one_line(f"{entry['time'][11:23]} #{entry['seq']}{trace} {first}")
    yield from (f"    {one_line(line)}" for line in more)
