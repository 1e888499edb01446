"""What a piece of media says of its keys in the clear."""

from hypothesis import given
from hypothesis import strategies as st
from seig import sgpd

from emulator.containers import group_key_ids

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
