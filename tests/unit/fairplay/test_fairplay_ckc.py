"""CKC: only the device that sent the SPC opens it, and only unchanged."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplay import layout, tllv
from fairplay.aes import cbc_decrypt, cbc_encrypt
from fairplay.ckc import ContentKey, Duration, OfflineKey, ckc_key, open_ckc, read_frame, seal_ckc
from fairplay.errors import CkcError, KeyNotFound, MissingTag, NotACkc, ReturnedTagMismatch, WrongCkc
from fairplay.layout import Capability, HdcpLevel, KeyType
from fairplay.spc import KeyServer, SpcContents, open_spc

NewSpc = Callable[..., tuple[bytes, SpcContents]]
CONTENT = ContentKey(bytes(range(0xC0, 0xD0)), bytes(range(16)))
RENTAL = Duration(KeyType.RENTAL, rental=172_800)


def resealed(ckc: bytes, spc: SpcContents, change: Callable[[dict[bytes, bytes]], object]) -> bytes:
    """Open the CKC's payload, change its values, and seal it again, as a faulty key server would."""
    key = ckc_key(spc.block.r1, spc.anti_replay_seed)
    iv, sealed = read_frame(ckc)
    values = {block.tag: block.value for block in tllv.blocks(cbc_decrypt(key, iv, sealed))}
    change(values)
    payload = tllv.write(values.items(), os.urandom)
    return layout.CKC_HEADER.pack(1, layout.MARK, iv, len(payload)) + cbc_encrypt(key, iv, payload)


def test_the_sender_of_the_spc_gets_the_key(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, sent = new_spc()
    ckc = seal_ckc(open_spc(spc, key_server), CONTENT, random=os.urandom, duration=RENTAL)
    opened = open_ckc(ckc, sent)
    assert opened.content == CONTENT
    assert opened.duration == RENTAL


@pytest.mark.parametrize("key_type", KeyType)
def test_every_key_type(new_spc: NewSpc, key_type: KeyType) -> None:
    _, sent = new_spc()
    duration = Duration(key_type, lease=60, rental=3600)
    assert open_ckc(seal_ckc(sent, CONTENT, random=os.urandom, duration=duration), sent).duration == duration


def test_a_duration_limits_only_what_it_says() -> None:
    assert Duration(KeyType.LEASE, lease=60) == Duration(KeyType.LEASE, lease=60, rental=0)
    assert RENTAL.lease == 0xFFFFFFFF


def test_no_duration_without_a_playback_state(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    silent = replace(sent, values={tag: value for tag, value in sent.values.items() if tag != layout.PLAYBACK.code})
    assert open_ckc(seal_ckc(silent, CONTENT, random=os.urandom, duration=RENTAL), silent).duration is None


def test_another_spc_of_the_same_device_does_not_open_it(new_spc: NewSpc) -> None:
    (_, first), (_, second) = new_spc(), new_spc()
    with pytest.raises(WrongCkc) as refusal:
        open_ckc(seal_ckc(first, CONTENT, random=os.urandom), second)
    assert refusal.value.number == -42589


def test_another_r1_is_noticed_even_under_the_right_key(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom)
    with pytest.raises(WrongCkc, match="another R1"):
        open_ckc(resealed(ckc, sent, lambda values: values.update({layout.R1.code: bytes(44)})), sent)


def test_returned_tags_are_compared(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom)
    changed = resealed(ckc, sent, lambda values: values.update({layout.TRANSACTION_ID.code: bytes(8)}))
    with pytest.raises(ReturnedTagMismatch, match="another value"):
        open_ckc(changed, sent)
    missing = resealed(ckc, sent, lambda values: values.pop(layout.ASSET_ID.code))
    with pytest.raises(ReturnedTagMismatch, match="no such tag"):
        open_ckc(missing, sent)


def test_a_ckc_without_a_key(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom)
    with pytest.raises(MissingTag):
        open_ckc(resealed(ckc, sent, lambda values: values.pop(layout.ENCRYPTED_KEY.code)), sent)


def test_an_unknown_key_type(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom)
    value = layout.DURATION_VALUE.pack(0, 0, b"what", layout.DURATION_MARK)
    with pytest.raises(NotACkc, match="key type"):
        open_ckc(resealed(ckc, sent, lambda values: values.update({layout.DURATION.code: value})), sent)


@pytest.mark.parametrize(("key", "iv"), [(bytes(15), bytes(16)), (bytes(16), b"")])
def test_a_key_of_another_size_is_none(key: bytes, iv: bytes) -> None:
    with pytest.raises(KeyNotFound, match=f"found {len(key)} and {len(iv)} bytes") as refusal:
        ContentKey(key, iv)
    assert refusal.value.number == -42584


@pytest.mark.parametrize(
    "make",
    [
        lambda: Duration(KeyType.RENTAL, rental=1 << 32),
        lambda: Duration(KeyType.LEASE, lease=-1),
        lambda: OfflineKey(bytes(15)),
        lambda: OfflineKey(bytes(16), title_id=b""),
        lambda: OfflineKey(bytes(16), storage=1 << 32),
    ],
)
def test_what_no_block_can_hold_is_not_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()


def test_the_order_of_blocks_varies_and_blocks_are_padded(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    key = ckc_key(sent.block.r1, sent.anti_replay_seed)
    orders = set()
    for _ in range(40):
        ckc = seal_ckc(sent, CONTENT, random=os.urandom)
        blocks = tuple(tllv.blocks(cbc_decrypt(key, *read_frame(ckc))))
        orders.add(tuple(block.tag for block in blocks))
        assert all(block.padding for block in blocks)
    assert len(orders) > 1


def test_the_smallest_ckc(new_spc: NewSpc) -> None:
    # CK, R1, a 7-byte asset id and the transaction id, without extra padding: 220 bytes, as published.
    _, sent = new_spc(asset_id=b"7 bytes")
    assert len(seal_ckc(sent, CONTENT, random=bytes)) == 220


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "0 bytes"),
        (b"<ckc>AAAAAVNJTTE=</ckc>", "text form"),
        (b'{"errorCode": -4001, "errorMessage": "SPC refused"}', "JSON"),
        (b"<!doctype html><title>502 Bad Gateway</title>", "HTML"),
        (b"\0\0\0\2SIM1" + bytes(20), "expected version 1, found 2"),
        (b"\0\0\0\1SIM2" + bytes(20), "found 53494d32"),
        (b"\0\0\0\1SIM1" + bytes(19), "found 27 bytes"),
        (b"\0\0\0\1SIM1" + bytes(20), "fits 28 bytes in all, found 0"),
    ],
)
def test_what_is_no_ckc_is_named(new_spc: NewSpc, data: bytes, said: str) -> None:
    _, sent = new_spc()
    with pytest.raises(NotACkc, match=said):
        open_ckc(data, sent)


def test_every_truncation_is_refused(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom)
    for length in range(len(ckc)):
        with pytest.raises(NotACkc):
            open_ckc(ckc[:length], sent)


@given(data=st.one_of(st.binary(max_size=800), st.binary(max_size=800).map(lambda rest: b"\0\0\0\x01SIM1" + rest)))
def test_any_bytes_give_a_numbered_refusal(new_spc: NewSpc, data: bytes) -> None:
    _, sent = new_spc()
    with pytest.raises(CkcError):
        open_ckc(data, sent)


def test_no_key_is_shown(new_spc: NewSpc) -> None:
    assert CONTENT.key.hex() not in repr(CONTENT)
    assert repr(CONTENT.key) not in repr(CONTENT)


@pytest.mark.parametrize("level", [None, *HdcpLevel])
def test_hdcp_level(new_spc: NewSpc, level: HdcpLevel | None) -> None:
    _, sent = new_spc()
    assert open_ckc(seal_ckc(sent, CONTENT, random=os.urandom, hdcp=level), sent).hdcp is level


def test_unknown_hdcp_level(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    ckc = seal_ckc(sent, CONTENT, random=os.urandom, hdcp=HdcpLevel.TYPE_0)
    with pytest.raises(NotACkc, match="a known level"):
        open_ckc(resealed(ckc, sent, lambda values: values.update({layout.HDCP.code: bytes(16)})), sent)


@pytest.mark.parametrize(("capability", "size"), [(Capability.OFFLINE_KEY, 32), (Capability.OFFLINE_KEY_V2, 48)])
def test_an_offline_key_takes_the_place_of_the_duration(new_spc: NewSpc, capability: Capability, size: int) -> None:
    _, sent = new_spc(capabilities=capability)
    key = OfflineKey(bytes(range(16)), storage=60, playback=30, title_id=b"t" * 16 if size == 48 else bytes(16))
    ckc = seal_ckc(sent, CONTENT, random=os.urandom, duration=RENTAL, offline_key=key)
    opened = open_ckc(ckc, sent)
    assert (opened.duration, opened.offline_key) == (None, key)
    sizes: list[int] = []
    resealed(ckc, sent, lambda values: sizes.append(len(values[layout.OFFLINE_KEY.code])))
    assert sizes == [size]


def test_a_device_without_the_capability_gets_the_duration(new_spc: NewSpc) -> None:
    _, sent = new_spc()
    opened = open_ckc(
        seal_ckc(sent, CONTENT, random=os.urandom, duration=RENTAL, offline_key=OfflineKey(bytes(16), 60, 30)), sent
    )
    assert (opened.duration, opened.offline_key) == (RENTAL, None)


def test_which_output_may_show_what(new_spc: NewSpc) -> None:
    none, type_0, type_1 = HdcpLevel
    assert [level.covers(type_0) for level in (none, type_0, type_1)] == [False, True, True]
    assert [type_0.covers(level) for level in (none, type_0, type_1)] == [True, True, False]
    _, sent = new_spc()
    assert open_ckc(seal_ckc(sent, CONTENT, random=os.urandom), sent).needed_hdcp is type_0
    assert open_ckc(seal_ckc(sent, CONTENT, random=os.urandom, hdcp=none), sent).needed_hdcp is none
