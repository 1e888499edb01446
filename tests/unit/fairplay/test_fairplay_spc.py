"""SPC: what a device builds, a key server opens; any bytes are opened or refused with a number."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay import layout
from fairplay.certificate import ApplicationCertificate
from fairplay.envelope import read_envelope
from fairplay.errors import IntegrityMismatch, MissingTag, SpcError
from fairplay.layout import PlaybackState
from fairplay.session_key import DerivedKeys, SessionKeyBlock
from fairplay.spc import KeyServer, SpcContents, open_spc, seal_spc

NewSpc = Callable[..., tuple[bytes, SpcContents]]
Sealer = Callable[..., bytes]


def test_a_server_reads_what_the_device_wrote(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, sent = new_spc(state=PlaybackState.PLAYING, session=b"sessions")
    opened = open_spc(spc, key_server)
    assert opened == sent
    assert opened.device_id == "ed8ad90fb294bc5c336457253dd91acb8deaab96"
    assert opened.playback is not None
    assert (opened.playback.created, opened.playback.session) == (1_700_000_000, b"sessions")


def test_the_envelope_has_its_published_offsets(new_spc: NewSpc, certificate: ApplicationCertificate) -> None:
    spc, _ = new_spc()
    version, hash_at = {128: (1, 152), 256: (2, 280)}[certificate.public_key.key_size // 8]
    assert spc[:8] == bytes([0, 0, 0, version]) + b"SIM1"
    assert spc[hash_at : hash_at + 20] == certificate.hash
    assert int.from_bytes(spc[hash_at + 20 : hash_at + 24], "big") == len(spc) - (hash_at + 24)
    assert (len(spc) - (hash_at + 24)) % 16 == 0


def test_two_messages_of_one_device_share_nothing_but_the_device_id(new_spc: NewSpc) -> None:
    (one, first), (two, second) = new_spc(), new_spc()
    assert first.device_id == second.device_id
    random_parts = ("r2", "anti_replay_seed", "transaction_id", "spc_key")
    assert all(getattr(first, part) != getattr(second, part) for part in random_parts)
    assert first.block.sk != second.block.sk
    assert first.block.r1 != second.block.r1
    assert one[8:24] != two[8:24]


@given(asset_id=st.binary(min_size=2, max_size=200), seed=st.binary(min_size=20, max_size=20))
def test_any_asset_id_and_device_id_survive(
    new_spc: NewSpc, key_server: KeyServer, asset_id: bytes, seed: bytes
) -> None:
    spc, _ = new_spc(asset_id=asset_id, device_id=seed)
    opened = open_spc(spc, key_server)
    assert (opened.asset_id, opened.device_id) == (asset_id, seed.hex())


@pytest.mark.parametrize("asset_id", [b"", b"x", b"x" * 201])
def test_an_asset_id_of_another_size_is_not_built(new_spc: NewSpc, asset_id: bytes) -> None:
    with pytest.raises(ValueError, match="2 to 200 bytes"):
        new_spc(asset_id=asset_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"device_id": b"x" * 19}, "HU: expected 20 bytes, found 19"),
        ({"session": b"short"}, "playback session: expected 8 bytes, found 5"),
        ({"now": 1 << 32}, "creation time"),
        ({"now": -1}, "creation time"),
    ],
)
def test_what_no_spc_can_hold_is_not_built(new_spc: NewSpc, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        new_spc(**changes)


@pytest.mark.parametrize("part", [{"sk": bytes(15)}, {"device_id": bytes(21)}, {"r1": b""}])
def test_a_session_key_block_has_the_sizes_of_the_field_table(part: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="expected"):
        SessionKeyBlock(**{"sk": bytes(16), "device_id": bytes(20), "r1": bytes(44), **part})


def test_contents_are_checked_where_they_are_made_and_have_one_copy(new_spc: NewSpc) -> None:
    _, contents = new_spc()
    changed = replace(contents, values={**contents.values, layout.ASSET_ID.code: b"another"})
    assert changed.asset_id == b"another"
    with pytest.raises(MissingTag):
        replace(contents, values={})
    with pytest.raises(ValueError, match="SPC version"):
        replace(contents, version=3)
    with pytest.raises(ValueError, match="SPC key"):
        replace(contents, spc_key=b"short")


def test_keys_have_their_sizes() -> None:
    with pytest.raises(ValueError, match="ASk: expected 16 bytes, found 15"):
        KeyServer({}, bytes(15))
    with pytest.raises(ValueError, match="expected 16 and 32 bytes"):
        DerivedKeys(bytes(16), bytes(31))


def test_the_block_is_what_sk_r1_holds_and_nothing_else(new_spc: NewSpc) -> None:
    _, contents = new_spc()
    _, other = new_spc(device_id=b"y" * 20)
    with pytest.raises(ValueError, match="block"):
        replace(contents, block=other.block)
    with pytest.raises(IntegrityMismatch):
        replace(contents, values={**contents.values, layout.SKR1.code: other.values[layout.SKR1.code]})
    assert replace(contents, values=other.values, derived=other.derived).block == other.block


def test_the_order_of_blocks_and_unknown_tags_do_not_matter(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate
) -> None:
    _, contents = new_spc()
    values = dict(reversed([*contents.values.items(), (b"unknown!", b"anything")]))
    opened = open_spc(seal_spc(contents, certificate, os.urandom, values), key_server)
    assert opened.device_id == contents.device_id


def test_no_secret_is_shown(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, contents = new_spc()
    shown = repr(contents) + repr(key_server) + repr(contents.derived) + repr(read_envelope(spc))
    for secret in (contents.block.sk, contents.block.r1, contents.spc_key, contents.derived.dask, key_server.ask):
        assert secret.hex() not in shown
        assert repr(secret) not in shown
    for field in ("values", "spc_key", "derived", "private_keys", "payload", "ask", "sk", "r1", "dask", "mac_key"):
        assert f"{field}=" not in shown


# ------------------------------------------------------------------------------------------------- any bytes


@given(data=st.one_of(st.binary(max_size=2000), st.binary(max_size=2000).map(lambda rest: b"\0\0\0\x02SIM1" + rest)))
def test_any_bytes_give_a_numbered_refusal(key_server: KeyServer, data: bytes) -> None:
    with pytest.raises(SpcError) as refusal:
        open_spc(data, key_server)
    assert str(refusal.value.number) in str(refusal.value)


@given(position=st.integers(0, 1 << 16), flip=st.integers(1, 255))
def test_any_one_changed_byte_is_refused_or_harmless(
    new_spc: NewSpc, key_server: KeyServer, position: int, flip: int
) -> None:
    spc, sent = new_spc()
    changed = bytearray(spc)
    changed[position % len(spc)] ^= flip
    try:
        opened = open_spc(bytes(changed), key_server)
    except SpcError:
        return
    # The payload has no outer integrity tag, but what the binding rests on cannot have changed.
    assert opened.block == sent.block


@given(payload=st.binary(max_size=640).map(lambda data: data + bytes(-len(data) % 16)).filter(len))
def test_any_payload_gives_a_numbered_refusal(
    sealed_payload: Callable[[bytes], bytes], key_server: KeyServer, payload: bytes
) -> None:
    with pytest.raises(SpcError):
        open_spc(sealed_payload(payload), key_server)
