"""The envelope of an SPC: what can be read of it without any key, and the RSA wrapping of the key to the rest."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from fairplay.aes import BLOCK, cbc_decrypt
from fairplay.certificate import ApplicationCertificate
from fairplay.errors import BadPayloadLength, MissingMark, NotAnSpc, UnknownVersion
from fairplay.layout import MARK, SPC_HEADERS
from fairplay.mistakes import is_ckc

OAEP_PADDING = {
    1: OAEP(MGF1(SHA1()), SHA1(), None),  # noqa: S303 - FairPlay's choice
    2: OAEP(MGF1(SHA256()), SHA256(), None),
}
"""By version of SPC."""
MIN_HEADER = min(header.size for header in SPC_HEADERS.values())


@dataclass(frozen=True, slots=True)
class Envelope:
    """The outside of an SPC, readable without any key."""

    version: int
    mark: bytes
    iv: bytes
    wrapped_key: bytes
    certificate_hash: bytes
    payload: bytes = field(repr=False)

    def open(self, spc_key: bytes) -> bytes:
        """Return the payload in clear under the SPC key (16 bytes); under another key it is no TLLV blocks."""
        return cbc_decrypt(spc_key, self.iv, self.payload)


def write_envelope(certificate: ApplicationCertificate, spc_key: bytes, iv: bytes, payload: bytes) -> bytes:
    """Return an SPC: the `payload`, encrypted under `spc_key` and `iv` (16 bytes each), behind its header."""
    version = certificate.spc_version
    wrapped = certificate.public_key.encrypt(spc_key, OAEP_PADDING[version])
    return SPC_HEADERS[version].pack(version, MARK, iv, wrapped, certificate.hash, len(payload)) + payload


def read_envelope(spc: bytes) -> Envelope:
    """Return the outside of an SPC.

    Raises `NotAnSpc`, `UnknownVersion`, `MissingMark` or `BadPayloadLength`.
    """
    if len(spc) < 8 or not spc.startswith(b"\0\0\0") or is_ckc(spc):
        raise NotAnSpc.because_of(spc, MIN_HEADER)
    header = SPC_HEADERS.get(spc[3])
    if header is None:
        versions = " or ".join(map(str, SPC_HEADERS))
        raise UnknownVersion(f"version {versions}", f"{spc[3]}", "build the SPC in a version that the server knows")
    if (mark := header.part("mark", spc)) != MARK:
        raise MissingMark(
            f"{MARK.hex()} ({MARK.decode()}) at offset 4",
            mark.hex(),
            "use an SPC of this simulation's emulator: one of a real device is never processed here",
        )
    if len(spc) < header.size:
        raise NotAnSpc.because_of(spc, header.size)
    version, mark, iv, wrapped_key, certificate_hash, length = header.unpack(spc)
    if length == 0 or length % BLOCK or header.size + length != len(spc):
        raise BadPayloadLength(
            f"the {len(spc) - header.size} bytes that follow the header, as a multiple of 16",
            f"{length}",
            "send the SPC whole, with nothing before or after it",
        )
    return Envelope(version, mark, iv, wrapped_key, certificate_hash, spc[header.size :])


def unwrap_spc_key(envelope: Envelope, private_key: RSAPrivateKey) -> bytes | None:
    """Return the 16-byte SPC key, or None where RSA-OAEP does not yield one, for whatever reason."""
    try:
        spc_key = private_key.decrypt(envelope.wrapped_key, OAEP_PADDING[envelope.version])
        if len(spc_key) != BLOCK:
            raise ValueError  # as the library does, so that both take as long
    except ValueError:
        return None
    return spc_key
