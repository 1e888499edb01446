"""The application certificate: the two key sizes that FairPlay has, and clear words about anything else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding

from fairplay.certificate import BadCertificate, certificate_hash, load_certificate


def self_signed(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SEES SIMULATION (tests)")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    return x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(1)).sign(key, SHA256())


def test_its_key_chooses_the_version_of_the_spc(certificate_der: bytes, private_key: rsa.RSAPrivateKey) -> None:
    loaded = load_certificate(certificate_der)
    digest = Hash(SHA1())
    digest.update(certificate_der)
    assert loaded.hash == certificate_hash(certificate_der) == digest.finalize()
    assert loaded.public_key == private_key.public_key()
    assert loaded.spc_version == {1024: 1, 2048: 2}[private_key.key_size]


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(public_exponent=65537, key_size=1536)],
    ids=["EC", "RSA-1536"],
)
def test_another_key_is_refused(key: Any) -> None:
    with pytest.raises(BadCertificate, match="expected an RSA-1024 or RSA-2048 key"):
        load_certificate(self_signed(key).public_bytes(Encoding.DER))


def test_pem_is_named(private_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(BadCertificate, match=r"in DER form, found PEM text\. Convert it to DER first"):
        load_certificate(self_signed(private_key).public_bytes(Encoding.PEM))


@pytest.mark.parametrize("data", [b"", b"no certificate", b"\x30\x82 and then nothing"])
def test_anything_else_is_counted(data: bytes) -> None:
    with pytest.raises(BadCertificate, match=f"found {len(data)} bytes that are none"):
        load_certificate(data)
