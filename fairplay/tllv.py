"""TLLV: the tagged blocks that the payloads of SPC and CKC are made of.

    0      8              12             16              16 + value        16 + block
    | tag  | block length | value length | value         | padding         |

The block length counts value and padding, not the 16 bytes of header, and is a multiple of 16, so that every
block starts on a boundary of the cipher. Padding is random and may be longer than needed, to hide lengths.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from fairplay.errors import BadSize, BadTllv, DuplicateTag, MissingTag
from fairplay.fields import Tag
from fairplay.layout import TLLV_HEADER
from fairplay.randomness import RandomBytes

ALIGNMENT = 16
HEADER_SIZE = TLLV_HEADER.size
MAX_EXTRA_UNITS = 8


class Tllv(NamedTuple):
    """One block as read: `offset` in the payload, 8-byte `tag`, `value`, and how many bytes of padding follow."""

    offset: int
    tag: bytes
    value: bytes
    padding: int

    @property
    def end(self) -> int:
        """The payload offset of whatever follows."""
        return self.offset + HEADER_SIZE + len(self.value) + self.padding

    def __repr__(self) -> str:
        return f"Tllv(offset={self.offset}, tag={self.tag.hex()}, {len(self.value)} bytes, {self.padding} padding)"


def write(blocks: Iterable[tuple[bytes, bytes]], random: RandomBytes) -> bytes:
    """Return the payload of `(tag, value)` pairs in the given order.

    Each value gets at least one byte of padding (some readers reject a block without), up to the boundary, and
    0 to 7 further units of 16 bytes.
    """
    parts: list[bytes] = []
    for tag, value in blocks:
        padding = ALIGNMENT - len(value) % ALIGNMENT + ALIGNMENT * (random(1)[0] % MAX_EXTRA_UNITS)
        parts += TLLV_HEADER.pack(tag, len(value) + padding, len(value)), value, random(padding)
    return b"".join(parts)


def blocks(payload: bytes) -> Iterator[Tllv]:
    """Yield the blocks of `payload` in order, unknown tags too. Raises `BadTllv` at the first that does not fit."""
    offset = 0
    while offset < len(payload):
        start = offset + HEADER_SIZE
        left = len(payload) - start
        if left < 0:
            raise _bad(f"{HEADER_SIZE} bytes of block header", f"{left + HEADER_SIZE} bytes left", offset)
        tag, block_length, value_length = TLLV_HEADER.unpack(payload, offset)
        if block_length % ALIGNMENT:
            raise _bad("a block length that is a multiple of 16", f"{block_length}", offset)
        if value_length > block_length:
            raise _bad(f"a value of at most the block's {block_length} bytes", f"{value_length}", offset)
        if block_length > left:
            raise _bad(f"a block of at most the {left} bytes left", f"{block_length}", offset)
        yield Tllv(offset, tag, payload[start : start + value_length], block_length - value_length)
        offset = start + block_length


def read_values(payload: bytes) -> dict[bytes, bytes]:
    """Return `payload` as tag → value, in order. Raises `BadTllv`, and `DuplicateTag` where a tag occurs twice."""
    values: dict[bytes, bytes] = {}
    for block in blocks(payload):
        if block.tag in values:
            raise DuplicateTag(
                "each tag once",
                f"tag {block.tag.hex()} again at payload offset {block.offset}",
                "write the tag only once",
            )
        values[block.tag] = block.value
    return values


def check(values: Mapping[bytes, bytes], known: Mapping[bytes, Tag]) -> None:
    """Hold tag → value against the field table: first all sizes, then the required tags.

    Raises `BadSize`, `MissingTag`.
    """
    for code, value in values.items():
        tag = known.get(code)
        if tag and not tag.allows(len(value)):
            raise BadSize(f"{tag.sizes} in {tag.name}", f"{len(value)}", f"write {tag.name} in its fixed form")
    for tag in known.values():
        if tag.required and tag.code not in values:
            raise MissingTag(f"{tag.name} (tag {tag.code.hex()})", f"{len(values)} other tags", f"add {tag.name}")


def _bad(expected: str, found: str, offset: int) -> BadTllv:
    return BadTllv(f"{expected} at payload offset {offset}", found, "do not cut or alter the encrypted payload")
