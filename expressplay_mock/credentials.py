"""The mock's credentials: made once, kept in the state directory for its owner only, read at every later start.

In ``<state>/credentials``: ``fairplay.key`` (RSA-2048, PEM), ``fairplay.cer`` (the application certificate, DER)
and ``secrets.json`` (ASk, token keys, authenticator). The directory is made aside and renamed, so it is complete
or not there at all, and of two processes that start at once one finds the other's.
"""

import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from expressplay_mock.accounts import Account, account_of, new_account
from expressplay_mock.redemption import Keys
from expressplay_mock.tokens import KEY_ID_SIZE, KEY_SIZE, TokenKeys, new_token_keys
from fairplay.certificate import certificate_hash, load_certificate
from fairplay.spc import KeyServer

DIRECTORY = "credentials"
PRIVATE_KEY = "fairplay.key"
CERTIFICATE = "fairplay.cer"
SECRETS = "secrets.json"

SUBJECT = "SEES SIMULATION application certificate"
ASK_SIZE = 16


class StateError(Exception):
    """The state directory cannot be used; the text is one line that names the path and the fix."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything that makes this service the one that it is. ``ask`` is 16 bytes."""

    private_key: rsa.RSAPrivateKey = field(repr=False)
    certificate: bytes
    ask: bytes = field(repr=False)
    token_keys: TokenKeys
    account: Account

    def redemption_keys(self) -> Keys:
        """Return what redemption needs of them."""
        key_server = KeyServer({certificate_hash(self.certificate): self.private_key}, self.ask)
        return Keys(self.token_keys, key_server)


def new_credentials() -> Credentials:
    """Make up credentials; takes a tenth of a second or so, for the RSA key."""
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Credentials(
        private_key,
        _self_signed(private_key),
        secrets.token_bytes(ASK_SIZE),
        new_token_keys(secrets.token_bytes),
        new_account(secrets.token_bytes),
    )


def load_or_create(state: Path) -> Credentials:
    """Return the credentials in ``state``, made up if there are none. Raises `StateError`."""
    directory = state / DIRECTORY
    try:
        if not directory.exists():
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(directory, new_credentials())
        return _read(directory)
    except OSError as error:
        raise StateError(
            f"state directory {state}: {error.strerror or error}. Make it writable, or name another with --state"
        ) from None


def _create(directory: Path, credentials: Credentials) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{DIRECTORY}-", dir=directory.parent))  # owner-only, as mkdtemp is
    try:
        for name, content in _files(credentials).items():
            with os.fdopen(os.open(aside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
        aside.rename(directory)
    except OSError:
        if not directory.exists():
            raise
        # Another process was faster: its credentials are the ones.
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _files(credentials: Credentials) -> dict[str, bytes]:
    pem = credentials.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keys = credentials.token_keys
    other = {
        "ask": credentials.ask.hex(),
        "token_keys": {key_id.hex(): key.hex() for key_id, key in keys.keys.items()},
        "current_token_key": keys.current.hex(),
        "authenticator": credentials.account.authenticator,
    }
    return {
        PRIVATE_KEY: pem,
        CERTIFICATE: credentials.certificate,
        SECRETS: json.dumps(other, indent=2).encode("ascii"),
    }


def _read(directory: Path) -> Credentials:
    try:
        private_key = serialization.load_pem_private_key((directory / PRIVATE_KEY).read_bytes(), None)
        certificate = (directory / CERTIFICATE).read_bytes()
        public_key = load_certificate(certificate).public_key
        if not isinstance(private_key, rsa.RSAPrivateKey) or private_key.public_key() != public_key:
            raise ValueError
        other = json.loads((directory / SECRETS).read_bytes())
        token_keys = {_bytes(key_id, KEY_ID_SIZE): _bytes(key, KEY_SIZE) for key_id, key in other["token_keys"].items()}
        current = _bytes(other["current_token_key"], KEY_ID_SIZE)
        token_keys[current]  # KeyError: a key id without its key
        return Credentials(
            private_key,
            certificate,
            _bytes(other["ask"], ASK_SIZE),
            TokenKeys(current, token_keys),
            account_of(other["authenticator"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, FileNotFoundError):
        # Not a word of the content: it is all secret.
        raise StateError(
            f"credentials in {directory} are damaged. Put the files back, or delete the directory to get new ones"
        ) from None


def _bytes(digits: str, size: int) -> bytes:
    value = bytes.fromhex(digits)
    if len(value) != size:
        raise ValueError
    return value


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
        .not_valid_after(now + timedelta(days=3650))
        .sign(private_key, SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)
