"""Fixtures of the unit tests: SPCs that an honest device would not make."""

import os
from collections.abc import Callable, Mapping

import pytest

from fairplay import layout
from fairplay.aes import cbc_encrypt
from fairplay.certificate import ApplicationCertificate
from fairplay.envelope import OAEP_PADDING
from fairplay.spc import SpcContents, seal_spc

NewSpc = Callable[..., tuple[bytes, SpcContents]]
Sealer = Callable[..., bytes]


@pytest.fixture(scope="session")
def sealed_with(new_spc: NewSpc, certificate: ApplicationCertificate) -> Sealer:
    """Seal an otherwise good SPC with some values replaced, or left out where None."""

    def seal(changes: Mapping[layout.Tag, bytes | None]) -> bytes:
        _, contents = new_spc()
        values = {**contents.values, **{tag.code: value for tag, value in changes.items()}}
        kept = {tag: value for tag, value in values.items() if value is not None}
        return seal_spc(contents, certificate, os.urandom, kept)

    return seal


@pytest.fixture(scope="session")
def sealed_payload(new_spc: NewSpc, certificate: ApplicationCertificate) -> Callable[[bytes], bytes]:
    """Seal any payload (a multiple of 16 bytes) as an SPC."""

    def seal(payload: bytes) -> bytes:
        key, iv = os.urandom(16), os.urandom(16)
        version = certificate.spc_version
        wrapped = certificate.public_key.encrypt(key, OAEP_PADDING[version])
        header = layout.SPC_HEADERS[version].pack(version, layout.MARK, iv, wrapped, certificate.hash, len(payload))
        return header + cbc_encrypt(key, iv, payload)

    return seal
