"""The base address of a service, to which paths are appended: which texts can be one."""

from urllib.parse import urlsplit


def read_base_url(text: str) -> str:
    """Return the address without a slash at its end. Raises `ValueError`, whose text is what was found instead."""
    try:
        parts = urlsplit(text)
        complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        complete = False
    if not complete or not text.isascii() or not text.isprintable() or " " in parts.netloc:
        raise ValueError(repr(text[:200]))
    if "@" in parts.netloc or "?" in text or "#" in text or " " in text:
        raise ValueError("a user name, a query, a fragment or a space in it")  # not repeated: it may be a secret
    return text.rstrip("/")
