"""The URI of an EXT-X-KEY line: which content id to ask SEES for, or which license URL to go to at once.

Two modes occur in the field. *Entitlement*: `skd:<content id>`, `skd://<content id>` and `skd://<host>?cid=<content
id>` name what to ask SEES for. *Direct*: `skd://…?ExpressPlayToken=…` is the license URL itself, its scheme swapped.
A URI mangled on its way (percent-encoded, Base64, UTF-16, cut, fetched as https) is the commonest FairPlay mistake,
so each known way has an error text of its own.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import SplitResult, parse_qsl, urlsplit

from emulator.errors import BadKeyUri

TOKEN_PARAMETER = "ExpressPlayToken"  # noqa: S105 - the name of a parameter
MAX_LENGTH = 8192
"""Characters of a key URI; a token takes a few hundred."""

EXPECTED = "skd:<content id>, skd://<content id>, skd://<host>?cid=<content id> or skd://…?ExpressPlayToken=…"
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+={0,2}")


class KeyMode(Enum):
    """How a player gets from the URI to a license."""

    ENTITLEMENT = "entitlement"
    DIRECT = "direct"


@dataclass(frozen=True)
class KeyUri:
    """A key URI, understood.

    Entitlement mode: `content_id` is a GUID as written; `host` is the entitlement host, if the URI names one.
    Direct mode: `location` is the license URL without its scheme; `content_id` only if a `cid` names one.
    """

    uri: str = field(repr=False)
    mode: KeyMode
    content_id: str | None
    host: str | None = None
    location: str | None = field(default=None, repr=False)

    def license_url(self, scheme: str = "https") -> str:
        """Direct mode: return the URL that takes the SPC, `skd` swapped for `scheme`. ValueError in the other mode."""
        if self.location is None:
            raise ValueError("expected a key URI in direct mode, found one that names a content id only")
        return f"{scheme}:{self.location}"


def parse_key_uri(uri: str) -> KeyUri:
    """Parse the URI of an EXT-X-KEY; BadKeyUri for every text that is none, saying how it was likely mangled."""
    _refuse_mangled(uri)
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "skd":
        raise _error(uri, "write the key line's URI with skd:")
    if not rest.startswith("//"):
        return KeyUri(uri, KeyMode.ENTITLEMENT, _content_id(uri, rest))
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise _error(uri, "correct the host and port") from None
    parameters = parse_qsl(parts.query, keep_blank_values=True)
    tokens = [value for name, value in parameters if name == TOKEN_PARAMETER]
    cids = [value for name, value in parameters if name == "cid"]
    if len(tokens) > 1 or len(cids) > 1:
        raise _error(uri, "name each parameter once")
    if tokens:
        return _direct(uri, parts, rest, tokens[0], cids)
    if cids:
        if not parts.hostname or port == 0:
            raise _error(uri, "put the entitlement host before ?cid=")
        return KeyUri(uri, KeyMode.ENTITLEMENT, _content_id(uri, cids[0]), host=parts.netloc)
    if parts.query or "?" in uri:
        raise _error(uri, "name the content id as ?cid=<content id> (a token as ?ExpressPlayToken=…)")
    return KeyUri(uri, KeyMode.ENTITLEMENT, _content_id(uri, rest.removeprefix("//")))


def _direct(uri: str, parts: SplitResult, rest: str, token: str, cids: list[str]) -> KeyUri:
    if not parts.hostname or not _TOKEN.fullmatch(token):
        raise _error(uri, "use the token URL as ExpressPlay gave it, with only its scheme changed to skd")
    content_id = _content_id(uri, cids[0]) if cids else None
    return KeyUri(uri, KeyMode.DIRECT, content_id, location=rest)


def _refuse_mangled(uri: str) -> None:
    """Raise for the usual ways in which a player or packager spoils the URI."""
    lower = uri.lower()
    if not uri.strip():
        raise _error(uri, "give the key line a URI")
    if len(uri) > MAX_LENGTH:
        raise _error(uri, "shorten it: a key URI is a content id, or a URL with one token")
    if "\0" in uri:
        raise _error(uri, "decode the init data as UTF-16, not as single bytes")
    if uri != uri.strip() or uri[0] in "\"'":
        raise _error(uri, "remove the spaces or quotation marks around it")
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        raise _error(uri, "remove the characters that are not plain ASCII")
    if lower.startswith(("http://", "https://")):
        fix = "leave the scheme skd in the playlist: the player swaps it, and only for the request"
        raise _error(uri, fix)
    if lower.startswith(("skd%3a", "skd%253a")):
        raise _error(uri, "percent-decode it once more, or do not encode it at all")
    if uri.startswith("c2tkO"):
        raise _error(uri, "decode the Base64")
    if lower.startswith(("sdk:", "skd//", "skd;", "skp:", "sks:")):
        raise _error(uri, "spell the scheme skd:")
    if _GUID.fullmatch(uri):
        raise _error(uri, f"put the scheme back: skd://{uri}")


def _content_id(uri: str, text: str) -> str:
    if _GUID.fullmatch(text):
        return text
    raise _error(uri, _content_id_fix(text))


def _content_id_fix(text: str) -> str:
    lower = text.lower()
    hexadecimal = re.sub(r"[^0-9a-f]", "", lower)
    if not text:
        return "name a content id"
    if lower.startswith(("skd:", "//skd:")):
        return "write skd: once"
    if text.startswith("/"):
        return "use two slashes or none after skd:"
    if text.endswith("/") and _GUID.fullmatch(text.rstrip("/")):
        return "remove the slash at the end (a URL library adds it)"
    if text.startswith(("{", "%7b", "%7B")):
        return "write the content id without the braces"
    if "%" in text:
        return "percent-decode the content id"
    if len(hexadecimal) == 32 and len(text) == 32:
        return "write the content id with its hyphens, 8-4-4-4-12"
    if len(hexadecimal) == len(text.replace("-", "")) and len(hexadecimal) != 32:
        verb = "cut" if len(hexadecimal) < 32 else "lengthened"
        return f"use the content id as packaged: it was {verb} ({len(hexadecimal)} of 32 hex digits)"
    return "use a GUID, the content id given at packaging"


def _error(uri: str, fix: str) -> BadKeyUri:
    # A URI may carry a token, so it is shown without its query, and not in full.
    shown = uri[:80].split("?", 1)[0]
    tail = "…" if len(shown) < len(uri) else ""
    return BadKeyUri(step=None, expected=EXPECTED, found=repr(shown + tail) if uri else "nothing", fix=fix)
