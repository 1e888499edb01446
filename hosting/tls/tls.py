"""TLS as a service and as a client uses it: which files, and the contexts made of them.

Who makes the files is hosting.tls.authority; only a service that is started with `--tls` needs that one.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl  # 20 ms that a command without a connection need not pay


class TlsError(Exception):
    """Certificate files cannot be made, read or used. The text is one line that names file and fix, never a key."""


def default_directory() -> Path:
    """Return where all services of this user keep their certificates, so that each finds the others' by itself."""
    from hosting.commands import state_home  # click, which a program without a command line need not have

    return state_home("--tls-dir") / "fairplay-device-binding" / "tls"


@dataclass(frozen=True)
class ServerTls:
    """What a service shows, and whose clients it lets in: PEM files."""

    certificate: Path
    key: Path
    clients_ca: Path | None = None
    """Where given, a client needs a certificate of this authority (mutual TLS)."""

    def context(self) -> "ssl.SSLContext":
        """Return a context for Python's own sockets."""
        import ssl  # as above

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 or later
        context.load_cert_chain(self.certificate, self.key)
        if self.clients_ca:
            context.load_verify_locations(self.clients_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@dataclass(frozen=True)
class ClientTls:
    """Whom a client trusts beside the public authorities, and what it shows to a server that asks: PEM files."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    """The certificate's private key, where it is not in the same file."""

    def context(self) -> "ssl.SSLContext":
        """Return a context that checks certificate and host name. Raises `TlsError` where a file is of no use."""
        import ssl

        from requests.utils import DEFAULT_CA_BUNDLE_PATH  # the public authorities; late, for it takes 60 ms

        context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        if self.ca:
            try:
                context.load_verify_locations(self.ca)
            except OSError as error:  # ssl.SSLError, too
                raise _useless(self.ca, error, "one or more certificates in PEM form") from None
        if self.certificate:
            try:
                # No terminal to ask for a password: a key that needs one is refused like any other that is of no use.
                context.load_cert_chain(self.certificate, self.key, password="")
            except OSError as error:
                raise _useless(self.certificate, error, "a certificate and its own private key, both in PEM") from None
        return context

    def without_certificate(self) -> "ClientTls":
        """Return the same trust, with nothing to show."""
        return ClientTls(self.ca)


def client_files(directory: Path) -> ClientTls:
    """Return what a client takes from a directory of hosting.tls.authority: nothing, where nothing is there."""
    ca, certificate, key = directory / "ca.pem", directory / "client.pem", directory / "client-key.pem"
    if not os.access(ca, os.R_OK):
        return ClientTls()
    return ClientTls(ca, certificate, key) if os.access(key, os.R_OK) else ClientTls(ca)


def _useless(file: Path, error: OSError, expected: str) -> TlsError:
    found = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "something else"
    return TlsError(f"{file}: expected {expected}, found {found}")
