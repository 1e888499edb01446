"""The rows of the field table: which sizes a tag allows, and how they are put in words."""

import pytest

from fairplay.fields import Field, Kind, Layout, Tag


def tag(smallest: int, largest: int, step: int) -> Tag:
    return Tag(b"tag-name", "name", "meaning", smallest, largest, step)


@pytest.mark.parametrize(
    ("smallest", "largest", "step", "allowed", "words"),
    [
        (16, 16, 1, {16}, "16 bytes"),
        (2, 5, 1, {2, 3, 4, 5}, "2 to 5 bytes"),
        (2, 6, 2, {2, 4, 6}, "2 to 6 bytes, a multiple of 2"),
        (1, 8, 3, {1, 4, 7}, "1 to 8 bytes, a multiple of 3"),
    ],
)
def test_the_sizes_of_a_tag(smallest: int, largest: int, step: int, allowed: set[int], words: str) -> None:
    described = tag(smallest, largest, step)
    assert {size for size in range(20) if described.allows(size)} == allowed
    assert described.sizes == words


def test_a_layout_packs_what_it_unpacks() -> None:
    table = Layout(
        Field("count", 4, "", Kind.UINT),
        Field("when", 4, "", Kind.TIME),
        Field("flags", 8, "", Kind.BITS),
        Field("rest", 3, ""),
    )
    assert table.size == 19
    assert table.pack(1, 2, 3, b"abc") == bytes.fromhex("00000001 00000002 0000000000000003 616263")
    assert table.unpack(b"--" + table.pack(1, 2, 3, b"abc"), 2) == (1, 2, 3, b"abc")
