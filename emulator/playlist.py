"""HLS playlists as the player reads them: a master, its video and audio, and the one FairPlay key line in each.

The parsing functions are pure; `load_title` fetches. Relative URIs are resolved against the playlist's own URL.
"""

from dataclasses import dataclass
from typing import Any

from emulator.errors import BadKeyUri, BadPlaylist
from emulator.key_uri import KeyUri, parse_key_uri
from emulator.transport import SEES, Party, Web

KEY_FORMAT = "com.apple.streamingkeydelivery"
KEY_METHOD = "SAMPLE-AES"


@dataclass(frozen=True)
class Master:
    """The choice a master playlist offers; this player takes the first variant and its audio rendition."""

    video_url: str
    audio_url: str | None


@dataclass(frozen=True)
class Rendition:
    """One media playlist: the URLs of its init segment and segments, in order, and its key URI (None: clear)."""

    url: str
    init_url: str | None
    segment_urls: tuple[str, ...]
    key: KeyUri | None


@dataclass(frozen=True)
class Title:
    """A playable title. `key` is what a license must be got for; all renditions share it."""

    url: str
    key: KeyUri
    video: Rendition
    audio: Rendition | None


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
    maps = {str(part.absolute_uri) for part in playlist.segment_map}
    if len(maps) > 1:
        raise _bad(url, "one EXT-X-MAP", f"{len(maps)}", "package the title in one period")
    return Rendition(
        url=url,
        init_url=maps.pop() if maps else None,
        segment_urls=tuple(str(segment.absolute_uri) for segment in playlist.segments),
        key=_key([key for key in playlist.keys if key is not None], url),
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
        return Title(url=url, key=_shared_key(url, video, audio or None), video=video, audio=audio or None)
    except (BadPlaylist, BadKeyUri) as error:
        error.step = step
        raise


def _shared_key(url: str, video: Rendition, audio: Rendition | None) -> KeyUri:
    keys = {rendition.key for rendition in (video, audio) if rendition is not None}
    if keys == {None}:
        found = f"no EXT-X-KEY with KEYFORMAT={KEY_FORMAT}"
        raise _bad(url, "an encrypted title", found, "play a clear title with any other player")
    if len(keys) != 1 or (key := keys.pop()) is None:
        raise _bad(url, "one key for video and audio", f"{len(keys)}", "package both under one content id")
    return key


def _fetch(web: Web, url: str, step: int, party: Party) -> str:
    answer = web.get(party, url, step=step, expected="a playlist")
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{answer.body[error.start]:02x} at {error.start}"
        raise _bad(url, "a playlist in UTF-8", found, "check the address of the playlist") from None


def _key(keys: list[Any], url: str) -> KeyUri | None:
    ours = [key for key in keys if (key.keyformat or "").lower() == KEY_FORMAT]
    others = [key for key in keys if key not in ours and key.method != "NONE"]
    if others and not ours:
        found = f"METHOD={others[0].method}, KEYFORMAT={others[0].keyformat or 'identity'}"
        raise _bad(url, f"a key line with KEYFORMAT={KEY_FORMAT}", found, "package the title for FairPlay")
    uris = {key.uri for key in ours}
    if len(uris) > 1:
        raise _bad(url, "one FairPlay key", f"{len(uris)}", "package the title in one key period")
    for key in ours:
        if key.method != KEY_METHOD:
            raise _bad(url, f"METHOD={KEY_METHOD}", f"METHOD={key.method}", "package the title for FairPlay")
    return parse_key_uri(uris.pop() or "") if uris else None


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
