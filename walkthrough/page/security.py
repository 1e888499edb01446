"""Who may talk to the page: one host name, one origin, and no script but the page's own."""

from flask import Flask, Response, abort, request

from simulation.foreign_pages import check_visitor
from simulation.origins import Visitors

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
STATIC_POLICY = POLICY.replace("; frame-ancestors 'none'", "")
"""The same for a page that comes from any server: in its own text, where browsers take no `frame-ancestors`."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def protect(app: Flask, visitors: Visitors) -> None:
    """Refuse requests that other pages send, and send the headers that keep it so.

    Beside that, a request that changes something needs JSON or bytes as its body, which another site could not send
    without being asked first.
    """

    @app.before_request
    def check() -> None:
        check_visitor(visitors)
        if request.method == "POST" and request.mimetype not in ("application/json", "application/octet-stream"):
            abort(415)

    @app.after_request
    def seal(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
