"""The catalog: which titles there are, under which keys, for whom and for how long. Read from TOML, checked at once.

A title has one content id per key, and a content id belongs to one title. The dummy title is what devices
register with.

A content id is opaque: whatever the packager wrote, 2 to 200 bytes of UTF-8, which is what an SPC's asset id holds.
It is compared exactly; only of a GUID upper and lower case are the same (ours).
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"
"""The titles that come with SEES, and their catalog."""
MAX_TOKEN_LIFETIME = 30 * 86_400
"""Seconds: thirty days, ExpressPlay's own limit."""
MAX_DURATION = 2**32 - 2
"""Seconds of a rental or lease: what fits the CKC's four bytes, whose highest value is reserved."""

_TITLE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MIN_CONTENT_ID, MAX_CONTENT_ID = 2, 200
"""Bytes in UTF-8."""
CONTENT_ID_FORM = f"a text of {MIN_CONTENT_ID} to {MAX_CONTENT_ID} bytes in UTF-8"
_HEX_16_BYTES = re.compile(r"[0-9a-f]{32}")


class CatalogError(Exception):
    """The catalog cannot be used; the text is one line: where, what was expected, what was found."""


@dataclass(frozen=True)
class Key:
    """One content key (CEK); hexadecimal values have 32 lower-case digits."""

    content_id: str
    kid: str
    cek: str = field(repr=False)
    iv: str


@dataclass(frozen=True)
class Terms:
    """How long a license lets its key be used: seconds, 0 meaning no such limit.

    A `persistent` key may be kept by the device beyond the playback, for as long as the rental lasts if there is one.
    With dual expiry a key is kept too: it must begin to play within the `storage_duration`, and plays for the
    `playback_duration` once begun. Raises `ValueError` for terms that no license of FairPlay can hold together.
    """

    rental_duration: int = 0
    lease_duration: int = 0
    persistent: bool = False
    storage_duration: int = 0
    playback_duration: int = 0

    def __post_init__(self) -> None:
        if self.persistent and self.lease_duration:
            raise ValueError("persistent: expected false beside a lease_duration, found true")
        if bool(self.storage_duration) != bool(self.playback_duration):
            raise ValueError("expected storage_duration and playback_duration together, found one of them")
        if self.storage_duration and (self.rental_duration or self.lease_duration or self.persistent):
            raise ValueError(
                "storage_duration: expected no rental_duration, lease_duration or persistent beside it, found one"
            )


NO_LIMITS = Terms()
_DURATIONS = ("rental_duration", "lease_duration", "storage_duration", "playback_duration")


@dataclass(frozen=True)
class Title:
    """One title: its keys, for whom, and on which terms. `token_lifetime` is in seconds."""

    id: str
    name: str
    dummy: bool
    token_lifetime: int
    terms: Terms
    viewers: tuple[str, ...] | None
    """Prefixes of the customer cookies that may watch; None means everybody, also without a cookie."""
    keys: tuple[Key, ...]

    def is_for(self, cookie: str | None) -> bool:
        """Tell whether the viewer with this cookie may watch."""
        return self.viewers is None or (cookie is not None and cookie.startswith(self.viewers))


@dataclass(frozen=True)
class Catalog:
    """All titles, by their ids."""

    titles: Mapping[str, Title]
    _by_content_id: Mapping[str, tuple[Title, Key]] = field(repr=False)

    def find(self, content_id: str) -> tuple[Title, Key] | None:
        """Return title and key of a content id, or None."""
        return self._by_content_id.get(_same(content_id))


def load_catalog(path: Path) -> Catalog:
    """Read the catalog at `path`. Raises `CatalogError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise CatalogError(f"catalog {path}: cannot be read: {reason}") from None
    try:
        return parse_catalog(text)
    except CatalogError as error:
        raise CatalogError(f"catalog {path}: {error}") from None


def parse_catalog(text: str) -> Catalog:
    """Read a catalog from TOML. Raises `CatalogError`."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise CatalogError(f"expected TOML, found a mistake: {reason[:200]}") from None
    root = _Table(document, "catalog")
    titles = {name: _title(name, table) for name, table in root.table("titles").tables()}
    root.check_nothing_left()
    if not titles:
        raise CatalogError("titles: expected at least one title, found none")
    by_content_id: dict[str, tuple[Title, Key]] = {}
    for title in titles.values():
        for key in title.keys:
            known_as = _same(key.content_id)
            if known_as in by_content_id:
                other = by_content_id[known_as][0].id
                raise CatalogError(
                    f"titles.{title.id}: content_id: expected an id of its own, found {key.content_id}, "
                    f"used already by titles.{other}"
                )
            by_content_id[known_as] = (title, key)
    return Catalog(titles, by_content_id)


def _same(content_id: str) -> str:
    """Return what two content ids have in common that are the same: the lower case of a GUID, else the id itself."""
    return content_id.lower() if _GUID.fullmatch(content_id) else content_id


def _title(name: str, table: "_Table") -> Title:
    if not _TITLE_ID.fullmatch(name):
        raise CatalogError(f"titles: expected an id of a-z, 0-9, - and _ (at most 64), found {name[:80]!r}")
    title = Title(
        id=name,
        name=table.text("name"),
        dummy=table.boolean("dummy", default=False),
        token_lifetime=table.seconds("token_lifetime", 1, MAX_TOKEN_LIFETIME),
        terms=_terms(name, table),
        viewers=table.viewers("viewers"),
        keys=tuple(_key(key) for key in table.list_of_tables("keys")),
    )
    table.check_nothing_left()
    return title


def _terms(name: str, table: "_Table") -> Terms:
    durations = {field: table.seconds(field, 0, MAX_DURATION, default=0) for field in _DURATIONS}
    try:
        return Terms(persistent=table.boolean("persistent", default=False), **durations)
    except ValueError as error:
        raise CatalogError(f"titles.{name}: {error}") from None


def _key(table: "_Table") -> Key:
    key = Key(
        content_id=table.content_id("content_id"),
        kid=table.hex_16_bytes("kid"),
        cek=table.hex_16_bytes("cek", secret=True),
        iv=table.hex_16_bytes("iv"),
    )
    table.check_nothing_left()
    return key


class _Table:
    """A TOML table from which fields are taken one by one, so that a left-over one is noticed."""

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        self._fields = dict(fields)
        self._place = place

    def _take(
        self, name: str, fits: Callable[[Any], object], expected: str, default: Any = None, *, secret: bool = False
    ) -> Any:
        value = self._fields.pop(name, default)
        if not fits(value):
            raise self._error(name, expected, value, secret=secret)
        return value

    def _error(self, name: str, expected: str, found: Any, *, secret: bool = False) -> CatalogError:
        kind = type(found).__name__
        if found is None:
            shown = "nothing"
        elif secret:
            shown = f"another value ({kind}{f' of {len(found)} characters' if isinstance(found, str) else ''})"
        else:
            shown = repr(found)[:80] if isinstance(found, str | int | float) else kind
        return CatalogError(f"{self._place}: {name}: expected {expected}, found {shown}")

    def table(self, name: str) -> "_Table":
        value = self._take(name, lambda value: isinstance(value, dict), "a table")
        return _Table(value, name if self._place == "catalog" else f"{self._place}.{name}")

    def tables(self) -> Iterator[tuple[str, "_Table"]]:
        for name in list(self._fields):
            yield name, self.table(name)

    def list_of_tables(self, name: str) -> list["_Table"]:
        tables = self._take(name, lambda value: _is_list_of(value, dict), "at least one table")
        return [_Table(item, f"{self._place}.{name}[{index}]") for index, item in enumerate(tables)]

    def text(self, name: str) -> str:
        return str(self._take(name, lambda value: isinstance(value, str) and value.strip(), "a text"))

    def boolean(self, name: str, *, default: bool) -> bool:
        return bool(self._take(name, lambda value: isinstance(value, bool), "true or false", default))

    def seconds(self, name: str, low: int, high: int, default: int | None = None) -> int:
        expected = f"{low} to {high} seconds"
        return int(self._take(name, lambda value: type(value) is int and low <= value <= high, expected, default))

    def hex_16_bytes(self, name: str, *, secret: bool = False) -> str:
        def fits(value: Any) -> object:
            return isinstance(value, str) and _HEX_16_BYTES.fullmatch(value.lower())

        return str(self._take(name, fits, "32 hexadecimal digits", secret=secret)).lower()

    def content_id(self, name: str) -> str:
        value = self._take(name, lambda value: isinstance(value, str), CONTENT_ID_FORM)
        if not MIN_CONTENT_ID <= len(value.encode()) <= MAX_CONTENT_ID:
            raise self._error(name, CONTENT_ID_FORM, f"one of {len(value.encode())}")
        return str(value)

    def viewers(self, name: str) -> tuple[str, ...] | None:
        value = self._take(
            name,
            lambda value: value == "all" or (_is_list_of(value, str) and all(value)),
            '"all" or a list of cookie prefixes',
        )
        return None if value == "all" else tuple(value)

    def check_nothing_left(self) -> None:
        for name in self._fields:
            raise CatalogError(f"{self._place}: expected no other key, found {name[:80]!r}; is it misspelt?")


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)
