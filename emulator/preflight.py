"""What can be known of a title before a license is spent on it: containers, encryption scheme, codecs, files at all,
and whether one license can do for a key URI."""

from collections.abc import Iterator

from emulator.containers import (
    MP4,
    PACKED,
    NoPyAv,
    PlaybackError,
    container_of,
    group_key_ids,
    has_sample_groups,
    is_encrypted,
    key_ids,
    kinds_in,
    scheme_of,
)
from emulator.errors import PlaybackFailed
from emulator.hls import Segment
from emulator.key_uri import KeyUri
from emulator.title import Rendition, Title
from emulator.transport import MAX_MEDIA, Web
from emulator.urls import without_query
from emulator.verdict import ONE_KEY, Verdict, several_key_ids

START = 65_536
"""Bytes of a segment without an init segment that are looked at."""
MAX_LOOKS = 4096
"""First files that are looked at, of all renditions: one under each init segment and key."""
FAIRPLAY_SCHEME = "cbcs"


def check_media(web: Web, title: Title) -> None:
    """Look at the init segments and the first segment of each rendition.

    Raises `PlaybackFailed` where no license could make it play.
    """
    found: dict[KeyUri, set[str]] = {}
    looks = 0
    for rendition in title.renditions:
        for number, segment in enumerate(_firsts(rendition)):
            looks += 1
            if looks > MAX_LOOKS:
                fix = "package the title with fewer init segments and keys, or play one variant"
                raise _unplayable(rendition, f"at most {MAX_LOOKS} init segments and keys to look at", "more", fix)
            data = _check_first_file(web, title, rendition, segment)
            if number == 0 and segment.map is not None and container_of(data) == MP4:
                _check_segment(web, title, rendition, segment, data)
            if segment.key:
                found.setdefault(segment.key, set()).update(key_ids(data))
            if segment.key and len(found[segment.key]) > 1:
                said = several_key_ids(segment.key.uri, found[segment.key])
                raise _unplayable(rendition, "a key URI for each key", said, ONE_KEY)


def _firsts(rendition: Rendition) -> Iterator[Segment]:
    """Yield the first segment under each init segment and key, of a live title the first of all."""
    seen = set()
    for segment in rendition.playlist.segments:
        if not segment.gap and (segment.map, segment.key) not in seen:
            seen.add((segment.map, segment.key))
            yield segment
            if not rendition.playlist.ended:
                return


def _check_first_file(web: Web, title: Title, rendition: Rendition, first: Segment) -> bytes:
    """Look at a segment's init segment, or the start of a segment that has none; returns what was looked at."""
    place = first.map or first.place
    length = min(START, place.length or START) if first.map is None else place.length
    part = None if length is None else (place.offset or 0, length)
    data = _get(web, title, place.url, part)
    container, scheme = container_of(data), scheme_of(data)
    if container is None:
        raise _unplayable(rendition, "an MP4, a transport stream or packed audio", "media of another form")
    if container == MP4 and first.map is None and b"moov" not in data:
        fix = "give the playlist an EXT-X-MAP"
        raise _unplayable(rendition, "an init segment (EXT-X-MAP)", "fragments without one", fix)
    if container == MP4 and first.key and scheme and scheme != FAIRPLAY_SCHEME:
        fix = f"package the title for FairPlay, with --protection_scheme {FAIRPLAY_SCHEME} or the like"
        raise _unplayable(rendition, f"samples encrypted as {FAIRPLAY_SCHEME}", repr(scheme), fix)
    if has_sample_groups(data):
        raise _in_sample_groups(rendition)
    if container in PACKED or b"moov" in data:
        _check_codecs(data, rendition)
    return data


def _check_segment(web: Web, title: Title, rendition: Rendition, first: Segment, init: bytes) -> None:
    """Look into the first segment of an MP4: an address that has expired and a missing key line show here."""
    place = first.place
    start = _get(web, title, place.url, (place.offset or 0, min(START, place.length or START)))
    if container_of(start) != MP4:
        found = "media of another form" if start else "an empty file"
        raise _unplayable(rendition, "MP4 fragments", found, Verdict.DAMAGED.fix)
    if not group_key_ids(start) <= set(key_ids(init)):
        raise _in_sample_groups(rendition)
    try:
        if not first.key and is_encrypted(init + start):
            found, fix = "none, and encrypted samples", Verdict.NO_KEY.fix
            raise _unplayable(rendition, "an EXT-X-KEY line before the first segment", found, fix)
    except PlaybackError:
        return  # told with more evidence when it plays


def _in_sample_groups(rendition: Rendition) -> PlaybackFailed:
    fix = "package each key period with an init segment of its own"
    return _unplayable(rendition, "a key for each init segment", "keys in sample groups (seig)", fix)


def _get(web: Web, title: Title, url: str, part: tuple[int, int] | None) -> bytes:
    return web.get(title.server, url, expected="the title's media", part=part, most=MAX_MEDIA).body


def _check_codecs(data: bytes, rendition: Rendition) -> None:
    try:
        kinds_in(data)
    except NoPyAv:
        return  # a license can be had without it; who wants pictures is told later
    except PlaybackError as error:
        raise _unplayable(rendition, "media that can be decoded", str(error).rstrip(".")) from None


def _unplayable(rendition: Rendition, expected: str, found: str, fix: str = "") -> PlaybackFailed:
    address = without_query(rendition.playlist.url)[:200]
    return PlaybackFailed(expected=f"{expected} at {address}", found=found, fix=fix or Verdict.UNPLAYABLE.fix)
