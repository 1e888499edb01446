"""A throw-away certificate authority in a directory, and the certificates that it issues; made once, kept, renewed.

The authority and one client certificate belong to the directory, and every service adds a certificate of its own:
`ca.pem`, `client.pem`, `sees-server.pem` and so on, each with a private key in `…-key.pem`. All files are for
their owner only. Whoever has `ca-key.pem` can be any of the parties: nobody but this simulation may trust it.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from trustme import CA

from hosting.tls.tls import ServerTls, TlsError

AUTHORITY, CLIENT = "ca", "client"
ORGANIZATION = "SIMULATION of device binding"
LIFETIME = timedelta(days=90)
"""How long a certificate is valid."""
RENEWAL = timedelta(days=30)
"""One that has less than this left is made anew at the next start."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def prepare(directory: Path, service: str, hosts: Iterable[str], *, client_certificates: bool) -> ServerTls:
    """Return the files with which `service` serves under loopback names and `hosts`; made where need be.

    With `client_certificates` its clients need one of this authority. Raises `TlsError`.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(directory)
        with _locked(directory):
            authority = _authority(directory)
            _certificate(directory, authority, CLIENT, {"client.simulation.invalid"})
            _certificate(directory, authority, service, {*LOOPBACK, *hosts})
    except (FileExistsError, NotADirectoryError):
        raise TlsError(
            f"TLS directory {directory}: expected a directory, found a file there or above it. "
            "Name another with --tls-dir"
        ) from None
    except OSError as error:
        raise TlsError(
            f"TLS directory {directory}: {error.strerror or error}. Make it writable, or name another with --tls-dir"
        ) from None
    certificate, key = _files(directory, service)
    return ServerTls(certificate, key, directory / f"{AUTHORITY}.pem" if client_certificates else None)


def _check_private(directory: Path) -> None:
    """Refuse keys that others could have read, or put there. Raises `TlsError`."""
    for path, others in ((directory, 0o022), *((key, 0o077) for key in sorted(directory.glob("*-key.pem")))):
        found = path.stat()
        if found.st_mode & others or found.st_uid not in (os.getuid(), 0):
            what, fix = ("can write", "go-w") if path == directory else ("can read", "go=")
            raise TlsError(
                f"{path}: expected that nobody else {what} it, "
                f"found mode {found.st_mode & 0o777:o}, user {found.st_uid}. "
                f"Delete the directory to get new keys, or chmod {fix} if you know that nobody did"
            )


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep other processes out: services that start at the same time find one authority, not two."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _authority(directory: Path) -> CA:
    certificate, key = _files(directory, AUTHORITY)
    if not certificate.exists():
        made = CA(organization_name=ORGANIZATION, organization_unit_name="throw-away authority, trust it nowhere else")
        _write(key, made.private_key_pem.bytes())
        _write(certificate, made.cert_pem.bytes())
    try:
        return CA.from_pem(*_read_pair(certificate, key))
    except (ValueError, FileNotFoundError):
        raise TlsError(
            f"TLS directory {directory}: the authority's files are damaged. Delete the directory to get new ones"
        ) from None


def _certificate(directory: Path, authority: CA, name: str, hosts: set[str]) -> None:
    """Make the certificate `name` for `hosts`, unless a good one is there. Hosts of an older one stay in it."""
    certificate, key = _files(directory, name)
    older: set[str] = set()
    try:
        found = x509.load_pem_x509_certificate(_read_pair(certificate, key)[0])
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.cert_pem.bytes()))
        older = _hosts(found)
        if hosts <= older and found.not_valid_after_utc - datetime.now(UTC) > RENEWAL:
            return
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        pass  # none there, a damaged one, or one of an authority that is no more
    now = datetime.now(UTC)
    try:
        made = authority.issue_cert(
            *sorted(hosts | older),
            organization_name=ORGANIZATION,
            organization_unit_name=name,
            not_before=now - timedelta(days=1),
            not_after=now + LIFETIME,
        )
    except ValueError:  # of idna
        raise TlsError(f"no certificate can name {', '.join(sorted(hosts - set(LOOPBACK)))}: no host name") from None
    _write(key, made.private_key_pem.bytes())
    _write(certificate, made.cert_chain_pems[0].bytes())


def _files(directory: Path, name: str) -> tuple[Path, Path]:
    return directory / f"{name}.pem", directory / f"{name}-key.pem"


def _read_pair(certificate: Path, key: Path) -> tuple[bytes, bytes]:
    """Read a certificate and its private key. Raises `ValueError` if they are none, or not of each other."""
    pair = certificate.read_bytes(), key.read_bytes()
    public = load_pem_private_key(pair[1], None).public_key()
    theirs = x509.load_pem_x509_certificate(pair[0]).public_key()
    form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    if public.public_bytes(*form) != theirs.public_bytes(*form):
        raise ValueError("a certificate and a key that do not belong together")
    return pair


def _hosts(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _write(path: Path, content: bytes) -> None:
    # Renamed into place: a reader finds the old file or the new one. mkstemp makes it for the owner only.
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(aside).replace(path)
