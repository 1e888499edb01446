"""Annotation: every byte of a message gets a name, and a broken message is explained as far as it goes."""

import hashlib
import os
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay import layout, tllv
from fairplay.aes import cbc_encrypt
from fairplay.annotate import Annotation, annotate_ckc, annotate_spc, keys_of
from fairplay.ckc import ContentKey, Duration, seal_ckc
from fairplay.fields import Origin, Source
from fairplay.layout import KeyType
from fairplay.spc import KeyServer, SpcContents

NewSpc = Callable[..., tuple[bytes, SpcContents]]
Sealer = Callable[..., bytes]


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
    assert values["encrypted content key: content IV"] == bytes(16).hex()
    assert values["content key duration: rental"] == "60"
    assert values["content key duration: key type"] == "3dfe45a0 (rental)"


def test_every_field_says_whose_it_is_and_who_says_so(new_spc: NewSpc) -> None:
    spc, contents = new_spc()
    notes = annotate_spc(spc, keys_of(contents))
    ours = {note.field for note in notes if note.origin is Origin.SIMULATION}
    assert ours == {"mark", "integrity"}
    assert {note.origin.value for note in notes} == {"FairPlay", "this simulation"}
    assert {note.source for note in notes if note.field == "HU"} == {Source.FORUM}
    assert {note.source for note in notes if note.field == "wrapped SPC key"} == {
        {1: Source.VECTORS, 2: Source.SDK}[contents.version]
    }
    assert all(note.length and note.meaning and note.source.value and note.problem == "" for note in notes)
    (header,) = [note for note in notes if note.field == "capabilities: header"]
    assert (header.meaning, header.source) == ("what the device can do", Source.SDK)


def test_the_model_of_a_device_is_told_from_the_device(sealed_with: Sealer, key_server: KeyServer) -> None:
    parts = layout.DEVICE_IDENTITY_VALUE.pack(1, bytes([0, 0, 0, 2]), b"vendor--", b"product-", *(b"1.02",) * 3)
    notes = annotate_spc(sealed_with({layout.DEVICE_IDENTITY: parts + b"more"}), key_server)
    values = {note.field: note.value for note in notes}
    assert values["device identity: class"] == "00000002 (mobile)"
    assert values["device identity: OS version"] == b"1.02".hex()
    assert values["device identity: more"] == b"more".hex()
    assert by_layer(notes).keys() == {"envelope", "payload", "SK..R1"}


@pytest.mark.parametrize(
    ("tag", "value", "field", "shown"),
    [
        (
            layout.CAPABILITIES,
            bytes(15) + b"\x43",
            "capabilities: low word",
            "0000000000000043 (HDCP type 1, offline key, dual expiry)",
        ),
        (layout.CAPABILITIES, bytes(16), "capabilities: low word", "0000000000000000"),
        (layout.STREAMING_INDICATOR, b"elsewher", "streaming indicator: target", b"elsewher".hex()),
        (
            layout.STREAMING_INDICATOR,
            layout.STREAMING_INDICATOR.code,
            "streaming indicator: target",
            "abb0256a31843974 (AirPlay)",
        ),
        (layout.PLAYBACK, bytes(16), "media playback state: creation time", "1970-01-01T00:00:00Z"),
        (layout.RETURN_REQUEST, b"", "return request: header", "19f9d4e5ab7609cb, value 0, padding "),
        (layout.RETURN_REQUEST, b"", "return request", "none"),
        (layout.RETURN_REQUEST, layout.R2.code + b"unknown!", "return request", "R2, " + b"unknown!".hex()),
        (layout.SUPPORTED, bytes([0, 0, 0, 1, 0, 0, 0, 2]), "protocol versions supported", "1, 2"),
        (layout.USED, bytes([0, 0, 0, 1]), "protocol version used", "1"),
        (layout.ASSET_ID, b"film\n", "asset ID", b"film\n".hex()),
        (layout.ASSET_ID, b"film", "asset ID", "film"),
        (layout.ASSET_ID, b"\xff\xfe", "asset ID", "fffe"),
    ],
)
def test_values_are_shown_as_what_they_are(
    sealed_with: Sealer, key_server: KeyServer, tag: layout.Tag, value: bytes, field: str, shown: str
) -> None:
    values = {note.field: note.value for note in annotate_spc(sealed_with({tag: value}), key_server)}
    assert values[field].startswith(shown)
    assert field.endswith("header") or values[field] == shown


def test_a_value_outside_a_closed_list_is_a_problem(sealed_with: Sealer, key_server: KeyServer) -> None:
    value = layout.PLAYBACK_VALUE.pack(1, b"what", bytes(8))
    (note,) = [note for note in annotate_spc(sealed_with({layout.PLAYBACK: value}), key_server) if note.problem]
    assert note.field == "media playback state: playback state"
    assert "f4dee5a2" in note.problem


@pytest.mark.parametrize(
    ("tag", "value", "field"),
    [
        (layout.DURATION, layout.DURATION_VALUE.pack(1, 1, b"what", layout.DURATION_MARK), "key type"),
        (layout.DURATION, layout.DURATION_VALUE.pack(1, 1, KeyType.LEASE.value, b"what"), "constant"),
        (layout.HDCP, layout.HDCP_VALUE.pack(b"whatever", bytes(8)), "level"),
    ],
)
def test_so_it_is_in_a_ckc(new_spc: NewSpc, tag: layout.Tag, value: bytes, field: str) -> None:
    _, contents = new_spc()
    keys = keys_of(contents)
    assert keys.ckc_key is not None
    required = [(layout.R1.code, contents.block.r1), (layout.ENCRYPTED_KEY.code, bytes(32))]
    payload = tllv.write([*required, (tag.code, value)], os.urandom)
    frame = layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), len(payload))
    (note,) = [
        note for note in annotate_ckc(frame + cbc_encrypt(keys.ckc_key, bytes(16), payload), keys) if note.problem
    ]
    assert note.field == f"{tag.name}: {field}"
    assert note.problem.startswith("expected one of ")


def test_missing_repeated_and_wrongly_sized_tags_are_shown(
    new_spc: NewSpc, sealed_with: Sealer, sealed_payload: Sealer, key_server: KeyServer
) -> None:
    (note,) = [note for note in annotate_spc(sealed_with({layout.USED: None}), key_server) if note.problem]
    assert (note.field, note.length, note.value) == ("protocol version used", 0, "missing")
    (note,) = [note for note in annotate_spc(sealed_with({layout.USED: bytes(5)}), key_server) if note.problem]
    assert (note.layer, note.problem) == ("payload", "expected 4 bytes, found 5")
    _, contents = new_spc()
    twice = sealed_payload(tllv.write([*contents.values.items(), (layout.R2.code, contents.r2)], os.urandom))
    (note,) = [note for note in annotate_spc(twice, key_server) if note.problem]
    assert (note.field, note.problem) == ("R2: header", "this tag occurs twice")


def test_a_ckc_that_lacks_a_tag_misses_only_its_own(new_spc: NewSpc) -> None:
    _, contents = new_spc()
    keys = keys_of(contents)
    assert keys.ckc_key is not None
    payload = tllv.write([(layout.R1.code, contents.block.r1), (b"unknown!", b"")], os.urandom)
    frame = layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), len(payload) + 16)
    notes = annotate_ckc(frame + cbc_encrypt(keys.ckc_key, bytes(16), payload), keys)
    problems = {note.field: note.problem for note in notes if note.problem}
    assert problems == {
        "encrypted payload": f"the frame says {len(payload) + 16} bytes, there are {len(payload)}",
        "encrypted content key": "required tag 58b38165af0e3d5a",
    }
    unknown = [(note.field, note.meaning) for note in notes if note.field.startswith("unknown tag")]
    assert unknown == [
        ("unknown tag: header", "skipped, as FairPlay wants it"),
        ("unknown tag: padding", "random, hides the length"),
    ]


def test_the_payload_is_shown_by_length_and_hash(new_spc: NewSpc) -> None:
    spc, contents = new_spc()
    start = layout.SPC_HEADERS[contents.version].size
    note = annotate_spc(spc)[-1]
    assert (note.field, note.offset, note.meaning) == ("encrypted payload", start, "TLLV blocks")
    assert note.value == f"{len(spc) - start} bytes, SHA-256 {hashlib.sha256(spc[start:]).hexdigest()[:16]}…"


def test_a_message_may_end_with_its_header(new_spc: NewSpc) -> None:
    spc, contents = new_spc()
    start = layout.SPC_HEADERS[contents.version].size
    for notes in (annotate_spc(spc[:start]), annotate_ckc(layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), 0))):
        assert (notes[-1].field, notes[-1].length) == ("encrypted payload", 0)
    (note,) = annotate_spc(spc[: start - 1])
    assert (note.layer, note.offset, note.field, note.value) == ("envelope", 0, "SPC envelope", spc[:32].hex())
    assert note.meaning == "cannot be read"
    (note,) = annotate_ckc(bytes(27))
    assert (note.layer, note.offset, note.field, note.value) == ("frame", 0, "CKC frame", bytes(27).hex())
    assert (note.meaning, note.problem) == ("cannot be read", "expected at least 28 bytes")


def test_all_four_bytes_of_a_ckcs_length_are_read() -> None:
    for length in (1 << 24, 1 << 16, 1 << 8, 1):
        note = annotate_ckc(layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), length))[-1]
        assert note.problem == f"the frame says {length} bytes, there are 0"


def test_a_key_server_explains_what_its_keys_open(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    assert by_layer(annotate_spc(spc, KeyServer({}, key_server.ask))).keys() == {"envelope"}
    assert by_layer(annotate_spc(spc[:-1], key_server)).keys() == {"envelope"}


@pytest.mark.parametrize("tag", [layout.SKR1, layout.R2])
def test_sk_r1_stays_closed_without_its_parts(sealed_with: Sealer, key_server: KeyServer, tag: layout.Tag) -> None:
    assert "SK..R1" not in by_layer(annotate_spc(sealed_with({tag: None}), key_server))


def test_sk_r1_without_its_tag_is_open_and_unproven(sealed_with: Sealer, key_server: KeyServer) -> None:
    notes = annotate_spc(sealed_with({layout.INTEGRITY: None}), key_server)
    assert {note.field for note in notes if note.problem} == {"SK..R1 integrity", "integrity"}
    (note,) = [note for note in notes if note.field == "integrity"]
    assert (note.offset, note.length, note.origin) == (80, 16, Origin.SIMULATION)


def test_blocks_that_cannot_be_read_are_left_as_they_are(
    new_spc: NewSpc, sealed_payload: Sealer, key_server: KeyServer
) -> None:
    unpadded = b"no_padds" + (16).to_bytes(4, "big") * 2 + bytes(16)
    good = unpadded + tllv.write([(b"unknown!", b"value")], bytes)
    # What looks like JSON is a mistake at the start of a message only.
    notes = annotate_spc(sealed_payload(good + b"{" + bytes(11) + b"\xff\xff\xff\xff" + bytes(16)), key_server)
    assert [note.field for note in notes if note.layer == "payload"] == [
        "unknown tag: header",
        "unknown tag",
        "unknown tag: header",
        "unknown tag",
        "unknown tag: padding",
        "unreadable",
    ]
    (note,) = [note for note in notes if note.field == "unreadable"]
    assert (note.offset, note.length, note.meaning) == (len(good), 32, "cannot be read")
    assert note.value == note.data[:32].hex()


def test_no_key_is_shown(new_spc: NewSpc) -> None:
    spc, contents = new_spc()
    keys = keys_of(contents)
    assert repr(keys) == "MessageKeys()"
    assert not any("data=" in repr(note) for note in annotate_spc(spc, keys))


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
