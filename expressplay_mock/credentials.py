"""The mock's credentials: made once, kept in the state directory for its owner only, read at every later start.

In `<state>/credentials`: `fairplay.key` (RSA-2048, PEM) and `fairplay.cer` (the application certificate, DER),
the same in RSA-1024 for SPC v1 as `fairplay-v1.json`, and `secrets.json` (ASk, token keys, authenticator). The
directory is made aside and renamed, so it is complete or not there at all, and of two processes that start at once
one finds the other's.
"""

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from expressplay_mock.accounts import Account, new_account
from expressplay_mock.application_key import ApplicationKey, new_application_key, read_application_key
from expressplay_mock.redemption import Keys
from expressplay_mock.tokens.sealed_token import TokenKeys, new_token_keys
from fairplay.certificate import certificate_hash
from fairplay.randomness import RandomBytes
from fairplay.session_key import ASK_SIZE
from fairplay.spc import KeyServer

DIRECTORY = "credentials"
PRIVATE_KEY = "fairplay.key"
CERTIFICATE = "fairplay.cer"
V1 = "fairplay-v1.json"
SECRETS = "secrets.json"

SPC_VERSIONS = frozenset({1, 2})


class StateError(Exception):
    """The state directory cannot be used; the text is one line that names the path and the fix."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What this service is known by and decrypts with: `v1` and `v2` by version of SPC, `ask` 16 bytes."""

    v2: ApplicationKey
    v1: ApplicationKey
    ask: bytes = field(repr=False)
    token_keys: TokenKeys
    account: Account

    def __post_init__(self) -> None:
        if len(self.ask) != ASK_SIZE:
            raise ValueError(f"ASk: expected {ASK_SIZE} bytes, found {len(self.ask)}")

    @property
    def certificate(self) -> bytes:
        """The certificate (DER) that a device uses unless it wants SPC v1."""
        return self.v2.certificate

    def redemption_keys(self, spc_versions: frozenset[int] = SPC_VERSIONS) -> Keys:
        """Return what redemption needs of them, where SPCs of these versions are taken."""
        keys = [key for version, key in ((1, self.v1), (2, self.v2)) if version in spc_versions]
        by_certificate = {certificate_hash(key.certificate): key.private_key for key in keys}
        return Keys(self.token_keys, KeyServer(by_certificate, self.ask))


def new_credentials() -> Credentials:
    """Make up credentials; takes a tenth of a second or so, for the RSA keys."""
    return Credentials(
        new_application_key(2),
        new_application_key(1),
        secrets.token_bytes(ASK_SIZE),
        new_token_keys(secrets.token_bytes),
        new_account(secrets.token_bytes),
    )


def seeded_credentials(seed: str) -> Credentials:
    """Make up credentials that are the same for the same `seed`, all but the RSA keys and their certificates.

    Those cannot come from a seed (the library has no such way), and nothing would repeat with them: every SPC is
    encrypted to them with randomness of the library's own. Whoever knows the seed knows these secrets.
    """

    def draw(purpose: str) -> RandomBytes:
        return lambda size: hashlib.shake_256(f"sees-sim/seed/v1/{purpose}/{size}/{seed}".encode()).digest(size)

    return Credentials(
        new_application_key(2),
        new_application_key(1),
        draw("ask")(ASK_SIZE),
        new_token_keys(draw("token key")),
        new_account(draw("authenticator")),
    )


def load_or_create(state: Path) -> Credentials:
    """Return the credentials in `state`, made up if there are none. Raises `StateError`."""
    directory = state / DIRECTORY
    try:
        if not directory.exists():
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(directory, new_credentials())
        return _read(directory)
    except (FileExistsError, NotADirectoryError):
        raise StateError(
            f"state directory {state}: expected a directory, found a file there or above it. Name another with --state"
        ) from None
    except OSError as error:
        raise StateError(
            f"state directory {state}: {error.strerror or error}. Make it writable, or name another with --state"
        ) from None


def _create(directory: Path, credentials: Credentials) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{DIRECTORY}-", dir=directory.parent))  # owner-only, as mkdtemp is
    try:
        for name, content in _files(credentials).items():
            _write(aside / name, content)
        aside.rename(directory)
    except OSError:
        if not directory.exists():
            raise
        # Another process was faster: its credentials are the ones.
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _files(credentials: Credentials) -> dict[str, bytes]:
    keys, v1 = credentials.token_keys, credentials.v1
    other = {
        "ask": credentials.ask.hex(),
        "token_keys": {key_id.hex(): key.hex() for key_id, key in keys.keys.items()},
        "current_token_key": keys.current.hex(),
        "authenticator": credentials.account.authenticator,
    }
    return {
        PRIVATE_KEY: credentials.v2.pem,
        CERTIFICATE: credentials.v2.certificate,
        V1: json.dumps({"key": v1.pem.decode("ascii"), "certificate": v1.certificate.hex()}).encode("ascii"),
        SECRETS: json.dumps(other, indent=2).encode("ascii"),
    }


def _read(directory: Path) -> Credentials:
    try:
        v2 = read_application_key(
            (directory / PRIVATE_KEY).read_bytes(), (directory / CERTIFICATE).read_bytes(), spc_version=2
        )
        kept = json.loads((directory / V1).read_bytes())
        v1 = read_application_key(kept["key"].encode("ascii"), bytes.fromhex(kept["certificate"]), spc_version=1)
        other = json.loads((directory / SECRETS).read_bytes())
        token_keys = {bytes.fromhex(key_id): bytes.fromhex(key) for key_id, key in other["token_keys"].items()}
        return Credentials(
            v2,
            v1,
            bytes.fromhex(other["ask"]),
            TokenKeys(bytes.fromhex(other["current_token_key"]), token_keys),
            Account(other["authenticator"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, FileNotFoundError):
        # Not a word of the content: it is all secret.
        raise StateError(
            f"credentials in {directory} are damaged. Put the files back, or delete the directory to get new ones"
        ) from None
