"""An application certificate with the RSA key behind it: what one version of SPC is addressed to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from fairplay.certificate import SPC_VERSIONS, load_certificate

SUBJECT = "SEES SIMULATION application certificate"

_BITS = {version: bits for bits, version in SPC_VERSIONS.items()}
_VALID = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class ApplicationKey:
    """The private key of a key server, and the self-signed certificate (DER) that devices encrypt to."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    certificate: bytes

    @property
    def pem(self) -> bytes:
        """The private key in PEM form."""
        return self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def new_application_key(spc_version: int) -> ApplicationKey:
    """Make one for SPCs of a version; takes a tenth of a second or so."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS[spc_version])
    return ApplicationKey(private_key, _self_signed(private_key))


def read_application_key(pem: bytes, certificate: bytes, spc_version: int) -> ApplicationKey:
    """Read what was written. Raises `ValueError` unless the two belong together and to the version."""
    private_key = serialization.load_pem_private_key(pem, None)
    if not isinstance(private_key, rsa.RSAPrivateKey) or private_key.key_size != _BITS[spc_version]:
        raise ValueError
    if private_key.public_key() != load_certificate(certificate).public_key:
        raise ValueError
    return ApplicationKey(private_key, certificate)


def _self_signed(private_key: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "SEES SIMULATION"),
            x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .sign(private_key, SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)
