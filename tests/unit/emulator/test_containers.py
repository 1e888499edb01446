"""What a piece of media says of its keys in the clear."""

import time

from hypothesis import given
from hypothesis import strategies as st
from seig import sgpd

from emulator.containers import MAX_KEY_IDS, group_key_ids, key_ids

KEY_IDS = st.lists(st.binary(min_size=16, max_size=16), max_size=5)


@given(KEY_IDS, st.sampled_from([37, None]), st.binary(max_size=40))
def test_the_key_ids_of_sample_groups_are_found(key_ids: list[bytes], length: int | None, before: bytes) -> None:
    data = before + sgpd(*key_ids, length=length)
    assert group_key_ids(data) == {key_id.hex() for key_id in key_ids}


def test_a_group_in_the_clear_names_no_key() -> None:
    assert group_key_ids(sgpd(bytes(16), protected=False)) == set()


@given(st.binary(max_size=80), KEY_IDS, st.integers(0, 200))
def test_no_bytes_raise(bytes_: bytes, key_ids: list[bytes], cut: int) -> None:
    group_key_ids(b"sgpd\1\0\0\0seig" + bytes_)
    found = group_key_ids(sgpd(*key_ids)[:cut])
    assert found <= {key_id.hex() for key_id in key_ids}


def test_descriptions_are_read_once_however_many_boxes_claim_them() -> None:
    def cost(boxes: int) -> float:
        data = (b"sgpd\1\0\0\0seig\0\0\0\1" + b"\xff" * 4) * boxes
        start = time.thread_time()
        group_key_ids(data)
        return time.thread_time() - start

    assert cost(40_000) < 100 * cost(4_000) + 0.5  # in square it would be minutes


def test_the_key_ids_of_an_init_segment_are_bounded() -> None:
    box = b"tenc" + bytes(6) + b"\1\0"
    data = b"".join(box + number.to_bytes(16, "big") for number in range(1000))
    assert len(key_ids(data)) == MAX_KEY_IDS
    assert key_ids(box + bytes(16)) == ("00" * 16,)
