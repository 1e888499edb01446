"""Titles kept on the device: media and persistent keys, played later without any server, until the keys expire.

A directory with one folder per title, owner-only. A title is named by its content ids and its address, so that two
titles whose folders have one name are two. In a folder: the files of its media, `title.json` with its playlists, and
the licenses, sealed under a key that only this device has. (Here it comes from the device's seed; in reality from
inside the hardware.)
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from emulator.binding import Grant
from emulator.errors import KeyNotPersistent, NoKeptTitle, StoredKeyExpired
from emulator.frames import Frames
from emulator.hls import MediaPlaylist, Place, Segment
from emulator.key_uri import KeyMode, KeyUri
from emulator.limits import check_end, may_persist, rental_end
from emulator.playlist import Rendition, Title
from emulator.screening import Fetch, Keys, Screening, show
from emulator.timeline import Timeline
from fairplay.ckc import ContentKey
from simulation.strict_json import parse_json

FORMAT, VERSION = "device-title", 2
FILE = "title.json"
SALT = b"sees-sim/device-state/v1"
NONCE = 12
"""Bytes, of AES-GCM."""


@dataclass(frozen=True)
class KeptTitle:
    """A kept title: what it is, its keys, and when they expire (seconds on the device's clock; None: never)."""

    name: str
    folder: Path
    title: Title
    keys: Keys
    expires: float | None
    frames: Sequence[Frames] | None

    def fetch(self, place: Place) -> bytes:
        """Read a file of it."""
        return (self.folder / place.url).read_bytes()


def name_of(title: Title) -> str:
    """Return the name a title is kept under: its folder's, and what tells it from others of that name."""
    folder = urlsplit(title.url).path.rpartition("/")[0].rpartition("/")[2]
    named = re.sub(r"[^A-Za-z0-9_-]", "_", folder)[:64] or "title"
    address = title.url.split("?", 1)[0]
    identity = "\0".join([address, *sorted(key.content_id or "" for key in title.keys)])
    return f"{named}-{hashlib.sha256(identity.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def keep(state: Path, seed: str, grants: Sequence[Grant], fetch: Fetch, frames: Sequence[Frames] | None) -> KeptTitle:
    """Keep a title on the device grown from `seed`: fetch its media, a file at a time, and seal its keys.

    Raises KeyNotPersistent unless every license allows it, NoKeptTitle for a live title.
    """
    title = grants[0].title
    if not all(may_persist(grant) for grant in grants):
        raise KeyNotPersistent(
            step=13,
            expected="licenses with a persistent key",
            found="one that is for this playback only",
            fix="set persistent = true for the title in the catalog",
        )
    if title.live:
        fix = "keep it when it has ended"
        raise NoKeptTitle(step=13, expected="a title that is whole", found="a live one", fix=fix)
    name = name_of(title)
    ends = [end for grant in grants if (end := rental_end(grant)) is not None]
    expires = min(ends, default=None)
    keys = {grant.key: grant.license.content for grant in grants}
    folder = state / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files: dict[Place, str] = {}

    def kept(place: Place) -> Place:
        if place not in files:
            files[place] = f"media-{len(files) + 1}"
            _write(folder / files[place], fetch(place))
        return Place(files[place])

    kept_title = replace(
        title,
        renditions=tuple(
            replace(one, playlist=replace(one.playlist, segments=tuple(_moved(one.playlist.segments, kept))))
            for one in title.renditions
        ),
    )
    secret = {
        "keys": {key.uri: [content.key.hex(), content.iv.hex()] for key, content in keys.items()},
        "expires": expires,
    }
    value = {
        "format": FORMAT,
        "version": VERSION,
        "url": title.url,
        "renditions": [_as_json(one.playlist) for one in kept_title.renditions],
        "frames": frames,
        "license": _seal(seed, name, secret),
    }
    _write(folder / FILE, json.dumps(value, indent=1).encode())
    return KeptTitle(name, folder, kept_title, keys, expires, frames)


def load(state: Path, seed: str, name: str | None, now: float) -> KeptTitle:
    """Return a kept title (None: the only one) if its keys are good at `now`; no server is asked.

    `name` may leave out what stands behind the last hyphen. Raises NoKeptTitle, also for one of another device, and
    StoredKeyExpired.
    """
    folder = _find(state, name)
    try:
        value = parse_json((folder / FILE).read_bytes())
        if (value["format"], value["version"]) != (FORMAT, VERSION) or not value["renditions"]:
            raise ValueError("no title of this format")
        secret = _unseal(seed, folder.name, value["license"])
        by_uri = {uri: _key(uri) for uri in secret["keys"]}
        keys = {by_uri[uri]: ContentKey(*map(bytes.fromhex, pair)) for uri, pair in secret["keys"].items()}
        renditions = tuple(_from_json(one, by_uri, folder) for one in value["renditions"])
        title = Title(str(value["url"]), tuple(keys), renditions)
        frames = value["frames"]
    except InvalidTag:
        raise _none("a title kept by this device", "one of another device, or altered", folder) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _none("a whole title", f"a damaged one ({type(error).__name__})", folder) from None
    expires: float | None = secret["expires"]
    check_end(now, expires, StoredKeyExpired, "rental of the kept key", "keep the title again, with a new license")
    return KeptTitle(folder.name, folder, title, keys, expires, frames)


def play_kept(kept: KeptTitle, *, still: bool = False) -> Screening:
    """Play a kept title, from the device alone."""
    timeline = Timeline(kept.title, lambda one: one.playlist, lambda _: None)
    return show(timeline, kept.fetch, kept.keys.get, kept.frames, still=still)


def _moved(segments: Sequence[Segment], kept: Any) -> list[Segment]:
    return [
        replace(segment, place=kept(segment.place), map=segment.map and kept(segment.map))
        for segment in segments
        if not segment.gap
    ]


def _as_json(playlist: MediaPlaylist) -> dict[str, Any]:
    return {
        "url": playlist.url,
        "target": playlist.target,
        "segments": [
            {
                "number": segment.number,
                "run": segment.run,
                "file": segment.place.url,
                "map": segment.map and segment.map.url,
                "key": segment.key and segment.key.uri,
                "seconds": segment.seconds,
            }
            for segment in playlist.segments
        ],
    }


def _from_json(value: Any, keys: dict[str, KeyUri], folder: Path) -> Rendition:
    def place(name: str) -> Place:
        if not re.fullmatch(r"media-\d{1,6}", name) or not (folder / name).is_file():
            raise ValueError("a file of the title is missing")
        return Place(name)

    segments = tuple(
        Segment(
            int(one["number"]),
            int(one["run"]),
            place(one["file"]),
            None if one["map"] is None else place(one["map"]),
            None if one["key"] is None else keys.get(one["key"]) or _key(one["key"]),
            float(one["seconds"]),
        )
        for one in value["segments"]
    )
    return Rendition(MediaPlaylist(str(value["url"]), float(value["target"]), True, segments), {})


def _key(uri: str) -> KeyUri:
    # Which content id it stands for was settled when the license came.
    return KeyUri(uri, KeyMode.ENTITLEMENT, None)


def _find(state: Path, name: str | None) -> Path:
    kept = sorted(file.parent for file in state.glob(f"*/{FILE}"))
    matching = [folder for folder in kept if name in (None, folder.name, folder.name.rpartition("-")[0])]
    if len(matching) == 1:
        return matching[0]
    found = ", ".join(folder.name for folder in (matching or kept)) or "none"
    expected = f"one title {name!r}" if name else "one kept title, or --title to choose"
    raise _none(expected, found, state)


def _none(expected: str, found: str, place: Path) -> NoKeptTitle:
    fix = "play it once with --state and a server, on this device"
    return NoKeptTitle(step=None, expected=f"{expected} in {place}", found=found, fix=fix)


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
