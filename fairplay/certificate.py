"""The application certificate: what a device needs to address an SPC to a key server."""

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fairplay.mistakes import recognise

SPC_VERSIONS = {1024: 1, 2048: 2}
"""RSA key size in bits → the version of an SPC made with it."""


class BadCertificate(ValueError):
    """Not a certificate that an SPC can be built with; the text says what was found and how to mend it."""


@dataclass(frozen=True, slots=True)
class ApplicationCertificate:
    """A certificate in use: its SHA-1 `hash` (20 bytes), its RSA key, and the SPC version that key size means."""

    hash: bytes
    public_key: RSAPublicKey
    spc_version: int


def certificate_hash(der: bytes) -> bytes:
    """Return the SHA-1 of the DER form, 20 bytes: how an SPC names its certificate."""
    return hashlib.sha1(der).digest()  # noqa: S324 - FairPlay's choice; it selects a key, it proves nothing


def load_certificate(der: bytes) -> ApplicationCertificate:
    """Read a certificate in DER form. Raises `BadCertificate`."""
    try:
        public_key = x509.load_der_x509_certificate(der).public_key()
    except ValueError as error:
        raise BadCertificate(_explain(der)) from error
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size not in SPC_VERSIONS:
        sizes = " or ".join(f"RSA-{size}" for size in SPC_VERSIONS)
        raise BadCertificate(f"certificate: expected an {sizes} key, found another. Use the provisioned certificate.")
    return ApplicationCertificate(certificate_hash(der), public_key, SPC_VERSIONS[public_key.key_size])


def _explain(data: bytes) -> str:
    mistake = recognise(data)
    found = mistake.what if mistake and not data.startswith(b"\x30\x82") else f"{len(data)} bytes that are none"
    return f"certificate: expected an X.509 certificate in DER form, found {found}. Convert it to DER first."
