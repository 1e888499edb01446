"""HLS playlists as the player reads them: a master, its video and audio, and the key periods of each.

A key line applies to the segments after it, until the next one. The parsing functions are pure; `load_title`
fetches. Relative URIs are resolved against the playlist's own URL.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from emulator.errors import BadKeyUri, BadPlaylist
from emulator.key_uri import KeyUri, parse_key_uri
from emulator.transport import SEES, Party, Web

KEY_FORMAT = "com.apple.streamingkeydelivery"
KEY_METHOD = "SAMPLE-AES"
KEY_LINE = "#EXT-X-KEY:"
MAX_KEYS = 64
"""Keys of one title, since the player asks for all of them at the start."""


@dataclass(frozen=True)
class Master:
    """The choice a master playlist offers; this player takes the first variant and its audio rendition."""

    video_url: str
    audio_url: str | None


@dataclass(frozen=True)
class Period:
    """Segments that play on under one init segment and one key (None: clear). URLs in playing order."""

    init_url: str | None
    segment_urls: tuple[str, ...]
    key: KeyUri | None


@dataclass(frozen=True)
class Rendition:
    """One media playlist, its periods in playing order."""

    url: str
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Title:
    """A playable title. `keys` holds all keys that licenses must be got for, each once, in playing order."""

    url: str
    keys: tuple[KeyUri, ...]
    video: Rendition
    audio: Rendition | None
    server: Party = SEES
    """Who serves its files."""


def parse_master(text: str, url: str) -> Master | None:
    """Parse a master playlist; None if `text` is a media playlist. BadPlaylist if it is neither."""
    playlist = _parse(text, url)
    if not playlist.is_variant:
        return None
    if not playlist.playlists:
        raise _bad(url, "a master playlist with a variant", "none", "package the title again")
    variant = playlist.playlists[0]
    group = variant.stream_info.audio
    audio = [media for media in variant.media if media.type == "AUDIO" and media.uri]
    if group and not audio:
        found = f"AUDIO={group[:40]!r} with no such EXT-X-MEDIA"
        raise _bad(url, "an EXT-X-MEDIA with a URI for the variant's audio group", found, "add it or drop AUDIO=")
    return Master(str(variant.absolute_uri), str(audio[0].absolute_uri) if audio else None)


def parse_media(text: str, url: str) -> Rendition:
    """Parse a media playlist. BadPlaylist for what this player cannot play, BadKeyUri for a key URI that is none."""
    playlist = _parse(text, url)
    if playlist.is_variant or not playlist.segments:
        raise _bad(url, "a media playlist with segments", "none", "check that this is no master playlist")
    if any(segment.byterange for segment in playlist.segments):
        raise _bad(url, "one file per segment", "EXT-X-BYTERANGE", "package with separate segment files")
    _check_keys([key for key in playlist.keys if key is not None], url)
    # The parser keeps the last key line before a segment, of whichever key system that is.
    segments = _parse(_without_other_key_systems(text), url).segments
    return Rendition(url, _periods(segments))


def _periods(segments: Any) -> tuple[Period, ...]:
    """Return the runs of segments between discontinuities and changes of init segment or key."""
    breaks = 0

    def place(segment: Any) -> tuple[int, str | None, str | None]:
        nonlocal breaks
        breaks += bool(segment.discontinuity)
        init = segment.init_section and str(segment.init_section.absolute_uri)
        encrypted = segment.key and segment.key.method != "NONE"
        return breaks, init or None, segment.key.uri or "" if encrypted else None

    return tuple(
        Period(init, tuple(str(segment.absolute_uri) for segment in run), None if key is None else parse_key_uri(key))
        for (_, init, key), run in groupby(segments, key=place)
    )


def load_title(web: Web, url: str, *, step: int, party: Party = SEES) -> Title:
    """Fetch the playlists behind `url` (master or media) and return the title; errors carry `step`."""
    try:
        text = _fetch(web, url, step, party)
        master = parse_master(text, url)
        if master is None:
            video, audio = parse_media(text, url), None
        else:
            video = parse_media(_fetch(web, master.video_url, step, party), master.video_url)
            audio_url = master.audio_url
            audio = audio_url and parse_media(_fetch(web, audio_url, step, party), audio_url)
        return Title(url, _all_keys(url, video, audio or None), video, audio or None, party)
    except (BadPlaylist, BadKeyUri) as error:
        error.step = step
        raise


def _all_keys(url: str, video: Rendition, audio: Rendition | None) -> tuple[KeyUri, ...]:
    periods = [period for rendition in (video, audio) if rendition for period in rendition.periods]
    keys = tuple(dict.fromkeys(period.key for period in periods if period.key))
    if not keys:
        found = f"no EXT-X-KEY with KEYFORMAT={KEY_FORMAT}"
        raise _bad(url, "an encrypted title", found, "play a clear title with any other player")
    if len(keys) > MAX_KEYS:
        raise _bad(url, f"at most {MAX_KEYS} keys", f"{len(keys)}", "package the title with longer key periods")
    return keys


def _fetch(web: Web, url: str, step: int, party: Party) -> str:
    answer = web.get(party, url, step=step, expected="a playlist")
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{answer.body[error.start]:02x} at {error.start}"
        raise _bad(url, "a playlist in UTF-8", found, "check the address of the playlist") from None


def _check_keys(keys: list[Any], url: str) -> None:
    ours = [key for key in keys if (key.keyformat or "").lower() == KEY_FORMAT]
    others = [key for key in keys if key not in ours and key.method != "NONE"]
    if others and not ours:
        found = f"METHOD={others[0].method}, KEYFORMAT={others[0].keyformat or 'identity'}"
        raise _bad(url, f"a key line with KEYFORMAT={KEY_FORMAT}", found, "package the title for FairPlay")
    for key in ours:
        if key.method != KEY_METHOD:
            raise _bad(url, f"METHOD={KEY_METHOD}", f"METHOD={key.method}", "package the title for FairPlay")


def _without_other_key_systems(text: str) -> str:
    def is_other(line: str) -> bool:
        return line.startswith(KEY_LINE) and KEY_FORMAT not in line.lower() and "METHOD=NONE" not in line

    return "\n".join(line for line in text.splitlines() if not is_other(line.strip()))


def _parse(text: str, url: str) -> Any:
    import m3u8  # 40 ms that `explain` and `--help` need not pay

    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        shape = "an HTML page" if text.lstrip()[:1] == "<" else repr(text[:20])
        raise _bad(url, "a playlist, which begins with #EXTM3U", shape, "check the address of the playlist")
    try:
        return m3u8.loads(text, uri=url)
    except Exception as error:  # the parser raises whatever its string handling runs into
        raise _bad(url, "a well-formed playlist", type(error).__name__, "validate the playlist") from None


def _bad(url: str, expected: str, found: str, fix: str) -> BadPlaylist:
    address = url.split("?", 1)[0][:200]
    return BadPlaylist(step=None, expected=expected, found=f"{found} at {address}", fix=fix)
