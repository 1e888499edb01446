"""The flipped bit: it changes HU and nothing that a bare comparison looks at, and the MAC notices."""

from collections.abc import Callable

import pytest

from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt
from fairplay.envelope import read_envelope
from fairplay.errors import IntegrityMismatch
from fairplay.spc import KeyServer, SpcContents, open_spc
from walkthrough.experiments.attacks import flip_hu_bit, read_hint, with_block_in_front
from walkthrough.experiments.designs import explain_everything

NewSpc = Callable[..., tuple[bytes, SpcContents]]


def open_without_mac(spc: bytes, contents: SpcContents) -> tuple[bytes, ...]:
    """Return SK, HU, R1, the integrity bytes and the integrity tag, as a server that only compares would see them."""
    envelope = read_envelope(spc)
    payload = cbc_decrypt(contents.spc_key, envelope.iv, envelope.payload)
    values = {block.tag: block.value for block in tllv.blocks(payload)}
    iv, ciphertext = layout.SKR1_VALUE.unpack(values[layout.SKR1.code])
    plaintext = cbc_decrypt(contents.derived.dask, iv, ciphertext)
    return (*layout.SKR1_PLAINTEXT.unpack(plaintext), values[layout.INTEGRITY.code])


@pytest.mark.parametrize("bit", [0, 7, 8, 127])
def test_one_bit_on_the_wire_flips_one_bit_of_hu(new_spc: NewSpc, bit: int) -> None:
    spc, contents = new_spc()
    altered = flip_hu_bit(spc, contents, bit)
    assert sum((a ^ b).bit_count() for a, b in zip(spc, altered, strict=True)) == 1

    sk, hu, r1, stated, tag = open_without_mac(altered, contents)
    difference = int.from_bytes(hu, "big") ^ int.from_bytes(contents.block.device_id, "big")
    assert difference == 1 << (160 - 1 - bit)
    assert sk != contents.block.sk
    assert r1 == contents.block.r1
    assert stated == tag, "a server that only compares the two would believe the new device id"


def test_the_mac_notices(new_spc: NewSpc, key_server: KeyServer) -> None:
    with pytest.raises(IntegrityMismatch):
        open_spc(flip_hu_bit(*new_spc()), key_server)


def test_a_block_moved_to_the_front_is_what_a_server_would_quote(new_spc: NewSpc) -> None:
    spc, contents = new_spc()
    altered = with_block_in_front(spc, contents, contents.anti_replay_seed)
    assert len(altered) == len(spc)
    envelope = read_envelope(altered)
    front = cbc_decrypt(contents.spc_key, envelope.iv, envelope.payload[:16])
    assert front == contents.anti_replay_seed
    # The block length, or the value length where the first happens to be a multiple of 16.
    assert read_hint(explain_everything(altered, contents)) in (front[8:12], front[12:])


def test_what_quotes_nothing_tells_nothing() -> None:
    assert read_hint("SPC refused") == b""


@pytest.mark.parametrize("bit", [-1, 128])
def test_only_the_first_sixteen_bytes_can_be_reached(new_spc: NewSpc, bit: int) -> None:
    with pytest.raises(ValueError, match="0 to 127"):
        flip_hu_bit(*new_spc(), bit)
