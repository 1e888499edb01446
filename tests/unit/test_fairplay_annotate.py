"""Annotation: every byte of a message gets a name, and a broken message is explained as far as it goes."""

import os
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay import layout
from fairplay.annotate import Annotation, annotate_ckc, annotate_spc, keys_of
from fairplay.ckc import ContentKey, Duration, KeyType, seal_ckc
from fairplay.spc import KeyServer, SpcContents

NewSpc = Callable[..., tuple[bytes, SpcContents]]


def by_layer(notes: Iterable[Annotation]) -> dict[str, bytes]:
    """Join the bytes of each layer, after a check that its fields follow one another without gap or overlap."""
    joined: dict[str, bytes] = {}
    for note in notes:
        assert note.offset == len(joined.get(note.layer, b""))
        joined[note.layer] = joined.get(note.layer, b"") + note.data
    return joined


def test_without_keys_the_envelope_is_explained(new_spc: NewSpc) -> None:
    spc, _ = new_spc()
    notes = annotate_spc(spc)
    assert by_layer(notes) == {"envelope": spc}
    assert [note.field for note in notes][:2] == ["version", "mark"]
    assert not any(note.problem for note in notes)


@pytest.mark.parametrize("whose", ["device", "key server"])
def test_with_keys_every_layer_opens_down_to_hu(new_spc: NewSpc, key_server: KeyServer, whose: str) -> None:
    spc, contents = new_spc()
    notes = annotate_spc(spc, key_server if whose == "key server" else keys_of(contents))
    layers = by_layer(notes)
    assert layers["envelope"] == spc
    assert len(layers["payload"]) == len(spc) - layout.SPC_HEADERS[contents.version].size
    assert len(layers["SK..R1"]) == 96
    (hu,) = [note for note in notes if note.field == "HU"]
    assert (hu.offset, hu.length, hu.value) == (16, 20, contents.device_id)
    assert not any(note.problem for note in notes)


def test_a_ckc_with_its_keys(new_spc: NewSpc) -> None:
    _, contents = new_spc()
    duration = Duration(KeyType.RENTAL, rental=60)
    ckc = seal_ckc(contents, ContentKey(bytes(16), bytes(16)), random=os.urandom, duration=duration)
    layers = by_layer(annotate_ckc(ckc, keys_of(contents)))
    assert layers["frame"] == ckc
    assert len(layers["payload"]) == len(ckc) - 28
    values = {note.field: note.value for note in annotate_ckc(ckc, keys_of(contents))}
    assert values["content key duration: rental"] == "60"
    assert values["content key duration: key type"] == "3dfe45a0 (rental)"


def test_a_flipped_bit_is_shown_at_the_integrity_field(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc(ask=b"another provider")
    (note,) = [note for note in annotate_spc(spc, key_server) if note.problem]
    assert note.field == "integrity"
    assert "-42589" in note.problem


def test_a_cut_message_is_explained_up_to_the_cut(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, contents = new_spc()
    notes = annotate_spc(spc[:-100], keys_of(contents))
    assert any("-42585" in note.problem for note in notes)
    assert any(note.field == "HU" for note in notes)


def test_a_mistake_is_named(new_spc: NewSpc) -> None:
    (note,) = annotate_spc(b"-----BEGIN CERTIFICATE-----")
    assert note.meaning == "PEM text"
    assert "-42580" in note.problem


@given(data=st.binary(max_size=800), start=st.sampled_from([b"", b"\0\0\0\x02SIM1", b"\0\0\0\x01SIM1"]))
def test_any_bytes_are_explained(new_spc: NewSpc, key_server: KeyServer, data: bytes, start: bytes) -> None:
    _, contents = new_spc()
    for notes in (annotate_spc(start + data, key_server), annotate_spc(start + data, keys_of(contents))):
        assert by_layer(notes)["envelope"] == start + data
    annotate_ckc(start + data, keys_of(contents))


def test_the_field_table_names_each_field_once() -> None:
    for table in (*layout.SPC_HEADERS.values(), layout.CKC_HEADER, layout.SKR1_PLAINTEXT):
        names = [field.name for field in table.fields]
        assert len(set(names)) == len(names)
