"""What a row of the field table is: a field, a run of fields, or a kind of TLLV block. The table is `layout`."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import accumulate
from typing import Any, Self


class Origin(Enum):
    """Who defined a field."""

    FAIRPLAY = "FairPlay"
    SIMULATION = "this simulation"


class Source(Enum):
    """Where a fact about a field comes from, so that a reader can look it up."""

    VECTORS = "public SPC vectors"
    LICENSES = "CKCs of a public key server"
    SERVERS = "public key servers"
    SDK = "arkavo-rs, after SDK 26"
    FORUM = "Apple Developer Forums 11538"
    SIMULATION = "this simulation"

    @property
    def origin(self) -> Origin:
        """Who defined the field: FairPlay, or this simulation."""
        return Origin.SIMULATION if self is Source.SIMULATION else Origin.FAIRPLAY


class WireCode(Enum):
    """The named values of a field: each member is a code on the wire (`value`, bytes) and its `meaning` in words."""

    _value_: bytes
    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        """Make a member from the code in hex."""
        member = object.__new__(cls)
        member._value_ = bytes.fromhex(code)
        member.meaning = meaning
        return member

    @classmethod
    def of(cls, code: bytes) -> Self:
        """Return the member with this code. Raises `ValueError` for any other one."""
        for member in cls:
            if member._value_ == code:
                return member
        raise ValueError(code.hex())

    @classmethod
    def names(cls) -> Mapping[bytes, str]:
        """Return the meanings by code, for the field table."""
        return {member._value_: member.meaning for member in cls}


class Kind(Enum):
    """How a field's bytes are read and shown."""

    UINT = "unsigned integer"
    BYTES = "bytes"
    TEXT = "text"
    TIME = "seconds since 1970, UTC"
    TAGS = "list of tags"
    VERSIONS = "list of versions"
    BITS = "bits"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `size` in bytes, what it means, who says so, and the names of its known values (or bits).

    Where `closed`, no other value than the named ones makes sense.
    """

    name: str
    size: int
    meaning: str
    kind: Kind = Kind.BYTES
    source: Source = Source.VECTORS
    names: Mapping[bytes, str] = field(default_factory=dict)
    closed: bool = False


class Layout:
    """Fields that follow one another without gaps."""

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        parts = struct.Struct(">" + "".join(map(_format, fields)))
        self.size = parts.size
        # These two run dozens of times for one message, so they are the struct's own methods.
        self.pack: Callable[..., bytes] = parts.pack
        """Return the bytes of the values given, one per field in order: integers for UINT, TIME, BITS, else bytes."""
        self.unpack: Callable[..., tuple[Any, ...]] = parts.unpack_from
        """Return one value per field from the data given, at the offset given (or 0); at least `size` bytes."""
        starts = accumulate((item.size for item in fields), initial=0)
        self._parts = {item.name: slice(start, start + item.size) for item, start in zip(fields, starts, strict=False)}

    def part(self, name: str, data: bytes) -> bytes:
        """Return the bytes of one field of `data`; fewer, where `data` ends before."""
        return data[self._parts[name]]

    def check(self, **values: bytes) -> None:
        """Raise `ValueError` unless each value has its field's size. Names are the fields', with _ for a blank."""
        for name, value in values.items():
            field_name = name.replace("_", " ")
            part = self._parts[field_name]
            if len(value) != part.stop - part.start:
                raise ValueError(f"{field_name}: expected {part.stop - part.start} bytes, found {len(value)}")


def _format(item: Field) -> str:
    integer = item.kind in (Kind.UINT, Kind.TIME, Kind.BITS)
    return {4: "I", 8: "Q"}[item.size] if integer else f"{item.size}s"


@dataclass(frozen=True, slots=True)
class Tag:
    """One kind of TLLV block: its 8-byte code, and the value sizes it allows (`smallest`…`largest` by `step`).

    `layout` holds the parts of the value, and `more` those that follow it in a longer one, where that is documented.
    """

    code: bytes
    name: str
    meaning: str
    smallest: int
    largest: int
    step: int = 1
    required: bool = False
    kind: Kind = Kind.BYTES
    source: Source = Source.VECTORS
    layout: Layout | None = None
    more: Layout | None = None

    def allows(self, size: int) -> bool:
        """Tell whether a value of `size` bytes is legal."""
        return self.smallest <= size <= self.largest and (size - self.smallest) % self.step == 0

    @property
    def sizes(self) -> str:
        """The allowed sizes in words."""
        if self.smallest == self.largest:
            return f"{self.smallest} bytes"
        step = f", a multiple of {self.step}" if self.step > 1 else ""
        return f"{self.smallest} to {self.largest} bytes{step}"
