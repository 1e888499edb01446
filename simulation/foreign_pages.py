"""Which web pages may ask a service: none of another origin, under `/_sim/`; named ones, where a page has to.

A browser sends what any page tells it to, to this machine's loopback interface too. What protects `/_sim/` is what a
page cannot choose: the `Origin` of a request, and the `Host` that it was sent to. A name that leads here by DNS
rebinding is a foreign Host. Programs that are no browsers send no Origin and are not concerned.
"""

from flask import Flask, Response, abort, request

from simulation.origins import FOR_PAGES, Visitors, host_name, is_sim

ALLOWED_HEADERS = "Content-Type, ExpressPlayToken, Range, X-Sim-Trace"
MAX_AGE = 600
"""Seconds that a browser may remember a preflight."""


def refuse_strangers(app: Flask, visitors: Visitors) -> None:
    """Refuse what foreign pages send to `/_sim/`, and answer the pages of `cors_origins` as CORS has it."""

    @app.before_request
    def check() -> Response | None:
        origin = request.headers.get("Origin")
        if origin is not None and visitors.allows(origin, request.path):
            return _preflight() if request.method == "OPTIONS" else None
        if is_sim(request.path):
            check_visitor(visitors)
        return None

    if visitors.cors_origins:

        @app.after_request
        def permit(response: Response) -> Response:
            if not is_sim(request.path) or request.path in FOR_PAGES:
                response.vary.add("Origin")
                origin = request.headers.get("Origin")
                if origin is not None and visitors.allows(origin, request.path):
                    response.headers["Access-Control-Allow-Origin"] = origin
                    response.headers["Access-Control-Expose-Headers"] = "Content-Length, Content-Range"
            return response


def check_visitor(visitors: Visitors) -> None:
    """End the request at hand with 403 where a foreign page has sent it, or it came by a foreign name."""
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    if host is not None and not visitors.knows_host(host):
        abort(403, description=f"foreign Host: expected {_known(visitors)}, found another name. {_FIX}")
    if origin is not None and not visitors.is_own(origin, host or ""):
        abort(403, description="foreign Origin: expected a request of this service's own page, or of no page at all")
    site = request.headers.get("Sec-Fetch-Site", "none")
    opened = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    if site not in ("same-origin", "none") and not (opened and request.method in ("GET", "HEAD")):
        abort(403, description="foreign page: expected a request of this service's own page, or of no page at all")


_FIX = "Fix: start the service with --allowed-host NAME, if that name is yours"


def _known(visitors: Visitors) -> str:
    names = sorted({*visitors.allowed_hosts, host_name(visitors.public_url) or "localhost"})
    return f"an IP address, localhost or {' or '.join(names)}"


def _preflight() -> Response:
    methods = {*(request.url_rule.methods or ())} if request.url_rule else {"GET", "HEAD", "POST"}
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(methods))
    response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
    response.headers["Access-Control-Max-Age"] = str(MAX_AGE)
    return response
