"""Addresses: which texts are http(s) URLs, how they are joined, and how they are written on the wire.

A URL in a playlist may hold blanks and letters of any script; on the wire it is ASCII (RFC 3987, section 3.1).
"""

from base64 import b64encode
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from emulator.errors import BadAddress

MAX_ADDRESS = 8192
"""Characters of a URL. The bound is ours: RFC 9110, section 4.1, asks for 8,000 octets at least."""
SAFE = "!#$%&'()*+,/:;=?@[]~"
"""What is left as it is in a path or query: the reserved characters, and the percent sign of what is encoded."""


def is_http_url(url: str) -> bool:
    """True for an absolute http(s) URL, `MAX_ADDRESS` at most, with a host and, if any, a possible port."""
    return _split(url) is not None


def wire_url(url: str) -> str | None:
    """Return an absolute http(s) URL in ASCII, the host in IDNA; None if `url` is none."""
    parts = _split(url)
    if parts is None:
        return None
    if url.isascii() and " " not in url:
        return url
    try:
        netloc = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    except UnicodeError:
        return None
    path, query = (quote(part, safe=SAFE, errors="surrogateescape") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def join_url(base: str, reference: str) -> str:
    """Return a reference resolved against a base URL; as it is, which is no URL then, where it cannot be resolved.

    Raises `BadAddress` over `MAX_ADDRESS` characters: a short reference is as long as its base.
    """
    try:
        address = urljoin(base, reference)
    except ValueError:
        address = reference
    if len(address) > MAX_ADDRESS:
        raise BadAddress(
            expected=f"an address of at most {MAX_ADDRESS} characters",
            found=f"one of {len(address)}, {address[:80].split('?', 1)[0]!r} and so on",
            fix="shorten the addresses that the playlist, the list of titles or the redirect gives",
        )
    return address


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def path_of(url: str) -> str:
    """Return the path of a URL, or the text itself where it is no URL."""
    try:
        return urlsplit(url).path
    except ValueError:
        return url


def basic_credentials(url: str) -> dict[str, str]:
    """Return the header (RFC 7617) that shows the name and password of a URL; none where it has none."""
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    return {"Authorization": f"Basic {b64encode(unquote_to_bytes(user)).decode()}"} if at else {}


def without_query(url: str) -> str:
    """Return a URL for error texts and journals: the query of a license URL is a token."""
    return url.split("?", 1)[0].split("#", 1)[0]


def _split(url: str) -> SplitResult | None:
    if len(url) > MAX_ADDRESS:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isprintable() and " " not in parts.netloc else None
