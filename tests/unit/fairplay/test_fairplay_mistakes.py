"""What people post in place of an SPC is told by its first bytes, and nothing else is."""

import base64
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs7, pkcs12

from fairplay import layout
from fairplay.mistakes import is_ckc, recognise

CKC = layout.CKC_HEADER.pack(1, layout.MARK, bytes(16), 32) + bytes(32)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bundle")])
KEY = ec.generate_private_key(ec.SECP256R1())
CERTIFICATE = (
    x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, datetime(2020, 1, 1), datetime(2120, 1, 1))
    .sign(KEY, SHA256())
)  # fmt: skip
PKCS7 = pkcs7.serialize_certificates([CERTIFICATE], Encoding.DER)
PKCS12 = pkcs12.serialize_key_and_certificates(b"x", KEY, CERTIFICATE, None, NoEncryption())
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
        (PKCS7, "PKCS#7, a bundle of certificates"),
        (base64.b64encode(PKCS7), "PKCS#7, a bundle of certificates, in Base64"),
        (PKCS12, "PKCS#12, a certificate with its private key"),
        (base64.b64encode(PKCS12), "PKCS#12, a certificate with its private key, in Base64"),
        (b"-----BEGIN PKCS7-----", "PKCS#7 in PEM, a bundle of certificates"),
        (b"null", "the word null"),
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
