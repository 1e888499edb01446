"""What people post in place of an SPC is told by its first bytes, and nothing else is."""

import base64

import pytest

from fairplay import layout
from fairplay.mistakes import is_ckc, recognise

CKC = layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), 32) + bytes(32)
PEM = b"-----BEGIN CERTIFICATE-----\nMII"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (PEM, "PEM text"),
        (base64.b64encode(PEM), "PEM text in Base64"),
        (b"\x30\x82\x03\x01", "a DER certificate (first bytes 3082)"),
        (base64.b64encode(b"\x30\x82\x03\x01"), "a DER certificate in Base64"),
        (b"eyJhbGciOiJIUzI1NiJ9", "a base64url token (first bytes 65794a)"),
        (b'{"spc": "AAAA"}', "JSON (first byte 7b)"),
        (b'["AAAA"]', "a JSON array (first byte 5b)"),
        (b'"AAAA"', "a JSON string (first byte 22)"),
        (b"spc=AAAA", "a form body"),
        (b"<ckc>AAAA</ckc>", "a CKC in its text form"),
        (b"<!doctype html>", "HTML or XML"),
        (b"skd://film", "a key URI"),
        (base64.b64encode(b"\0\0\0\2SIM1"), "Base64 text"),
        (b" \r\n" + PEM, "PEM text"),
        (CKC, "a CKC"),
    ],
)
def test_a_mistake_is_told(data: bytes, what: str) -> None:
    mistake = recognise(data)
    assert mistake is not None
    assert mistake.what == what
    assert mistake.fix


@pytest.mark.parametrize("data", [b"", b"AAAA", b"\0\0\0\2SIM1", b"\0\0\0\1SIM1", CKC[:-1], CKC + b"\0"])
def test_anything_else_is_not(data: bytes) -> None:
    assert recognise(data) is None


def test_all_four_bytes_of_the_length_tell_a_ckc() -> None:
    assert is_ckc(CKC)
    for position in range(24, 28):
        assert not is_ckc(CKC[:position] + bytes([CKC[position] ^ 1]) + CKC[position + 1 :])
