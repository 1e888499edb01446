"""Hosts and origins as browsers write them, and which of them are no strangers to a service. Pure, without HTTP."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SIM = "/_sim"
FOR_PAGES = frozenset(
    f"{SIM}/{name}" for name in ("provisioning", "fairplay.cer", "fairplay-v1.cer", "fairplay-eme.js")
)
"""The only routes under `/_sim/` that a page of another origin may be allowed: what a virtual device is made with."""
ANY_LOOPBACK = "*"
"""As a CORS origin: every page that a host of loopback serves."""
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^][/?#:]+)(?::[0-9]*)?", re.ASCII)
"""A Host header: a name or an IP literal, a port, and no other part of a URL."""


@dataclass(frozen=True)
class Visitors:
    """Who may ask: the Host names and origins that are no strangers."""

    public_url: str = ""
    """Base URL of the service; its host and its origin are the service's own."""
    allowed_hosts: frozenset[str] = frozenset()
    """Names under which it is asked beside that one, loopback names and IP literals. Lower case."""
    cors_origins: frozenset[str] = field(default_factory=frozenset)
    """Origins as `origin_of` writes them, or ANY_LOOPBACK, that may read all documented routes and FOR_PAGES."""

    def knows_host(self, host: str) -> bool:
        """Tell whether a Host header names this service. An IP literal does: rebinding needs a name."""
        name = host_name(f"//{host}") if _HOST.fullmatch(host) else None
        if name is None:
            return False
        return is_loopback(name) or _is_ip(name) or name in self.allowed_hosts or name == host_name(self.public_url)

    def is_own(self, origin: str, host: str) -> bool:
        """Tell whether an Origin is that of the service itself, asked as `host`."""
        here = host.lower()
        return origin.lower() in (f"http://{here}", f"https://{here}") or origin == origin_of(self.public_url)

    def allows(self, origin: str, path: str) -> bool:
        """Tell whether CORS lets a page of `origin` read `path`."""
        if is_sim(path) and path not in FOR_PAGES:
            return False
        if origin in self.cors_origins:
            return True
        return (
            ANY_LOOPBACK in self.cors_origins and origin_of(origin) == origin and is_loopback(host_name(origin) or "")
        )


def is_sim(path: str) -> bool:
    """Tell whether a path is one of the simulation's own."""
    return path == SIM or path.startswith(f"{SIM}/")


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of a URL as a browser writes an Origin; None where it is no http(s) URL."""
    name = host_name(url)
    if name is None:
        return None
    parts = urlsplit(url)
    host = f"[{name}]" if ":" in name else name
    default = {"http": 80, "https": 443}.get(parts.scheme)
    if default is None:
        return None
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, default) else f":{parts.port}")


def host_name(url: str) -> str | None:
    """Return the host of a URL, or of a Host header after `//`, in lower case; None where it has no possible one."""
    try:
        parts = urlsplit(url)
        name, _ = parts.hostname, parts.port
    except ValueError:  # half an IPv6 address, a port that is none
        return None
    if not name or "@" in parts.netloc or parts.netloc != parts.netloc.strip():
        return None
    return name.removesuffix(".")


def is_loopback(name: str) -> bool:
    """Tell whether a host name or IP literal leads to this machine only, whatever a DNS server says."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def read_origins(values: Iterable[str]) -> frozenset[str]:
    """Check origins that a user gives. Raises `ValueError`, which says what is wrong."""
    return frozenset(map(_read_origin, values))


def _read_origin(value: str) -> str:
    if value == ANY_LOOPBACK:
        return value
    if value == "null":
        raise ValueError("null is every sandboxed frame of every page. Name the page's origin: http://127.0.0.1:3000")
    origin = origin_of(value)
    if origin is None or value.lower().removesuffix("/") not in (origin, f"{origin}:80", f"{origin}:443"):
        raise ValueError(f"expected scheme, host and port, like http://127.0.0.1:3000, or *, found {value[:100]!r}")
    return origin


def read_hosts(values: Iterable[str]) -> frozenset[str]:
    """Check host names that a user allows. Raises `ValueError`, which says what is wrong."""
    names = frozenset(values)
    for name in names:
        if host_name(f"//{name}") != name.lower().removesuffix(".") or ":" in name:
            raise ValueError(f"expected a host name without a port, found {name[:100]!r}")
    return frozenset(name.lower().removesuffix(".") for name in names)
