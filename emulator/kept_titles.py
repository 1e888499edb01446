"""Titles kept on the device: media and persistent keys, played later without any server, until the keys expire.

A directory with one folder per title, owner-only. A title is named by its content ids and its address, so that two
titles whose folders have one name are two. In a folder: the files of its media, `title.json` with its playlists, and
`licenses`, sealed under a key that only this device has: the content keys, when playback must have begun, when it
began, and how long it may go on. (Here the key comes from the device's seed; in reality from inside the hardware.)
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from emulator.binding import Client, Grant, get_license
from emulator.errors import KeyNotPersistent, NoKeptTitle, NotRenewable, StoredKeyExpired
from emulator.expiry import check_end, may_persist, playback_seconds, rental_end
from emulator.frames import Frames
from emulator.hls import MediaPlaylist, Place, Segment
from emulator.key_uri import KeyMode, KeyUri
from emulator.screening import Fetch, Keys, Screening, show
from emulator.timeline import Timeline
from emulator.title import Rendition, Title
from fairplay.ckc import ContentKey
from simulation.steps import Step
from simulation.strict_json import parse_json

FORMAT, VERSION = "device-title", 2
FILE = "title.json"
LICENSES = "licenses"
"""Sealed, and apart from the title, since they are renewed."""
SALT = b"sees-sim/device-state/v1"
NONCE = 12
"""Bytes, of AES-GCM."""
_KEEP = "play it once with --state and a server, on this device"


@dataclass(frozen=True)
class KeptKey:
    """A key on the device, from its license: times are seconds on the device's clock, None is no limit.

    Playback must begin before `begin_by`. With `dual` expiry it may then go on for `playback` seconds, and what was
    begun in time may begin again until then; without, `begin_by` stays the end.
    """

    content: ContentKey
    content_id: str | None
    begin_by: float | None
    dual: bool
    playback: float | None

    def end(self, begun: float | None) -> float | None:
        """Return until when playback may begin, where it began for the first time at `begun` (None: not yet)."""
        if begun is None or not self.dual:
            return self.begin_by
        return None if self.playback is None else begun + self.playback


@dataclass(frozen=True)
class KeptTitle:
    """A kept title: what it is, its licenses, and when it was played first (on the device's clock; None: not yet)."""

    name: str
    folder: Path
    title: Title
    licenses: Mapping[KeyUri, KeptKey]
    begun: float | None
    frames: Sequence[Frames] | None

    @property
    def keys(self) -> Keys:
        """The content keys."""
        return {key: kept.content for key, kept in self.licenses.items()}

    @property
    def expires(self) -> float | None:
        """Until when playback may begin; None: for ever."""
        ends = [end for kept in self.licenses.values() if (end := kept.end(self.begun)) is not None]
        return min(ends, default=None)

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

    Raises `KeyNotPersistent` unless every license allows it, `NoKeptTitle` for a live title.
    """
    title = grants[0].title
    for grant in grants:
        _check_persistent(grant)
    if title.live:
        fix = "keep it when it has ended"
        raise NoKeptTitle(step=Step.ANSWER_WITH_CKC, expected="a title that is whole", found="a live one", fix=fix)
    name = name_of(title)
    licenses = {grant.key: _kept_key(grant) for grant in grants}
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
    value = {
        "format": FORMAT,
        "version": VERSION,
        "url": title.url,
        "renditions": [_as_json(one.playlist) for one in kept_title.renditions],
        "frames": frames,
    }
    _write(folder / FILE, json.dumps(value, indent=1).encode())
    kept_one = KeptTitle(name, folder, kept_title, licenses, None, frames)
    _write_licenses(kept_one, seed)
    return kept_one


def load(state: Path, seed: str, name: str | None, now: float) -> KeptTitle:
    """Return a kept title (None: the only one) if its keys are good at `now`; no server is asked.

    `name` may leave out what stands behind the last hyphen. Raises `NoKeptTitle`, also for one of another device, and
    StoredKeyExpired.
    """
    kept = find(state, seed, name)
    what = "rental of the kept key" if kept.begun is None else "time to play of the kept key"
    check_end(now, kept.expires, StoredKeyExpired, what, "renew its license (fps-emulator renew), or keep it again")
    return kept


def find(state: Path, seed: str, name: str | None) -> KeptTitle:
    """Return a kept title, expired or not."""
    folder = _find(state, name)
    try:
        value = parse_json((folder / FILE).read_bytes())
        if (value["format"], value["version"]) != (FORMAT, VERSION) or not value["renditions"]:
            raise ValueError("no title of this format")
        secret = _unseal(seed, folder.name, (folder / LICENSES).read_text())
        by_uri = {uri: KeyUri(uri, KeyMode.ENTITLEMENT, one["content_id"]) for uri, one in secret["keys"].items()}
        licenses = {by_uri[uri]: _license(one) for uri, one in secret["keys"].items()}
        renditions = tuple(_from_json(one, by_uri, folder) for one in value["renditions"])
        title = Title(str(value["url"]), tuple(licenses), renditions)
        return KeptTitle(folder.name, folder, title, licenses, secret["begun"], value["frames"])
    except InvalidTag:
        raise _none("a title kept by this device", "one of another device, or altered", folder) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _none("a whole title", f"a damaged one ({type(error).__name__})", folder) from None


def begin(kept: KeptTitle, seed: str, now: float) -> KeptTitle:
    """Note that a kept title is played, for the first time or again: of dual expiry the second end counts from then."""
    if kept.begun is not None:
        return kept
    begun = replace(kept, begun=now)
    _write_licenses(begun, seed)
    return begun


def renew(client: Client, cookie: str, state: Path, name: str | None) -> KeptTitle:
    """Get new licenses for a kept title, without its playlist: steps 6 to 13 for each key. What was begun begins anew.

    Raises `NotRenewable` for a key that came with a token of its own, and what getting a license raises.
    """
    kept = find(state, client.device.seed, name)
    session = client.device.random(8)
    licenses = {}
    for key in kept.licenses:
        if key.content_id is None:
            raise NotRenewable(
                step=Step.ASK_TO_PLAY,
                expected="a content id to ask SEES for",
                found="a key line that had a token in it",
                fix="play it from its playlist again, with --state",
            )
        grant = get_license(client, kept.title, key, cookie, session=session)
        _check_persistent(grant)
        licenses[key] = _kept_key(grant)
    renewed = replace(kept, licenses=licenses, begun=None)
    _write_licenses(renewed, client.device.seed)
    return renewed


def play_kept(kept: KeptTitle, *, still: bool = False, seconds: float | None = None) -> Screening:
    """Play a kept title, from the device alone; `seconds` is how much of it (None: all)."""
    timeline = Timeline(kept.title, lambda one: one.playlist, lambda _: None, seconds)
    return show(timeline, kept.fetch, kept.keys.get, kept.frames, still=still)


def _check_persistent(grant: Grant) -> None:
    if not may_persist(grant):
        raise KeyNotPersistent(
            step=Step.ANSWER_WITH_CKC,
            expected="a license with a persistent key",
            found="one that is for this playback only",
            fix="set persistent = true for the title in the catalog",
        )


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
            None if one["key"] is None else keys[one["key"]],
            float(one["seconds"]),
        )
        for one in value["segments"]
    )
    return Rendition(MediaPlaylist(str(value["url"]), float(value["target"]), True, segments), {})


def _kept_key(grant: Grant) -> KeptKey:
    dual = grant.license.offline_key is not None
    content_id = grant.key.content_id if grant.key.mode is KeyMode.ENTITLEMENT else None
    return KeptKey(grant.license.content, content_id, rental_end(grant), dual, playback_seconds(grant))


def _write_licenses(kept: KeptTitle, seed: str) -> None:
    secret = {
        "keys": {
            key.uri: {
                "content_id": one.content_id,
                "key": one.content.key.hex(),
                "iv": one.content.iv.hex(),
                "begin_by": one.begin_by,
                "dual": one.dual,
                "playback": one.playback,
            }
            for key, one in kept.licenses.items()
        },
        "begun": kept.begun,
    }
    _write(kept.folder / LICENSES, _seal(seed, kept.name, secret).encode())


def _license(value: dict[str, Any]) -> KeptKey:
    content = ContentKey(bytes.fromhex(value["key"]), bytes.fromhex(value["iv"]))
    return KeptKey(content, value["content_id"], value["begin_by"], value["dual"], value["playback"])


def _find(state: Path, name: str | None) -> Path:
    kept = sorted(file.parent for file in state.glob(f"*/{FILE}"))
    matching = [folder for folder in kept if name in (None, folder.name, folder.name.rpartition("-")[0])]
    if len(matching) == 1:
        return matching[0]
    found = ", ".join(folder.name for folder in (matching or kept)) or "none"
    expected = f"one title {name!r}" if name else "one kept title, or --title to choose"
    raise _none(expected, found, state, "name one of these with --title" if kept else _KEEP)


def _none(expected: str, found: str, place: Path, fix: str = _KEEP) -> NoKeptTitle:
    return NoKeptTitle(expected=f"{expected} in {place}", found=found, fix=fix)


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
