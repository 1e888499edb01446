"""HLS playlists, parsed (RFC 8216bis): a master playlist with its choice, a media playlist with its segments.

Pure: text in, dataclasses out. One pass, linear in the text, with bounds on what it may hold. Addresses come out
absolute. Of the key lines only FairPlay's count; each applies to the segments after it, until the next one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from emulator.attribute_list import Attributes, parse_attributes
from emulator.errors import BadPlaylist
from emulator.key_uri import KeyUri, parse_key_uri
from emulator.urls import join_url, without_query

KEY_FORMAT = "com.apple.streamingkeydelivery"
KEY_METHOD = "SAMPLE-AES"
MAX_PLAYLIST = 4 * 1024 * 1024
"""Characters of a playlist, its variables substituted; a day of segments of four seconds takes 2 MB."""
MAX_ADDRESSES = 4 * MAX_PLAYLIST
"""Characters of all addresses of a playlist: each repeats the path of the playlist. 335 for each of 50,000 segments."""
MAX_SEGMENTS = 50_000
MAX_KEYS = 256
"""Different keys of one playlist, since a player asks for all keys that it sees."""
MAX_TARGET = 3600.0
"""Seconds of a live playlist's target duration: as long is waited before it is read again."""
_VARIABLE = re.compile(r"\{\$([A-Za-z0-9_-]+)\}")
_RANGE = re.compile(r"(\d{1,15})(?:@(\d{1,15}))?")

ReadKey = Callable[[str], KeyUri]


@dataclass(frozen=True)
class Place:
    """Where bytes are: a file, or `length` bytes of it from `offset` (both None: all of it)."""

    url: str
    offset: int | None = None
    length: int | None = None


@dataclass(frozen=True)
class Segment:
    """One media segment. `number` is its media sequence number, `run` that of its discontinuity, `seconds` its length.

    `map` is where its init segment is (None: it needs none), `key` None where it is clear. A `gap` is not to be
    fetched.
    """

    number: int
    run: int
    place: Place
    map: Place | None
    key: KeyUri | None
    seconds: float
    gap: bool = False


@dataclass(frozen=True)
class MediaPlaylist:
    """One reading of a media playlist. `target` is the target duration in seconds; `ended`: no segment will follow."""

    url: str
    target: float
    ended: bool
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Variant:
    """One variant of a master playlist; `video` is what its attributes say, None where they say nothing."""

    url: str
    audio_group: str | None
    video: bool | None


@dataclass(frozen=True)
class Audio:
    """An audio rendition with a playlist of its own; `rank` orders a group: DEFAULT first, then AUTOSELECT."""

    url: str
    group: str
    rank: int


@dataclass(frozen=True)
class Master:
    """The choice that a master playlist offers, and the keys that it announces (EXT-X-SESSION-KEY).

    `variables` are those that a media playlist may import.
    """

    url: str
    variants: tuple[Variant, ...]
    audio: tuple[Audio, ...]
    session_keys: tuple[KeyUri, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def parse_playlist(
    text: str, url: str, read_key: ReadKey = parse_key_uri, imported: Mapping[str, str] | None = None
) -> Master | MediaPlaylist:
    """Parse a playlist that was read at `url`. Raises `BadPlaylist`, or `BadKeyUri` for a key URI that is none.

    `BadAddress` is that of an address that is too long. `read_key` understands key URIs; `imported` are the variables
    of the master playlist.
    """
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        shape = "an HTML page" if text.lstrip()[:1] == "<" else repr(text[:20])
        raise bad_playlist(url, "a playlist, which begins with #EXTM3U", shape, "check the address of the playlist")
    reader = _Reader(url, read_key, dict(imported or {}))
    for line in _lines(text, url):
        reader.take(reader.substitute(line))
    return reader.master() if reader.variants else reader.media()


def bad_playlist(url: str, expected: str, found: str, fix: str) -> BadPlaylist:
    """Return the error of a playlist; its address is shown without its query."""
    return BadPlaylist(expected=expected, found=f"{found} at {without_query(url)[:200]}", fix=fix)


def _lines(text: str, url: str) -> Iterator[str]:
    if len(text) > MAX_PLAYLIST:
        raise bad_playlist(
            url, f"a playlist of at most {MAX_PLAYLIST} characters", f"{len(text)}", "shorten the window"
        )
    # Not splitlines(): it breaks at characters that may be part of a name. RFC 8216bis: LF or CRLF.
    return (line for raw in text.lstrip("\ufeff").split("\n") if (line := raw.strip()))


class _Reader:
    """What has been read so far of one playlist: the state that later lines depend on."""

    def __init__(self, url: str, read_key: ReadKey, imported: Mapping[str, str]) -> None:
        self.url, self.read_key, self.imported = url, read_key, imported
        self.variables: dict[str, str] = {}
        self.variants: list[Variant] = []
        self.audio: list[Audio] = []
        self.groups: set[str] = set()
        """Audio groups that were named, also those whose sound is in the variants' own segments."""
        self.session_keys: list[KeyUri] = []
        self.segments: list[Segment] = []
        self.keys: dict[str, KeyUri] = {}
        self.other_keys: list[str] = []
        self.target, self.number, self.run = 0.0, 0, 0
        self.ended, self.parts = False, 0
        self.map: Place | None = None
        self.key: KeyUri | None = None
        self.characters, self.addressed = 0, 0
        self._begin_segment()
        self.stream: Attributes | None = None

    def _begin_segment(self) -> None:
        self.seconds, self.range, self.gap = 0.0, "", False

    def substitute(self, line: str) -> str:
        """Put the values of EXT-X-DEFINE in the place of `{$name}`."""
        self._count(len(line))
        return _VARIABLE.sub(self._value, line) if "{$" in line else line

    def _count(self, characters: int) -> None:
        self.characters += characters
        if self.characters > MAX_PLAYLIST:
            raise self.bad(f"at most {MAX_PLAYLIST} characters with variables", "more", "shorten its variables")

    def _value(self, match: re.Match[str]) -> str:
        if match[1] not in self.variables:
            raise self.bad("an EXT-X-DEFINE for each variable", f"none for {match[1][:40]}", "define it")
        value = self.variables[match[1]]
        # Counted before it is put in: one line may use a long value a million times.
        self._count(len(value) - len(match[0]))
        return value

    def take(self, line: str) -> None:
        """Read one line."""
        if not line.startswith("#"):
            self._uri(line)
            return
        tag, _, value = line.partition(":")
        match tag:
            case "#EXTINF":
                self.seconds = self._number(value.partition(",")[0], tag)
            case "#EXT-X-BYTERANGE":
                self.range = value
            case "#EXT-X-GAP":
                self.gap = True
            case "#EXT-X-DISCONTINUITY":
                self.run += 1
            case "#EXT-X-KEY":
                self._key(parse_attributes(value))
            case "#EXT-X-MAP":
                self._map(parse_attributes(value))
            case "#EXT-X-PART":
                self.parts += 1
            case "#EXT-X-ENDLIST":
                self.ended = True
            case "#EXT-X-PLAYLIST-TYPE":
                self.ended |= value.strip() == "VOD"
            case "#EXT-X-TARGETDURATION":
                self.target = self._number(value, tag)
            case "#EXT-X-MEDIA-SEQUENCE":
                self.number = int(self._number(value, tag))
            case "#EXT-X-DISCONTINUITY-SEQUENCE":
                self.run = int(self._number(value, tag))
            case "#EXT-X-DEFINE":
                self._define(parse_attributes(value))
            case "#EXT-X-STREAM-INF":
                self.stream = parse_attributes(value)
            case "#EXT-X-MEDIA":
                self._media(parse_attributes(value))
            case "#EXT-X-SESSION-KEY":
                key = self._fairplay_key(parse_attributes(value))
                self.session_keys += [key] if key else []

    def _uri(self, line: str) -> None:
        address = self._address(line)
        if self.stream is not None:
            self.variants.append(_variant(address, self.stream))
            self.stream = None
            return
        place = self._place(address, self.range, self.segments[-1].place if self.segments else None)
        self.segments.append(
            Segment(self.number, self.run, place, self.map, self.key, self.seconds or self.target, self.gap)
        )
        if len(self.segments) > MAX_SEGMENTS:
            raise self.bad(f"at most {MAX_SEGMENTS} segments", "more", "shorten the window")
        self.number += 1
        self._begin_segment()

    def _address(self, reference: str) -> str:
        address = join_url(self.url, reference)
        self.addressed += len(address)
        if self.addressed > MAX_ADDRESSES:
            fix = "shorten the path of the playlist, or the window"
            raise self.bad(f"at most {MAX_ADDRESSES} characters of addresses", "more", fix)
        return address

    def _place(self, url: str, text: str, before: Place | None = None) -> Place:
        if not text:
            return Place(url)
        match = _RANGE.fullmatch(text.strip())
        if match and match[2] is None and before and before.url == url and before.length is not None:
            return Place(url, (before.offset or 0) + before.length, int(match[1]))
        if not match or int(match[1]) == 0 or (match[2] is None and before):
            fix = "write <length>@<offset>; without an offset it follows the range before, of the same file"
            raise self.bad("a byte range <length>@<offset>", repr(text[:40]), fix)
        return Place(url, int(match[2] or 0), int(match[1]))

    def _map(self, attributes: Attributes) -> None:
        if "URI" not in attributes:
            raise self.bad("an EXT-X-MAP with a URI", "one without", "package the title again")
        self.map = self._place(self._address(attributes["URI"]), attributes.get("BYTERANGE", ""))

    def _key(self, attributes: Attributes) -> None:
        if attributes.get("METHOD") == "NONE":
            self.key = None
        elif key := self._fairplay_key(attributes):
            self.key = key

    def _fairplay_key(self, attributes: Attributes) -> KeyUri | None:
        method, key_format = attributes.get("METHOD", ""), attributes.get("KEYFORMAT", "identity")
        if key_format.lower() != KEY_FORMAT:
            self.other_keys.append(f"METHOD={method[:40]}, KEYFORMAT={key_format[:80]}")
            return None
        if method != KEY_METHOD:
            found = f"METHOD={method[:40]}"
            raise self.bad(f"METHOD={KEY_METHOD}", found, "package the title for FairPlay, with the scheme cbcs")
        versions = attributes.get("KEYFORMATVERSIONS", "1")
        if "1" not in versions.split("/"):
            found = f"KEYFORMATVERSIONS={versions[:40]!r}"
            raise self.bad("KEYFORMATVERSIONS with a 1 in it", found, 'write KEYFORMATVERSIONS="1", or leave it out')
        uri = attributes.get("URI", "")
        if uri not in self.keys:
            if len(self.keys) == MAX_KEYS:
                raise self.bad(f"at most {MAX_KEYS} keys", "more", "package the title with longer key periods")
            self.keys[uri] = self.read_key(uri)
        return self.keys[uri]

    def _define(self, attributes: Attributes) -> None:
        if "NAME" in attributes:
            self.variables[attributes["NAME"]] = attributes.get("VALUE", "")
            return
        name = attributes.get("IMPORT") or attributes.get("QUERYPARAM") or ""
        known = self.imported if "IMPORT" in attributes else self._query
        if name not in known:
            found = f"none for {name[:40]!r}"
            raise self.bad("a value for each EXT-X-DEFINE", found, "define it in the master playlist or the query")
        self.variables[name] = known[name]

    @cached_property
    def _query(self) -> Attributes:
        return dict(parse_qsl(urlsplit(self.url).query))

    def _media(self, attributes: Attributes) -> None:
        if attributes.get("TYPE") == "AUDIO":
            self.groups.add(attributes.get("GROUP-ID", ""))
        if attributes.get("TYPE") == "AUDIO" and attributes.get("URI"):
            rank = 0 if attributes.get("DEFAULT") == "YES" else 1 if attributes.get("AUTOSELECT") == "YES" else 2
            self.audio.append(Audio(self._address(attributes["URI"]), attributes.get("GROUP-ID", ""), rank))

    def _number(self, text: str, tag: str) -> float:
        if not re.fullmatch(r"\s*\d{1,12}(\.\d{0,12})?\s*", text):
            raise self.bad(f"a number behind {tag}", repr(text[:40]), "validate the playlist")
        return float(text)

    def bad(self, expected: str, found: str, fix: str) -> BadPlaylist:
        """Return the error of this playlist."""
        return bad_playlist(self.url, expected, found, fix)

    def master(self) -> Master:
        """Return what has been read as a master playlist."""
        for variant in self.variants:
            if variant.audio_group is not None and variant.audio_group not in self.groups:
                found = f"AUDIO={variant.audio_group[:40]!r} with no such EXT-X-MEDIA"
                raise self.bad("an EXT-X-MEDIA for the variant's audio group", found, "add it or drop AUDIO=")
        groups = {audio.group for audio in self.audio}
        # A group without a playlist of its own means that the sound is in the variant's segments.
        variants = [one if one.audio_group in groups else replace(one, audio_group=None) for one in self.variants]
        return Master(
            self.url, tuple(variants), tuple(self.audio), tuple(dict.fromkeys(self.session_keys)), self.variables
        )

    def media(self) -> MediaPlaylist:
        """Return what has been read as a media playlist."""
        if not self.segments and self.parts:
            found = "parts alone (EXT-X-PART)"
            raise self.bad("a media playlist with whole segments", found, "wait until the first segment is whole")
        if not self.segments:
            raise self.bad("a media playlist with segments", "none", "check that this is no master playlist")
        if self.other_keys and not self.keys:
            fix = "package the title for FairPlay"
            raise self.bad(f"a key line with KEYFORMAT={KEY_FORMAT}", self.other_keys[0], fix)
        if self.target > MAX_TARGET and not self.ended:
            raise self.bad(f"a live target duration up to {MAX_TARGET:g} s", f"{self.target:g}", "shorten the segments")
        return MediaPlaylist(self.url, self.target or 1.0, self.ended, tuple(self.segments))


def _variant(url: str, attributes: Attributes) -> Variant:
    codecs = attributes.get("CODECS", "").lower()
    video = any(codec.strip()[:4] in _VIDEO for codec in codecs.split(",")) if codecs else None
    if video is None and "RESOLUTION" in attributes:
        video = True
    return Variant(url, attributes.get("AUDIO"), video)


_VIDEO = {"avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "dvav", "dva1", "av01", "vp09", "vp08", "mp4v"}
