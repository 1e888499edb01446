"""Redemption: the ordered checks, what each decision holds, and the row that it writes."""

import os
from collections import Counter
from dataclasses import replace

import pytest
from fresh_spc import fresh_spc
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.credentials import Credentials, new_credentials
from expressplay_mock.errors import Code
from expressplay_mock.license_body import LicenseBody, SpcShape, read_body
from expressplay_mock.redemption import Decision, Issued, Refused, redeem, replayed
from expressplay_mock.tokens.sealed_token import Token, seal
from expressplay_mock.transaction_log import MEMORY, Replayed, TransactionLog
from fairplay import layout
from fairplay.certificate import load_certificate
from fairplay.ckc import ContentKey, Duration, open_ckc
from fairplay.layout import KeyType
from fairplay.session_key import device_id_of
from fairplay.spc import SpcContents, seal_spc

NOW = 1_700_000_000.0
CONTENT = ContentKey(bytes(range(16)), bytes(range(16, 32)))
TOKEN = Token("1001", CONTENT.key, CONTENT.iv, expires=NOW + 60, cookie="viewer-7")
MINE, OTHER = device_id_of("mine"), device_id_of("other")
BOUND = replace(TOKEN, device_id=MINE.hex())

CREDENTIALS: Credentials = new_credentials()
CERTIFICATE = load_certificate(CREDENTIALS.certificate)
KEYS = CREDENTIALS.redemption_keys()


def new_spc(device_id: bytes = MINE, asset_id: bytes = b"film-1") -> tuple[bytes, SpcContents]:
    return fresh_spc(CREDENTIALS.certificate, CREDENTIALS.ask, device_id, asset_id, now=int(NOW))


def decide(token: Token | str | None, body: bytes | LicenseBody, now: float = NOW) -> Decision:
    text = seal(token, KEYS.tokens, os.urandom) if isinstance(token, Token) else token
    body = body if isinstance(body, LicenseBody) else LicenseBody(SpcShape.RAW, body)
    return redeem(text, body, now=now, random=os.urandom, keys=KEYS)


def refusal(decision: Decision, code: Code, cause: int | None = None) -> Refused:
    assert isinstance(decision, Refused)
    assert (decision.refusal.code, decision.refusal.cause) == (code, cause)
    if decision.row:
        assert (decision.row.result, decision.row.cause, decision.row.registration) == (code.number, cause, False)
    return decision


def test_an_unbound_token_with_a_cookie_registers_the_device() -> None:
    spc, contents = new_spc()
    decision = decide(TOKEN, spc)
    assert isinstance(decision, Issued)
    assert open_ckc(decision.ckc, contents).content == CONTENT
    row = decision.row
    assert (row.account, row.time, row.cookie) == ("1001", NOW, "viewer-7")
    assert (row.device_id, row.content_id) == (MINE.hex(), "film-1")
    assert (row.registration, row.result, row.cause) == (True, 0, None)


def test_a_token_without_a_cookie_registers_nobody() -> None:
    decision = decide(replace(TOKEN, cookie=None), new_spc()[0])
    assert isinstance(decision, Issued)
    assert not decision.row.registration


def test_a_bound_token_is_for_its_device_and_registers_nobody() -> None:
    decision = decide(BOUND, new_spc(MINE)[0])
    assert isinstance(decision, Issued)
    assert not decision.row.registration


def test_a_bound_token_is_refused_to_another_device() -> None:
    refused = refusal(decide(BOUND, new_spc(OTHER)[0]), Code.OTHER_DEVICE)
    assert refused.row is not None
    assert refused.row.device_id == OTHER.hex()
    assert MINE.hex() not in refused.refusal.hint
    assert OTHER.hex() not in refused.refusal.hint


def test_one_flipped_bit_of_the_device_id_is_refused() -> None:
    _, contents = new_spc(OTHER)
    # HU starts at byte 16 of the plaintext: in CBC, a bit of the first ciphertext block flips the same bit there.
    values = dict(contents.values)
    sealed = bytearray(values[layout.SKR1.code])
    sealed[16] ^= 1
    values[layout.SKR1.code] = bytes(sealed)
    spc = seal_spc(contents, CERTIFICATE, os.urandom, values)
    flipped = bytes([OTHER[0] ^ 1, *OTHER[1:]])
    refused = refusal(decide(replace(TOKEN, device_id=flipped.hex()), spc), Code.DEVICE_NOT_AUTHENTICATED, cause=-42589)
    assert refused.row is not None
    assert refused.row.device_id is None


@pytest.mark.parametrize("text", [None, "", "AQAAA", "no token"])
def test_without_a_token_that_opens_there_is_no_row(text: str | None) -> None:
    assert refusal(decide(text, new_spc()[0]), Code.INVALID_TOKEN).row is None


def test_the_token_expires_by_the_time_given() -> None:
    spc, _ = new_spc()
    assert isinstance(decide(TOKEN, spc, now=NOW + 59.999), Issued)
    refused = refusal(decide(TOKEN, spc, now=NOW + 60), Code.TOKEN_EXPIRED)
    assert refused.row is not None
    assert (refused.row.cookie, refused.row.device_id, refused.row.replay_id) == ("viewer-7", None, None)


def test_the_checks_come_in_their_order() -> None:
    rubbish = b"\0\0\0\x02"
    refusal(decide("x", rubbish, now=NOW + 60), Code.INVALID_TOKEN)
    refusal(decide(BOUND, rubbish, now=NOW + 60), Code.TOKEN_EXPIRED)
    refusal(decide(BOUND, rubbish), Code.DEVICE_NOT_AUTHENTICATED, cause=-42580)
    no_room_for_a_rental = replace(BOUND, rental=60)
    refusal(decide(no_room_for_a_rental, without_playback_state(OTHER)), Code.OTHER_DEVICE)


def test_a_body_that_was_not_unwrapped_is_refused_after_the_token() -> None:
    body = read_body(b'{"spc": 1}', "application/json")
    refusal(decide(TOKEN, body, now=NOW + 60), Code.TOKEN_EXPIRED)
    refused = refusal(decide(TOKEN, body), Code.DEVICE_NOT_AUTHENTICATED, cause=-42580)
    assert refused.row is not None


def test_an_spc_without_the_mark_names_it_as_the_cause() -> None:
    spc, _ = new_spc()
    refusal(decide(TOKEN, spc[:4] + bytes(4) + spc[8:]), Code.DEVICE_NOT_AUTHENTICATED, cause=-9001)


def test_the_rental_duration_reaches_the_device() -> None:
    spc, contents = new_spc()
    decision = decide(replace(TOKEN, rental=172_800), spc)
    assert isinstance(decision, Issued)
    assert open_ckc(decision.ckc, contents).duration == Duration(KeyType.RENTAL, rental=172_800)
    decision = decide(TOKEN, spc)
    assert isinstance(decision, Issued)
    assert open_ckc(decision.ckc, contents).duration is None


def test_a_rental_is_never_dropped_for_want_of_a_playback_state() -> None:
    spc = without_playback_state(MINE)
    assert isinstance(decide(TOKEN, spc), Issued)
    refusal(decide(replace(TOKEN, rental=60), spc), Code.DEVICE_NOT_AUTHENTICATED, cause=-42583)


def test_the_same_spc_has_the_same_replay_id_and_a_fresh_one_another() -> None:
    spc, _ = new_spc()
    first, second, fresh = decide(TOKEN, spc), decide(BOUND, spc), decide(TOKEN, new_spc()[0])
    ids = [decision.row.replay_id for decision in (first, second, fresh) if decision.row]
    assert ids[0] == ids[1] != ids[2]


def test_no_flipped_bit_makes_a_used_spc_new() -> None:
    spc, _ = fresh_spc(
        CREDENTIALS.v1.certificate,  # RSA-1024 opens in a fifth of the time
        CREDENTIALS.ask,
        MINE,
        now=int(NOW),
        random=lambda size: b"\0" if size == 1 else os.urandom(size),  # no more padding than must be
    )
    tokens = [TOKEN, replace(TOKEN, cookie="another viewer")]
    log = TransactionLog(MEMORY)
    results: Counter[int] = Counter()
    try:
        for bit in (None, *range(len(spc) * 8)):
            flipped = bytearray(spc)
            if bit is not None:
                flipped[bit // 8] ^= 1 << bit % 8
            decision = decide(tokens[(bit or 0) % 2], bytes(flipped))
            assert decision.row
            try:
                results[log.append(decision.row).row.result] += 1
            except Replayed:
                results[Code.REPLAYED.number] += 1
    finally:
        log.close()
    assert results[0] == 1
    assert results.keys() == {0, Code.REPLAYED.number, Code.DEVICE_NOT_AUTHENTICATED.number}
    assert results[Code.REPLAYED.number] > 8 * (8 + 16), (
        "the transaction id and the anti-replay seed are among the bits"
    )


def test_a_replayed_decision_loses_its_ckc_and_keeps_its_row() -> None:
    issued = decide(TOKEN, new_spc()[0])
    assert issued.row
    refused = refusal(replayed(issued, issued.row), Code.REPLAYED)
    assert refused.row == replace(issued.row, result=-9002, registration=False)


@pytest.mark.parametrize(
    ("asset_id", "content_id"),
    [
        (b"e9a1c6c2-0001", "e9a1c6c2-0001"),
        ("Ünïcode 🎬".encode(), "Ünïcode 🎬"),
        (b"\0\0", "hex:0000"),
        (b"a\nb", "hex:610a62"),
        (b"\xff\xfe", "hex:fffe"),
        ("film".encode("utf-16-le"), "hex:660069006c006d00"),
        (b"\xed\xb3\xbf", "hex:edb3bf"),
        (b"hex:00", "hex:6865783a3030"),
        (b"x" * 200, "x" * 200),
    ],
)
def test_any_asset_id_has_one_text(asset_id: bytes, content_id: str) -> None:
    decision = decide(TOKEN, new_spc(asset_id=asset_id)[0])
    assert decision.row
    assert decision.row.content_id == content_id


@given(st.binary(max_size=400), st.sampled_from([None, "application/json", "application/x-www-form-urlencoded"]))
def test_any_body_is_decided(body: bytes, content_type: str | None) -> None:
    refusal(decide(TOKEN, read_body(body, content_type)), Code.DEVICE_NOT_AUTHENTICATED, cause=-42580)


def test_no_decision_shows_a_key() -> None:
    decision = decide(TOKEN, new_spc()[0])
    shown = repr(decision) + repr(decision.row) + repr(CREDENTIALS) + repr(KEYS)
    for secret in (CONTENT.key, CREDENTIALS.ask, *CREDENTIALS.token_keys.keys.values()):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown
    assert CREDENTIALS.account.authenticator not in shown


def without_playback_state(device_id: bytes) -> bytes:
    _, contents = new_spc(device_id)
    values = {tag: value for tag, value in contents.values.items() if tag != layout.PLAYBACK.code}
    return seal_spc(contents, CERTIFICATE, os.urandom, values)
