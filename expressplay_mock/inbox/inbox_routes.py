"""`/_sim/` as a page: the newest requests, decisions and rows, rendered here; a few lines of script fetch it anew.

Cookies, content ids and user agents come from strangers. The template escapes them, and the page's policy lets no
script run but its own file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, render_template_string, send_file

from expressplay_mock.inbox.journal_text import lines_of, refusal_of
from simulation.clock import Clock
from simulation.journal import Journal
from simulation.sim_requests import read_number

MAX_SHOWN = 200
"""Entries on the page."""
HERE = Path(__file__).parent
TEMPLATE = (HERE / "inbox.html").read_text(encoding="utf-8")
FILES = {"inbox.css": "text/css", "inbox.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def add_inbox_routes(sim: Blueprint, journal: Journal, clock: Clock, version: str) -> None:
    """Add the page of the `journal`, of one of its entries, and their style and script."""

    def page(chosen: int | None) -> Response:
        entries = journal.entries()
        entry = next((entry for entry in entries if entry["seq"] == chosen), None)
        if chosen is not None and entry is None:
            abort(404)
        body = render_template_string(
            TEMPLATE,
            items=[item_of(each) for each in entries[: -MAX_SHOWN - 1 : -1]],
            total=len(entries),
            chosen=entry and item_of(entry),
            details=entry and details_of(entry),
            offset=round(clock.offset),
            version=version,
        )
        return _sealed(Response(body, mimetype="text/html"))

    @sim.get("/")
    def inbox() -> Response:
        return page(None)

    @sim.get("/entries/<seq>")
    def inbox_entry(seq: str) -> Response:
        chosen = read_number(seq)
        if chosen is None:
            abort(404)
        return page(chosen)

    @sim.get("/inbox/<name>")
    def inbox_file(name: str) -> Response:
        if name not in FILES:
            abort(404)
        return _sealed(send_file(HERE / name, mimetype=FILES[name]))


def item_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the list shows of an entry."""
    first, *more = lines_of(entry)
    kind = "request" if "status" in entry else "row" if "event_id" in (entry.get("decision") or {}) else "decision"
    return {
        "seq": entry["seq"],
        "time": entry["time"][11:23],
        "step": entry.get("step"),
        "kind": kind,
        "refused": refusal_of(entry) is not None or (entry.get("decision") or {}).get("equal") is False,
        "text": first.removeprefix("row: "),
        "more": [line.strip() for line in more],
        "trace": entry.get("trace"),
        "agent": entry.get("agent"),
    }


def details_of(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the parts of an entry, each as JSON to read."""
    names = ("request", "response", "decision")
    return [(name, json.dumps(entry[name], indent=2, ensure_ascii=False)) for name in names if name in entry]


def _sealed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
