"""Who may talk to the page: one host name, one origin, and no script but the page's own."""

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

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
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def protect(app: Flask, url: str) -> None:
    """Refuse requests that do not come from the page served at `url`, and send the headers that keep it so.

    A Host header of another name is DNS rebinding: some other site's script that found this port. A request that
    changes something needs an Origin (browsers send it) or no browser at all, and JSON or bytes as its body, which
    another site could not send without being asked first.
    """
    hosts = _hosts(url)

    @app.before_request
    def check() -> None:
        if request.host not in hosts:
            abort(403, description=f"expected the host {' or '.join(sorted(hosts))}, found another one")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc not in hosts:
            abort(403, description="expected a request of this page, found one of another origin")
        if request.headers.get("Sec-Fetch-Site") not in (None, "same-origin", "none"):
            abort(403, description="expected a request of this page, found one of another site")
        if request.method == "POST" and request.mimetype not in ("application/json", "application/octet-stream"):
            abort(415)

    @app.after_request
    def seal(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _hosts(url: str) -> frozenset[str]:
    """Return the Host headers of a page at `url`; one on loopback may be called by any name of loopback."""
    parts = urlsplit(url)
    own = {parts.netloc}
    if is_loopback(parts.hostname or ""):
        own |= {f"{name}:{parts.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    return frozenset(own)


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
