"""Titles kept on the device: media and persistent keys, played later without any server, until the keys expire.

A directory with one folder per title, owner-only: the media of each part, and `download.json` with the license sealed
under a key that only this device has. (Here it comes from the device's seed; in reality from inside the hardware.)
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from emulator.binding import Grant
from emulator.errors import KeyNotPersistent, NoDownload, StoredKeyExpired
from emulator.key_uri import parse_key_uri
from emulator.limits import check_end, may_persist, rental_end
from emulator.playlist import Title
from emulator.screening import KINDS, Keys, Part
from fairplay.ckc import ContentKey
from simulation.strict_json import parse_json

FORMAT, VERSION = "device-download", 1
FILE = "download.json"
SALT = b"sees-sim/device-state/v1"
NONCE = 12
"""Bytes, of AES-GCM."""


@dataclass(frozen=True)
class Download:
    """A kept title: its parts, its keys, and when they expire (seconds on the device's clock; None: never)."""

    name: str
    parts: tuple[Part, ...]
    keys: Keys
    expires: float | None


def name_of(title: Title) -> str:
    """Return the name a title is kept under: the folder of its playlist."""
    folder = urlsplit(title.url).path.rpartition("/")[0].rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9_-]", "_", folder)[:64] or "title"


def keep(state: Path, seed: str, grants: Sequence[Grant], parts: Sequence[Part]) -> Download:
    """Keep a title on the device grown from `seed`. KeyNotPersistent unless every license allows it."""
    if not all(may_persist(grant) for grant in grants):
        raise KeyNotPersistent(
            step=13,
            expected="licenses with a persistent key",
            found="one that is for this playback only",
            fix="set persistent = true for the title in the catalog",
        )
    name = name_of(grants[0].title)
    ends = [end for grant in grants if (end := rental_end(grant)) is not None]
    expires = min(ends, default=None)
    keys = {grant.key: grant.license.content for grant in grants}
    folder = state / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parts:
        _write(folder / _media_name(part), part.data)
    secret = {
        "keys": {key.uri: [content.key.hex(), content.iv.hex()] for key, content in keys.items()},
        "expires": expires,
    }
    listed = [
        {"kind": part.kind, "period": part.period, "key": part.key and part.key.uri, "frames": part.frames}
        for part in parts
    ]
    value = {"format": FORMAT, "version": VERSION, "parts": listed, "license": _seal(seed, name, secret)}
    _write(folder / FILE, json.dumps(value, indent=1).encode())
    return Download(name, tuple(parts), keys, expires)


def load(state: Path, seed: str, name: str | None, now: float) -> Download:
    """Return a kept title (None: the only one) if its keys are good at `now`; no server is asked.

    Raises NoDownload, also for one of another device, and StoredKeyExpired.
    """
    folder = _find(state, name)
    try:
        value = parse_json((folder / FILE).read_bytes())
        if (value["format"], value["version"]) != (FORMAT, VERSION) or not value["parts"]:
            raise ValueError("no download of this format")
        secret = _unseal(seed, folder.name, value["license"])
        keys = {parse_key_uri(uri): ContentKey(*map(bytes.fromhex, pair)) for uri, pair in secret["keys"].items()}
        parts = tuple(_read_part(folder, part) for part in value["parts"])
    except InvalidTag:
        raise _none("a title kept by this device", "one of another device, or altered", folder) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _none("a whole download", f"a damaged one ({type(error).__name__})", folder) from None
    expires: float | None = secret["expires"]
    check_end(now, expires, StoredKeyExpired, "rental of the kept key", "download the title again, with a new license")
    return Download(folder.name, parts, keys, expires)


def _find(state: Path, name: str | None) -> Path:
    kept = sorted(file.parent for file in state.glob(f"*/{FILE}"))
    matching = [folder for folder in kept if name in (None, folder.name)]
    if len(matching) == 1:
        return matching[0]
    found = ", ".join(folder.name for folder in kept) or "none"
    expected = f"the title {name!r}" if name else "one kept title, or --title to choose"
    raise _none(expected, found, state)


def _none(expected: str, found: str, place: Path) -> NoDownload:
    fix = "play it once with --state and a server, on this device"
    return NoDownload(step=None, expected=f"{expected} in {place}", found=found, fix=fix)


def _media_name(part: Part) -> str:
    return f"{part.kind}-{part.period}.mp4"


def _read_part(folder: Path, value: dict[str, Any]) -> Part:
    key, frames = value["key"], value["frames"]
    if value["kind"] not in KINDS:
        raise ValueError("no kind of track")
    part = Part(value["kind"], int(value["period"]), key and parse_key_uri(key), b"", frames and tuple(frames))
    return Part(part.kind, part.period, part.key, (folder / _media_name(part)).read_bytes(), part.frames)


def _write(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - mode
        file.write(data)
    new.replace(path)


def _sealer(seed: str) -> AESGCM:
    return AESGCM(hashlib.sha256(SALT + seed.encode()).digest())


def _seal(seed: str, name: str, value: dict[str, Any]) -> str:
    nonce = os.urandom(NONCE)
    sealed = _sealer(seed).encrypt(nonce, json.dumps(value).encode(), name.encode())
    return base64.b64encode(nonce + sealed).decode()


def _unseal(seed: str, name: str, text: str) -> Any:
    data = base64.b64decode(text, validate=True)
    return parse_json(_sealer(seed).decrypt(data[:NONCE], data[NONCE:], name.encode()))
