"""TLLV blocks: any list of tags and values survives; any bytes are read or refused with a number."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay import tllv
from fairplay.errors import BadTllv, DuplicateTag

tags = st.binary(min_size=8, max_size=8)
pairs = st.dictionaries(tags, st.binary(max_size=100), max_size=8)


@given(pairs=pairs)
def test_what_was_written_is_read(pairs: dict[bytes, bytes]) -> None:
    payload = tllv.write(pairs.items(), os.urandom)
    blocks = tuple(tllv.blocks(payload))
    assert {block.tag: block.value for block in blocks} == pairs
    assert len(payload) % 16 == 0
    assert all(1 <= block.padding <= 128 for block in blocks)
    assert all(block.offset % 16 == 0 for block in blocks)


@given(payload=st.binary(max_size=300))
def test_any_bytes_are_blocks_or_refused(payload: bytes) -> None:
    try:
        blocks = tuple(tllv.blocks(payload))
    except (BadTllv, DuplicateTag):
        return
    assert sum(16 + len(block.value) + block.padding for block in blocks) == len(payload)


def test_a_block_without_padding_is_read() -> None:
    (block,) = tllv.blocks(b"tag-name" + (16).to_bytes(4, "big") * 2 + b"exactly 16 bytes")
    assert (block.value, block.padding) == (b"exactly 16 bytes", 0)


def test_an_empty_value_is_legal() -> None:
    (block,) = tllv.blocks(b"tag-name" + bytes(8))
    assert (block.value, block.padding) == (b"", 0)


def test_a_header_that_is_cut_off() -> None:
    with pytest.raises(BadTllv, match="found 8 bytes left"):
        list(tllv.blocks(b"tag-name" + bytes(8) + b"tag-two!"))


def test_a_block_is_shown_without_its_value() -> None:
    (block,) = tllv.blocks(b"tag-name" + (32).to_bytes(4, "big") + (16).to_bytes(4, "big") + b"a secret perhaps" * 2)
    assert repr(block) == "Tllv(offset=0, tag=7461672d6e616d65, 16 bytes, 16 padding)"
