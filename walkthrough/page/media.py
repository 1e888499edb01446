"""A title as a browser's decoder needs it: codecs, files by key period, and the key id of each period."""

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from emulator.containers import key_ids
from emulator.errors import BadPlaylist
from emulator.key_uri import KeyUri
from emulator.offered_titles import Offer
from emulator.parties import SEES
from emulator.step import at_step
from emulator.title import Rendition, load_title
from emulator.transport import MAX_MEDIA, Web
from fairplay.spc import SpcContents
from simulation.steps import Step
from walkthrough.page.page_requests import Unusable

TYPES = {".mp4": "video/mp4", ".m4s": "video/mp4", ".m3u8": "application/vnd.apple.mpegurl"}
"""What the page hands on of a title, by suffix, and as what. Never as what SEES calls it: a foreign SEES could call a
file a page, whose script would run as this page's own."""
SANDBOXED = "default-src 'none'; sandbox"
"""The policy of such files, should somebody open one by itself."""
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Period:
    """One key period of a track: its init segment and segments as `<title>/<name>`, its key and key id (hex)."""

    init: str
    segments: tuple[str, ...]
    key: KeyUri | None
    kid: str


@dataclass(frozen=True)
class Track:
    """One track: MIME type with codec, and its periods in playing order."""

    mime: str
    parts: tuple[Period, ...]


def describe_tracks(web: Web, offer: Offer) -> tuple[Track, ...]:
    """Return the video track and, if there is one, the audio track of a title of SEES."""
    with at_step(Step.READ_DUMMY):
        title = load_title(web, offer.master_url)
        master = web.get(SEES, offer.master_url, expected="a master playlist").body.decode()
    codecs = re.search(r'CODECS="([^"]*)"', master)
    kinds = {codec.split(".")[0]: codec for codec in map(str.strip, (codecs[1] if codecs else "").split(","))}
    video, audio = kinds.get("avc1", ""), kinds.get("mp4a", "")
    types = (f'video/mp4; codecs="{video}"', f'audio/mp4; codecs="{audio}"')
    return tuple(
        Track(mime, _parts(web, offer.title, rendition))
        for mime, rendition in zip(types, title.renditions, strict=False)
    )


def fetch_file(web: Web, sees: str, title: str, file: str) -> bytes:
    """Fetch one file of a title for the browser, which talks to the page's own host only. Raises `EmulatorError`."""
    if not NAME.fullmatch(title) or not NAME.fullmatch(file):
        raise Unusable("expected the name of a title and of a file of it")
    with at_step(Step.ANSWER_WITH_CKC):
        address = f"{sees}/titles/{title}/{file}"
        return web.get(SEES, address, expected=f"the file {file}", most=MAX_MEDIA).body


def track_as_json(track: Track) -> dict[str, Any]:
    """Return a track as the browser's decoder wants it."""
    parts = [
        {"init": part.init, "segments": part.segments, "key": part.key and part.key.uri, "kid": part.kid}
        for part in track.parts
    ]
    return {"mime": track.mime, "parts": parts}


def as_license(ckc: bytes, contents: SpcContents, key: str) -> dict[str, Any]:
    """Return a CKC as fairplay-eme.js opens it: with the message keys (hex) of the device whose SPC it answers.

    `key` is the key URI of the parts that it is for.
    """
    keys = {
        "sk": contents.block.sk.hex(),
        "r1": contents.block.r1.hex(),
        "anti_replay_seed": contents.anti_replay_seed.hex(),
    }
    return {"ckc": base64.b64encode(ckc).decode(), "device_keys": keys, "key": key}


def _parts(web: Web, name: str, rendition: Rendition) -> tuple[Period, ...]:
    base = urljoin(rendition.playlist.url, ".")
    parts = []
    for period in rendition.periods:
        if period.map is None:
            raise BadPlaylist(
                expected=f"an init segment (EXT-X-MAP) at {rendition.playlist.url}",
                found="none",
                fix="package the title as fragmented MP4",
            )
        with at_step(Step.ANSWER_WITH_CKC):
            init = web.get(SEES, period.map.url, expected="an init segment", most=MAX_MEDIA).body
        urls = (period.map.url, *(segment.place.url for segment in period.segments))
        files = [f"{name}/{url.removeprefix(base)}" for url in urls]
        parts.append(Period(files[0], tuple(files[1:]), period.key, next(iter(key_ids(init)), "")))
    return tuple(parts)
