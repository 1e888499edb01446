"""The URI of an EXT-X-KEY line: which content id to ask SEES for, or which license URL to go to at once.

Two modes occur in the field. *Entitlement*: the URI names a content id, and the customer decides which part of it that
is. By default it is everything after `skd:` and its two slashes, or the parameter `cid` where there is one (Adobe's
`skd:{entitlement server}?cid={content id}`); a `ContentIdRule` says otherwise. *Direct*: `skd://…?ExpressPlayToken=…`
is the license URL itself, its scheme swapped.

A content id is opaque: 2 to 200 bytes of UTF-8, what an SPC's asset id holds. One that looks mangled (percent-encoded,
Base64 of the URI, cut) is tried as it is, with a note; only a URI that no device would act on is an error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from urllib.parse import unquote

from emulator.errors import BadKeyUri
from fairplay.layout import ASSET_ID

TOKEN_PARAMETER = "ExpressPlayToken"  # noqa: S105 - the name of a parameter
MAX_LENGTH = 8192
"""Characters of a key URI; a token takes a few hundred."""

EXPECTED = "skd:<content id>, skd://<content id>, skd://<host>?cid=<content id> or skd://…?ExpressPlayToken=…"
RULES = "host, path, query:NAME or all"
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NEARLY_GUID = re.compile(r"[0-9A-Fa-f]{6,10}(-[0-9A-Fa-f]{3,5}){3}-[0-9A-Fa-f]{6,16}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+={0,2}")
_PLAIN = re.compile(r"skd:(//)?[A-Za-z0-9._~-]+", re.IGNORECASE)
"""A key URI of one part."""


class KeyMode(Enum):
    """How a player gets from the URI to a license."""

    ENTITLEMENT = "entitlement"
    DIRECT = "direct"


@dataclass(frozen=True)
class ContentIdRule:
    """Which part of a key URI is the content id. `part` None is the default, `name` a parameter of `query`."""

    part: str | None = None
    name: str = ""


DEFAULT_RULE = ContentIdRule()


@dataclass(frozen=True)
class KeyUri:
    """A key URI, understood.

    Entitlement mode: `content_id` is what to ask SEES for; `server` the entitlement server, if the URI names one, as
    it is written there (`sees.example:8443/path`, with or without a scheme).
    Direct mode: `location` is the license URL, without its scheme where it comes from the URI; `content_id` is None
    unless a `cid` names one.
    `notes` say what about it looks mangled.
    """

    uri: str = field(repr=False)
    mode: KeyMode
    content_id: str | None
    server: str | None = None
    location: str | None = field(default=None, repr=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def license_url(self, scheme: str = "https") -> str:
        """Return the URL that takes the SPC, `skd` swapped for `scheme`. Raises `ValueError` but in direct mode."""
        if self.location is None:
            raise ValueError("expected a key URI in direct mode, found one that names a content id only")
        return f"{scheme}:{self.location}" if self.location.startswith("//") else self.location


def parse_rule(text: str) -> ContentIdRule:
    """Parse what a user says of the content id's place (`RULES`). Raises `ValueError` for anything else."""
    part, _, name = text.partition(":")
    if (part == "query" and name) or (text in ("host", "path", "all")):
        return ContentIdRule(part, name)
    raise ValueError(f"expected {RULES}, found {text[:80]!r}")


def check_content_id(text: str) -> str:
    """Return a content id as it is. Raises `ValueError` if it is not 2 to 200 bytes of UTF-8."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError("expected a content id in UTF-8, found bytes that are none") from None
    if not ASSET_ID.allows(size):
        raise ValueError(f"expected a content id of {ASSET_ID.sizes}, as an SPC holds, found {size} bytes")
    return text


def with_token_url(key: KeyUri, url: str) -> KeyUri:
    """Return the key with a license URL that the user has named, scheme and all: direct mode."""
    return replace(key, mode=KeyMode.DIRECT, location=url, notes=())


def parse_key_uri(uri: str, rule: ContentIdRule = DEFAULT_RULE) -> KeyUri:
    """Parse the URI of an EXT-X-KEY. Raises `BadKeyUri` where no content id or token can be had from it, saying why."""
    if len(uri) > MAX_LENGTH:
        raise _error(uri, "shorten it: a key URI is a content id, or a URL with one token")
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "skd":
        raise _error(uri, _scheme_fix(uri))
    place = rest.removeprefix("//")
    before, _, query = place.partition("?")
    tokens, cids = (_parameters(query, name) for name in (TOKEN_PARAMETER, "cid"))
    if tokens and rule.part != "all":
        return _direct(uri, rest, tokens, cids)
    if rule.part is None and cids:
        content_id = _content_id(uri, _only(uri, cids))
        return KeyUri(uri, KeyMode.ENTITLEMENT, content_id, before.rstrip("/") or None, notes=_notes(content_id))
    content_id = _content_id(uri, _by_rule(uri, place, rule))
    return KeyUri(uri, KeyMode.ENTITLEMENT, content_id, notes=_notes(content_id))


def fix_for_unknown(key: KeyUri, *, dummy: bool, given: bool) -> str:
    """Say what to do where SEES does not know the content id of a key URI: that may be another part of it.

    `given`: the user has named the content id himself.
    """
    by_name = "with --dummy in place of the playlist" if dummy else "with --content-id"
    if given or (_PLAIN.fullmatch(key.uri) and not key.notes):
        return f"add the content id to the catalog of SEES, or name the one that it has {by_name}"
    by_rule = f"say which part of the key URI is the content id with --content-id-from ({RULES})"
    return f"{by_rule}, name it {by_name}, or add it to the catalog of SEES"


def _by_rule(uri: str, place: str, rule: ContentIdRule) -> str:
    match rule.part:
        case "host":
            return re.split(r"[/?#:]", place, maxsplit=1)[0]
        case "path":
            return re.split(r"[?#]", place, maxsplit=1)[0].partition("/")[2]
        case "query":
            values = _parameters(place.partition("?")[2], rule.name)
            if not values:
                raise _error(uri, f"name a parameter that the URI has: it has no {rule.name[:40]}")
            return _only(uri, values)
        case _:
            return place


def _parameters(query: str, name: str) -> list[str]:
    """Return the values of a parameter, percent-decoded. A plus stays one: Base64 has it."""
    pairs = (pair.partition("=") for pair in query.split("#", 1)[0].split("&"))
    return [unquote(value, errors="surrogateescape") for key, _, value in pairs if key == name]


def _only(uri: str, values: list[str]) -> str:
    if len(set(values)) != 1:
        raise _error(uri, "name each parameter once")
    return values[0]


def _direct(uri: str, rest: str, tokens: list[str], cids: list[str]) -> KeyUri:
    if not re.match(r"//[^/?#]", rest) or len(tokens) != 1 or not _TOKEN.fullmatch(tokens[0]):
        raise _error(uri, "use the token URL as ExpressPlay gave it, once, with only its scheme changed to skd")
    content_id = _content_id(uri, _only(uri, cids)) if cids else None
    return KeyUri(uri, KeyMode.DIRECT, content_id, location=rest)


def _content_id(uri: str, text: str) -> str:
    try:
        return check_content_id(text)
    except ValueError as error:
        raise _error(uri, f"{error}; --content-id-from says which part of the URI it is") from None


def _scheme_fix(uri: str) -> str:
    """Say how a URI without the scheme skd came about, as far as one can see."""
    lower = uri.lower()
    if not uri.strip():
        return "give the key line a URI"
    if "\0" in uri:
        return "decode the init data as UTF-16, not as single bytes"
    if uri != uri.strip() or uri[0] in "\"'":
        return "remove the spaces or quotation marks around it"
    if lower.startswith(("http://", "https://")):
        return "leave the scheme skd in the playlist: the player swaps it, and only for the request"
    if lower.startswith(("skd%3a", "skd%253a")):
        return "percent-decode it once more, or do not encode it at all"
    if uri.startswith("c2tkO"):
        return "decode the Base64: this begins like Base64 of skd:"
    if lower.startswith(("sdk:", "skd//", "skd;", "skp:", "sks:")):
        return "spell the scheme skd:"
    if _GUID.fullmatch(uri):
        return f"put the scheme back: skd://{uri}"
    return "write the key line's URI with skd:, or name the content id with --content-id"


_LOOKS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda text: text.startswith("c2tkO"), "it begins like Base64 of skd:"),
    (lambda text: text.lower().startswith(("skd:", "skd%3a")), "it begins with skd: once more"),
    (lambda text: not text.isprintable(), "it holds control characters, as UTF-16 read byte by byte does"),
    (lambda text: text != text.strip() or text[0] in "\"'{", "it has blanks, quotation marks or braces around it"),
    (lambda text: bool(re.search("%[0-9A-Fa-f]{2}", text)), "it holds percent signs and is taken as written"),
    (lambda text: text.endswith("/"), "it ends with a slash, which a URL library may have added"),
    (lambda text: not text.isascii(), "it is not all ASCII, and a URL library may percent-encode it"),
    (
        lambda text: bool(_NEARLY_GUID.fullmatch(text)) and not _GUID.fullmatch(text),
        "it looks like a GUID with digits missing or to spare",
    ),
)


def _notes(content_id: str) -> tuple[str, ...]:
    # A text of another party, for a terminal: shown as a literal, and not in full.
    return tuple(f"content id {content_id[:80]!r}: {text}" for looks, text in _LOOKS if looks(content_id))


def _error(uri: str, fix: str) -> BadKeyUri:
    # A URI may carry a token, so it is shown without its query, and not in full.
    shown = uri[:80].split("?", 1)[0]
    tail = "…" if len(shown) < len(uri) else ""
    return BadKeyUri(expected=EXPECTED, found=repr(shown + tail) if uri else "nothing", fix=fix)
