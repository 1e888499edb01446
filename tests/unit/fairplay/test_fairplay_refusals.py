"""Every check of an SPC: what breaks it is refused by that check, with its public number."""

import os
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fairplay import layout, tllv
from fairplay.certificate import ApplicationCertificate
from fairplay.envelope import OAEP_PADDING
from fairplay.errors import (
    BadPayloadLength,
    BadPlaybackState,
    BadReturnRequest,
    BadSize,
    BadTllv,
    CannotDecrypt,
    DuplicateTag,
    IntegrityMismatch,
    MissingMark,
    MissingTag,
    NotAnSpc,
    UnknownCertificate,
    UnknownVersion,
    UnsupportedProtocol,
)
from fairplay.spc import KeyServer, SpcContents, open_spc, seal_spc

NewSpc = Callable[..., tuple[bytes, SpcContents]]
Sealer = Callable[..., bytes]


# ------------------------------------------------------------------------------------------- refusals: envelope


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "at least the 176 bytes of the header, found 0 bytes"),
        (b"root:x:0:0:" * 40, "the version of an SPC in the first four bytes, .* found 726f6f74"),
        (b"\x30\x82\x03\x00 certificate", "DER certificate"),
        (b"MIIDdzCCAl+g", "certificate in Base64"),
        (b'{"spc": "AAAA"}', "JSON"),
        (b"eyJhbGciOiJIUzI1NiJ9", "base64url token"),
        (b"-----BEGIN CERTIFICATE-----", "PEM"),
        (b"AAAAAlNJTTE=", "Base64 text"),
        (b"<html>", "HTML"),
        (b"spc=AAAA", "form body"),
    ],
)
def test_what_is_no_spc_is_named(key_server: KeyServer, data: bytes, said: str) -> None:
    with pytest.raises(NotAnSpc, match=said) as refusal:
        open_spc(data, key_server)
    assert refusal.value.number == -42580


def test_a_ckc_that_is_posted_back_is_named(key_server: KeyServer) -> None:
    ckc = layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), 400) + bytes(400)
    with pytest.raises(NotAnSpc, match="a CKC"):
        open_spc(ckc, key_server)


def test_other_versions(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    with pytest.raises(UnknownVersion, match="found 9") as refusal:
        open_spc(b"\0\0\0\x09" + spc[4:], key_server)
    assert refusal.value.number == -42580


def test_a_spc_without_the_mark_is_never_processed(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    with pytest.raises(MissingMark, match=r"expected 53494d31 \(SIM1\) at offset 4, found 12345678\.") as refusal:
        open_spc(spc[:4] + b"\x12\x34\x56\x78" + spc[8:], key_server)
    assert refusal.value.number == -9001
    with pytest.raises(MissingMark):  # as soon as the mark is there to be seen
        open_spc(spc[:4] + bytes(4), key_server)


def test_another_certificate(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, sent = new_spc()
    end = layout.SPC_HEADERS[sent.version].size - 4
    with pytest.raises(UnknownCertificate) as refusal:
        open_spc(spc[: end - 20] + bytes(20) + spc[end:], key_server)
    assert refusal.value.number == -42605


def test_every_truncation_is_refused(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    for length in range(len(spc)):
        with pytest.raises((NotAnSpc, BadPayloadLength)):
            open_spc(spc[:length], key_server)


def test_trailing_bytes_are_refused(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc()
    with pytest.raises(BadPayloadLength) as refusal:
        open_spc(spc + bytes(16), key_server)
    assert refusal.value.number == -42585


def test_key_unwrap_and_key_length_fail_in_the_same_words(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate
) -> None:
    spc, sent = new_spc()
    end = 24 + certificate.public_key.key_size // 8
    short_key = certificate.public_key.encrypt(bytes(15), OAEP_PADDING[sent.version])
    garbled = bytes([spc[24] ^ 1]) + spc[25:end]
    refusals = []
    for wrapped in (garbled, short_key):
        with pytest.raises(CannotDecrypt) as refusal:
            open_spc(spc[:24] + wrapped + spc[end:], key_server)
        refusals.append(str(refusal.value))
    assert refusals[0] == refusals[1]
    assert refusals[0].startswith("-42605 ")


def test_a_key_of_another_size_fails_in_the_same_words(new_spc: NewSpc, certificate: ApplicationCertificate) -> None:
    spc, _ = new_spc()
    other = rsa.generate_private_key(public_exponent=65537, key_size=3072 - certificate.public_key.key_size)
    with pytest.raises(CannotDecrypt):
        open_spc(spc, KeyServer({certificate.hash: other}, bytes(16)))


# -------------------------------------------------------------------------------------------- refusals: payload


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"tag-name" + (17).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(32), "multiple of 16"),
        (b"tag-name" + (16).to_bytes(4, "big") + (17).to_bytes(4, "big") + bytes(16), "at most the block's 16"),
        (b"tag-name" + (48).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(32), "at most the 32 bytes left"),
    ],
)
def test_blocks_that_do_not_fit(
    sealed_payload: Callable[[bytes], bytes], key_server: KeyServer, payload: bytes, said: str
) -> None:
    with pytest.raises(BadTllv, match=said) as refusal:
        open_spc(sealed_payload(payload), key_server)
    assert refusal.value.number == -42585


def test_a_tag_that_occurs_twice(
    new_spc: NewSpc, sealed_payload: Callable[[bytes], bytes], key_server: KeyServer
) -> None:
    _, contents = new_spc()
    pairs = [*contents.values.items(), (layout.R2.code, contents.r2)]
    with pytest.raises(DuplicateTag, match=layout.R2.code.hex()) as refusal:
        open_spc(sealed_payload(tllv.write(pairs, os.urandom)), key_server)
    assert refusal.value.number == -42591


@pytest.mark.parametrize("tag", [tag for tag in layout.SPC_TAGS.values() if tag.required], ids=lambda tag: tag.name)
def test_each_required_tag(sealed_with: Sealer, key_server: KeyServer, tag: layout.Tag) -> None:
    with pytest.raises(MissingTag, match=tag.name) as refusal:
        open_spc(sealed_with({tag: None}), key_server)
    assert refusal.value.number == -42583


@pytest.mark.parametrize("tag", layout.SPC_TAGS.values(), ids=lambda tag: tag.name)
def test_each_known_tag_has_a_size(sealed_with: Sealer, key_server: KeyServer, tag: layout.Tag) -> None:
    wrong = bytes(tag.smallest + 1) if not tag.allows(tag.smallest + 1) else bytes(tag.smallest - 1)
    with pytest.raises(BadSize, match=tag.name) as refusal:
        open_spc(sealed_with({tag: wrong}), key_server)
    assert refusal.value.number == -42581


def test_an_asset_id_of_201_bytes_and_100_versions_are_too_many(sealed_with: Sealer, key_server: KeyServer) -> None:
    for tag, size in ((layout.ASSET_ID, 201), (layout.SUPPORTED, 400)):
        with pytest.raises(BadSize):
            open_spc(sealed_with({tag: bytes(size)}), key_server)


def test_only_what_was_sent_can_be_asked_back(sealed_with: Sealer, key_server: KeyServer) -> None:
    for request in (b"unknown!", layout.STREAMING_INDICATOR.code):
        with pytest.raises(BadReturnRequest, match=request.hex()) as refusal:
            open_spc(sealed_with({layout.RETURN_REQUEST: request}), key_server)
        assert refusal.value.number == -42583


def test_a_tag_asked_back_twice_is_returned_once(sealed_with: Sealer, key_server: KeyServer) -> None:
    twice = open_spc(sealed_with({layout.RETURN_REQUEST: layout.R2.code * 2}), key_server)
    assert twice.return_tags == (layout.R2.code,)


def test_the_ckcs_own_tags_cannot_be_asked_back(
    new_spc: NewSpc, key_server: KeyServer, certificate: ApplicationCertificate
) -> None:
    _, contents = new_spc()
    own = layout.ENCRYPTED_KEY.code
    values = {**contents.values, own: bytes(32), layout.RETURN_REQUEST.code: own}
    with pytest.raises(BadReturnRequest):
        open_spc(seal_spc(contents, certificate, os.urandom, values), key_server)


@pytest.mark.parametrize(("supported", "used"), [((1,), 2), ((2,), 1), ((3,), 3), ((1, 2), 0)])
def test_the_protocol_version_is_one_of_both(
    sealed_with: Sealer, key_server: KeyServer, supported: tuple[int, ...], used: int
) -> None:
    changes = {layout.SUPPORTED: b"".join(version.to_bytes(4, "big") for version in supported)}
    listed = ", ".join(map(str, supported))
    said = rf"the device \({listed}\) and the server \(1, 2\), found {used}\."
    with pytest.raises(UnsupportedProtocol, match=said) as refusal:
        open_spc(sealed_with({**changes, layout.USED: used.to_bytes(4, "big")}), key_server)
    assert refusal.value.number == -42590


def test_an_older_protocol_than_both_know_is_a_warning(sealed_with: Sealer, key_server: KeyServer) -> None:
    both = (1).to_bytes(4, "big") + (2).to_bytes(4, "big")
    opened = open_spc(sealed_with({layout.SUPPORTED: both}), key_server)
    assert opened.warnings == ("protocol version 1 is used although both sides support 2",)


def test_every_single_flipped_bit_of_the_sealed_device_id_is_noticed(
    sealed_with: Sealer, new_spc: NewSpc, key_server: KeyServer
) -> None:
    # HU is at plaintext bytes 16 to 35, so flipping a bit of ciphertext byte 0 to 15 flips one of HU's first 16.
    _, contents = new_spc()
    sealed = contents.values[layout.SKR1.code]
    for position in range(16, 112, 5):
        flipped = bytearray(sealed)
        flipped[position] ^= 0x10
        others = {layout.R2: contents.r2, layout.INTEGRITY: contents.values[layout.INTEGRITY.code]}
        with pytest.raises(IntegrityMismatch) as refusal:
            open_spc(sealed_with({layout.SKR1: bytes(flipped), **others}), key_server)
        assert refusal.value.number == -42589


def test_the_integrity_tag_itself_is_compared(sealed_with: Sealer, key_server: KeyServer) -> None:
    with pytest.raises(IntegrityMismatch):
        open_spc(sealed_with({layout.INTEGRITY: bytes(16)}), key_server)


def test_an_ask_of_another_provider(new_spc: NewSpc, key_server: KeyServer) -> None:
    spc, _ = new_spc(ask=b"another provider")
    with pytest.raises(IntegrityMismatch):
        open_spc(spc, key_server)


def test_an_unknown_playback_state(sealed_with: Sealer, key_server: KeyServer) -> None:
    unknown = layout.PLAYBACK_VALUE.pack(1, b"what", bytes(8))
    with pytest.raises(BadPlaybackState, match=b"what".hex()) as refusal:
        open_spc(sealed_with({layout.PLAYBACK: unknown}), key_server)
    assert refusal.value.number == -42585


def test_the_playback_state_may_be_absent(sealed_with: Sealer, key_server: KeyServer) -> None:
    assert open_spc(sealed_with({layout.PLAYBACK: None}), key_server).playback is None
