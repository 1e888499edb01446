"""TLLV: the tagged blocks that the payloads of SPC and CKC are made of.

    0      8              12             16              16 + value        16 + block
    | tag  | block length | value length | value         | padding         |

The block length counts value and padding, not the 16 bytes of header, and is a multiple of 16, so that every
block starts on a boundary of the cipher. Padding is random and may be longer than needed, to hide lengths.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fairplay.errors import BadSize, BadTllv, DuplicateTag, MissingTag
from fairplay.layout import TLLV_HEADER, Tag

RandomBytes = Callable[[int], bytes]

ALIGNMENT = 16
MOST_EXTRA_UNITS = 8


@dataclass(frozen=True, slots=True)
class Tllv:
    """One block as read: `offset` in the payload, 8-byte `tag`, `value`, and how many bytes of padding follow."""

    offset: int
    tag: bytes
    value: bytes
    padding: int

    def __repr__(self) -> str:
        return f"Tllv(offset={self.offset}, tag={self.tag.hex()}, {len(self.value)} bytes, {self.padding} padding)"


def write(blocks: Iterable[tuple[bytes, bytes]], random: RandomBytes) -> bytes:
    """Return the payload of `(tag, value)` pairs in the given order.

    Each value gets at least one byte of padding (some readers reject a block without), up to the boundary, and
    0 to 7 further units of 16 bytes.
    """
    parts: list[bytes] = []
    for tag, value in blocks:
        padding = ALIGNMENT - len(value) % ALIGNMENT + ALIGNMENT * (random(1)[0] % MOST_EXTRA_UNITS)
        parts += TLLV_HEADER.pack(tag, len(value) + padding, len(value)), value, random(padding)
    return b"".join(parts)


def read(payload: bytes) -> tuple[Tllv, ...]:
    """Return the blocks of `payload` in order; unknown tags are kept.

    Raises `BadTllv` where a block does not fit, `DuplicateTag` where a tag occurs twice.
    """
    blocks = []
    seen = set()
    offset = 0
    while offset < len(payload):
        block = read_block(payload, offset)
        if block.tag in seen:
            raise DuplicateTag(
                "each tag once",
                f"tag {block.tag.hex()} again at payload offset {offset}",
                "write the tag only once",
            )
        seen.add(block.tag)
        blocks.append(block)
        offset = end_of(block)
    return tuple(blocks)


def end_of(block: Tllv) -> int:
    """Return the payload offset of whatever follows `block`."""
    return block.offset + TLLV_HEADER.size + len(block.value) + block.padding


def read_block(payload: bytes, offset: int) -> Tllv:
    """Return the block at `offset`. Raises `BadTllv`."""
    left = len(payload) - offset - TLLV_HEADER.size
    if left < 0:
        raise _bad(f"{TLLV_HEADER.size} bytes of block header", f"{left + TLLV_HEADER.size} bytes left", offset)
    tag, block_length, value_length = TLLV_HEADER.unpack(payload, offset)
    if block_length % ALIGNMENT:
        raise _bad("a block length that is a multiple of 16", f"{block_length}", offset)
    if value_length > block_length:
        raise _bad(f"a value of at most the block's {block_length} bytes", f"{value_length}", offset)
    if block_length > left:
        raise _bad(f"a block of at most the {left} bytes left", f"{block_length}", offset)
    start = offset + TLLV_HEADER.size
    return Tllv(offset, tag, payload[start : start + value_length], block_length - value_length)


def check(blocks: Iterable[Tllv], known: Mapping[bytes, Tag]) -> dict[bytes, bytes]:
    """Return the blocks as tag → value, once sizes and required tags are as the field table says.

    Raises `BadSize`, `MissingTag`.
    """
    values = {}
    for block in blocks:
        tag = known.get(block.tag)
        if tag and not tag.allows(len(block.value)):
            raise BadSize(f"{tag.sizes} in {tag.name}", f"{len(block.value)}", f"write {tag.name} in its fixed form")
        values[block.tag] = block.value
    for tag in known.values():
        if tag.required and tag.code not in values:
            raise MissingTag(f"{tag.name} (tag {tag.code.hex()})", f"{len(values)} other tags", f"add {tag.name}")
    return values


def _bad(expected: str, found: str, offset: int) -> BadTllv:
    return BadTllv(f"{expected} at payload offset {offset}", found, "do not cut or alter the encrypted payload")
