"""The `/_sim/` routes that every simulated service has: health, clock, journal, reset."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, jsonify, request

from simulation.clock import Clock, rfc3339
from simulation.journal import Journal, read_trace
from simulation.sim_requests import NotUnderstoodError, read_number, read_object

PREFIX = "/_sim"


def sim_routes(
    *,
    service: str,
    version: str,
    journal: Journal,
    health: Callable[[], None],
    clock: Clock | None,
    on_reset: Callable[[bool], None] | None,
    enabled: bool,
    workers: int = 1,
) -> Blueprint:
    """Build the routes; all but `health` only if `enabled`, and answering 409 with more than one of `workers`.

    `health` raises an exception whose text is the reason when the service is not ready. Without `clock`
    there is no clock route. `on_reset` gets True when the caller asked to empty the log too.
    """
    sim = Blueprint("sim", __name__, url_prefix=PREFIX)
    sim.register_error_handler(NotUnderstoodError, lambda error: (jsonify(error.body), 400))

    @sim.get("/health")
    def show_health() -> tuple[Response, int]:
        try:
            health()
        except Exception as reason:
            return jsonify({"status": "unavailable", "service": service, "reason": str(reason)}), 503
        return jsonify({"status": "ok", "service": service, "version": version}), 200

    if not enabled:
        return sim

    @sim.before_request
    def refuse_among_workers() -> tuple[Response, int] | None:
        if workers == 1 or request.endpoint == "sim.show_health":
            return None
        text = f"clock, faults and journal belong to one process, and this service has {workers} workers"
        return jsonify({"errorText": text, "expected": "a service started with --workers 1", "found": workers}), 409

    @sim.get("/journal")
    def show_journal() -> Response:
        pieces = journal.texts(_asked_trace(), _asked_after())
        return Response(_written(pieces), mimetype="application/json")

    @sim.delete("/journal")
    def clear_journal() -> Response:
        journal.clear()
        return jsonify({"entries": []})

    @sim.post("/reset")
    def reset() -> Response:
        empty_log = read_object({"log"}).get("log", False)
        if not isinstance(empty_log, bool):
            raise NotUnderstoodError("log is not a boolean", expected="true or false", found=type(empty_log).__name__)
        if clock is not None:
            clock.reset()
        journal.clear()
        if on_reset is not None:
            on_reset(empty_log)
        return jsonify({"status": "ok"})

    if clock is None:
        return sim

    def clock_state() -> Response:
        return jsonify({"now": rfc3339(clock.now()), "offset": clock.offset})

    @sim.get("/clock")
    def show_clock() -> Response:
        return clock_state()

    @sim.post("/clock")
    def advance_clock() -> Response:
        body = read_object({"advance"})
        try:
            clock.advance(body["advance"])
        except KeyError:
            raise NotUnderstoodError("advance is missing", expected='{"advance": seconds}', found=repr(body)) from None
        except ValueError as error:
            raise NotUnderstoodError(
                f"advance: {error}",
                expected="a number of seconds, 0 or more",
                found=str(body["advance"])[:64],
            ) from None
        return clock_state()

    @sim.delete("/clock")
    def put_clock_back() -> Response:
        clock.reset()
        return clock_state()

    return sim


def _asked_after() -> int:
    asked = request.args.get("after", "0")
    seq = read_number(asked)
    if seq is None:
        raise NotUnderstoodError("after is no seq of an entry", expected="a whole number", found=asked[:64])
    return seq


def _written(pieces: Iterator[list[str]]) -> Iterator[str]:
    """Write the entries as one JSON object, a piece at a time."""
    yield '{"entries":['
    between = ""
    for piece in pieces:
        if piece:
            yield between + ",".join(piece)
            between = ","
    yield "]}\n"


def _asked_trace() -> str | None:
    asked = request.args.get("trace")
    if asked is not None and read_trace(asked) is None:
        raise NotUnderstoodError(
            "trace is not a trace id", expected="1 to 64 characters of A-Z a-z 0-9 . _ -", found=asked[:64]
        )
    return asked
