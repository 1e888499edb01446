"""`/_sim/faults`: reading a request for a fault strictly, and answering what waits."""

from collections.abc import Callable, Collection, Mapping
from math import isfinite
from typing import Any

from flask import Blueprint, Response, abort, jsonify

from expressplay_mock.faults.faults import KINDS, MAX_FAULTS, PLACES, STATUS, Fault, FaultKind, Faults, TooManyFaults
from expressplay_mock.tokens.sealed_token import MAX_COOKIE
from simulation.sim_requests import NotUnderstoodError, near, read_number, read_object

MAX_DELAY = 60
"""Seconds that an answer can be held back: each takes one of the server's threads."""
MAX_LAG = 30 * 86_400
"""Seconds."""
MAX_TIMES = 1_000_000

KEYS = ("fault", "at", "code", "status", "retry_after", "seconds", "requests", "times", "cookie", "account")
_EVERY_KIND = {"times", "cookie", "account"}


def add_fault_routes(
    sim: Blueprint, faults: Faults, *, codes: Mapping[int, str], accounts: Callable[[], Collection[str]]
) -> None:
    """Add the routes. `codes` are the error codes to refuse with, `accounts` the numbers there are."""

    def state() -> dict[str, Any]:
        return {"active": [waiting.as_json() for waiting in faults.waiting()]}

    @sim.get("/faults")
    def show_faults() -> Response:
        return jsonify(state() | {"faults": [kind.as_json() for kind in KINDS.values()]})

    @sim.post("/faults")
    def add_fault() -> Response:
        fault = read_fault(read_object(set(KEYS)), codes=codes, accounts=accounts())
        try:
            return jsonify(faults.add(fault).as_json())
        except TooManyFaults:
            expected = f"at most {MAX_FAULTS}; DELETE /_sim/faults clears them"
            raise NotUnderstoodError("too many faults wait", expected=expected, found="one more") from None

    @sim.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return jsonify(state())

    @sim.delete("/faults/<number>")
    def clear_fault(number: str) -> Response:
        fault_id = read_number(number)
        if fault_id is None or not faults.clear(fault_id):
            abort(404)
        return jsonify(state())


def read_fault(body: Mapping[str, Any], *, codes: Mapping[int, str], accounts: Collection[str]) -> Fault:
    """Read a request for a fault. Raises `NotUnderstoodError` for whatever it does not say clearly."""
    kind = KINDS[_one_of("fault", body.get("fault"), list(KINDS))]
    unwanted = sorted(set(body) - _EVERY_KIND - {"fault", "at", *kind.needs, *kind.one_of, *kind.may})
    if unwanted:
        raise NotUnderstoodError(
            f"{kind.name} has no {unwanted[0]}", expected=_wanted(kind), found=f"{unwanted[0]!r} beside it"
        )
    for name in kind.needs:
        if name not in body:
            raise NotUnderstoodError(f"{name} is missing", expected=_wanted(kind), found="none")
    if kind.one_of and len(set(kind.one_of) & set(body)) != 1:
        found = " and ".join(name for name in kind.one_of if name in body) or "none"
        raise NotUnderstoodError(f"{kind.name} takes one of two", expected=_wanted(kind), found=found)
    longest = MAX_DELAY if kind.name == "delay" else MAX_LAG
    return Fault(
        kind,
        at=_one_of("at", body.get("at", kind.places[0] if len(kind.places) == 1 else None), kind.places),
        code=_code(body["code"], codes) if "code" in body else None,
        status=_integer("status", body, 400 if kind is STATUS else 200, 599),
        retry_after=_integer("retry_after", body, 0, MAX_LAG),
        seconds=_seconds(body["seconds"], longest) if "seconds" in body else None,
        requests=_integer("requests", body, 1, MAX_TIMES),
        times=_integer("times", body, 1, MAX_TIMES),
        cookie=_cookie(body["cookie"]) if "cookie" in body else None,
        account=_one_of("account", body["account"], list(accounts)) if "account" in body else None,
    )


def _wanted(kind: FaultKind) -> str:
    wanted = [f'"fault": "{kind.name}"']
    if len(kind.places) > 1:
        wanted.append(f'"at": {" or ".join(PLACES)}')
    wanted += kind.needs
    wanted += [" or ".join(kind.one_of)] if kind.one_of else []
    return ", ".join(wanted) + f"; if need be {', '.join((*kind.may, 'times', 'cookie', 'account'))}"


def _one_of(name: str, value: Any, allowed: Collection[str]) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    expected = f"one of {', '.join(allowed)}"
    if value is None:
        raise NotUnderstoodError(f"{name} is missing", expected=expected, found="none")
    hint = near(value, allowed) if isinstance(value, str) else ""
    raise NotUnderstoodError(f"unknown {name}{hint}", expected=expected, found=_shown(value))


def _code(value: Any, codes: Mapping[int, str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in codes:
        return value
    if value in [str(code) for code in codes]:
        raise NotUnderstoodError("code is not a number", expected=f"{value} without quotes", found=_shown(value))
    is_number = isinstance(value, int) and not isinstance(value, bool)
    close = sorted(codes, key=lambda code: abs(code - value))[:3] if is_number else []
    hint = "; near it: " + ", ".join(f"{code} {codes[code]}" for code in close) if close else ""
    listed = ", ".join(map(str, sorted(codes, reverse=True)))
    raise NotUnderstoodError(f"no documented code{hint}", expected=f"one of {listed}", found=_shown(value))


def _integer(name: str, body: Mapping[str, Any], least: int, most: int) -> int | None:
    if name not in body:
        return None
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise NotUnderstoodError(
            f"{name} out of range", expected=f"a whole number, {least} to {most}", found=_shown(value)
        )
    return value


def _seconds(value: Any, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (isfinite(value) and 0 < value <= most):
        raise NotUnderstoodError("seconds out of range", expected=f"above 0, at most {most}", found=_shown(value))
    return value


def _cookie(value: Any) -> str:
    if isinstance(value, str) and 1 <= len(value) <= MAX_COOKIE:
        return value
    raise NotUnderstoodError("no cookie", expected=f"a string of 1 to {MAX_COOKIE} characters", found=_shown(value))


def _shown(value: Any) -> str:
    return repr(value)[:64]
