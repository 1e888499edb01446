"""A title, read from its playlists: what a player would choose of it, and the keys that licenses must be got for.

The choice is a player's: the first variant with video (the first, where none has any) and the best audio rendition of
its group, or what `Reading.variant` says. Relative addresses are resolved against the address that answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from emulator.hls import (
    KEY_FORMAT,
    MAX_KEYS,
    MAX_PLAYLIST,
    Audio,
    Master,
    MediaPlaylist,
    Place,
    Segment,
    Variant,
    bad_playlist,
    parse_playlist,
)
from emulator.key_uri import (
    DEFAULT_RULE,
    ContentIdRule,
    KeyMode,
    KeyUri,
    parse_key_uri,
    with_token_url,
)
from emulator.parties import SEES, Party
from emulator.transport import Web

ALL_VARIANTS = 0
MAX_PLAYLISTS = 128
"""Media playlists of one run: with --variant all 40 variants, say, and sound in 30 languages and three codecs."""
MAX_TITLE_SEGMENTS = 200_000
"""Segments of all of them together: two hours in 50 playlists of two seconds take 180,000, and some 100 MB."""
_NO_KEY_LINE = "add the key line if its segments are encrypted; a clear title plays in any other player"


@dataclass(frozen=True)
class Reading:
    """How to read a title, where the default does not do.

    `rule` says where in a key URI the content id is; `content_id` and `token_url` stand in for what the URI of a title
    with one key says. `variant` counts from 1 (None: as a player chooses, ALL_VARIANTS: all of them).
    `trust_server`: an entitlement server that a key URI names may have the cookie.
    """

    rule: ContentIdRule = DEFAULT_RULE
    content_id: str | None = None
    token_url: str | None = None
    variant: int | None = None
    trust_server: bool = False

    def read_key(self, uri: str) -> KeyUri:
        """Understand a key URI. Raises `BadKeyUri` if it is none."""
        if self.content_id is None and self.token_url is None:
            return parse_key_uri(uri, self.rule)
        key = KeyUri(uri, KeyMode.ENTITLEMENT, self.content_id)
        return key if self.token_url is None else with_token_url(key, self.token_url)


AS_IT_IS = Reading()


@dataclass(frozen=True)
class Period:
    """Segments that play on under one init segment and one key (None: clear), in playing order."""

    map: Place | None
    key: KeyUri | None
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Rendition:
    """One media playlist of the choice, as it was first read. `variables` are those it may import when read again."""

    playlist: MediaPlaylist
    variables: Mapping[str, str]

    @property
    def periods(self) -> tuple[Period, ...]:
        """The runs of segments between discontinuities and changes of init segment or key. Gaps are left out."""
        fetched = (segment for segment in self.playlist.segments if not segment.gap)
        runs = groupby(fetched, key=lambda segment: (segment.run, segment.map, segment.key))
        return tuple(Period(place, key, tuple(run)) for (_, place, key), run in runs)


@dataclass(frozen=True)
class Title:
    """A playable title. `keys` are those to get licenses for before playing, each once, in playing order.

    `notes` say what a person should know of it: a mangled content id, variants that were left out. A title without
    renditions is known by its keys only.
    """

    url: str
    keys: tuple[KeyUri, ...]
    renditions: tuple[Rendition, ...] = ()
    server: Party = SEES
    """Who serves its files."""
    notes: tuple[str, ...] = ()

    @property
    def live(self) -> bool:
        """True if segments may follow those that were read."""
        return any(not rendition.playlist.ended for rendition in self.renditions)


def load_title(web: Web, url: str, *, party: Party = SEES, reading: Reading = AS_IT_IS) -> Title:
    """Fetch the playlists behind `url` (master or media) and return the title."""
    found = _fetch(web, url, party, reading)
    if isinstance(found, MediaPlaylist):
        return _with_keys(Title(found.url, (), (Rendition(found, {}),), party), (), reading)
    chosen = choose(found, reading.variant)
    renditions = _read(web, found, _addresses(found, chosen, every=reading.variant == ALL_VARIANTS), party, reading)
    notes: tuple[str, ...] = ()
    if len(chosen) < len(found.variants):
        count = f"{len(chosen)} of {len(found.variants)} variants' keys were asked for"
        notes = (f"{count}; --variant N or --variant all plays the others",)
    return _with_keys(Title(found.url, (), renditions, party, notes), found.session_keys, reading)


def _read(
    web: Web, master: Master, addresses: tuple[str, ...], party: Party, reading: Reading
) -> tuple[Rendition, ...]:
    if len(addresses) > MAX_PLAYLISTS:
        fix = "name one of its variants with --variant N"
        raise bad_playlist(master.url, f"at most {MAX_PLAYLISTS} playlists to play", f"{len(addresses)}", fix)
    renditions: list[Rendition] = []
    segments = 0
    for address in addresses:
        playlist = _fetch_media(web, address, party, reading, master.variables)
        renditions.append(Rendition(playlist, master.variables))
        segments += len(playlist.segments)
        if segments > MAX_TITLE_SEGMENTS:
            fix = "play fewer variants, or a shorter part"
            raise bad_playlist(address, f"at most {MAX_TITLE_SEGMENTS} segments in all playlists", "more", fix)
    return tuple(renditions)


def reload(web: Web, title: Title, rendition: Rendition, *, reading: Reading) -> MediaPlaylist:
    """Read a media playlist again."""
    return _fetch_media(web, rendition.playlist.url, title.server, reading, rendition.variables)


def choose(master: Master, number: int | None) -> tuple[Variant, ...]:
    """Return the variants to play: `number` counts from 1, None is a player's choice. Raises `BadPlaylist`."""
    variants = master.variants
    if number == ALL_VARIANTS:
        return variants
    if number is None:
        return (next((variant for variant in variants if variant.video), variants[0]),)
    if number > len(variants):
        raise bad_playlist(master.url, f"a variant {number}", f"{len(variants)} variants", "name one of them")
    return (variants[number - 1],)


def _addresses(master: Master, chosen: tuple[Variant, ...], *, every: bool) -> tuple[str, ...]:
    """Return the media playlists to play, each once: the variants', then the best of each audio group or `every`."""
    groups: dict[str, list[Audio]] = {}
    for audio in sorted(master.audio, key=lambda audio: audio.rank):
        groups.setdefault(audio.group, []).append(audio)
    sound: list[str] = []
    for group in dict.fromkeys(variant.audio_group for variant in chosen if variant.audio_group is not None):
        sound += [audio.url for audio in (groups.get(group, []) if every else groups.get(group, [])[:1])]
    return tuple(dict.fromkeys([*(variant.url for variant in chosen), *sound]))


def _with_keys(title: Title, session_keys: tuple[KeyUri, ...], reading: Reading) -> Title:
    """Return the title with its keys, after what the user said about them."""
    shown = [
        segment.key
        for rendition in title.renditions
        # Of a live title only what plays at once: the other keys are asked for when they are met.
        for segment in (rendition.playlist.segments if rendition.playlist.ended else rendition.playlist.segments[:1])
    ]
    keys = tuple(dict.fromkeys(key for key in (*session_keys, *shown) if key))
    if not keys and not title.live:
        found = f"no EXT-X-KEY with KEYFORMAT={KEY_FORMAT}"
        raise bad_playlist(title.url, "an encrypted title", found, _NO_KEY_LINE)
    if len(keys) > MAX_KEYS:
        found, fix = str(len(keys)), "package the title with longer key periods"
        raise bad_playlist(title.url, f"at most {MAX_KEYS} keys", found, fix)
    if len(keys) > 1 and (reading.content_id, reading.token_url) != (None, None):
        fix = "leave out --content-id and --token-url, or play one variant"
        expected = "a title with one key, to take a content id or token for"
        raise bad_playlist(title.url, expected, f"{len(keys)} keys", fix)
    notes = tuple(note for key in keys for note in key.notes)
    servers = sorted({key.server for key in keys if key.server})
    if servers and not reading.trust_server:
        named = ", ".join(repr(server[:80]) for server in servers)
        notes += (f"the playlist names the entitlement server {named}: not asked without --trust-playlist-host",)
    return replace(title, keys=keys, notes=title.notes + notes)


def _fetch_media(web: Web, url: str, party: Party, reading: Reading, imported: Mapping[str, str]) -> MediaPlaylist:
    found = _fetch(web, url, party, reading, imported)
    if isinstance(found, Master):
        raise bad_playlist(url, "a media playlist", "a master playlist", "check the master playlist's addresses")
    return found


def _fetch(
    web: Web, url: str, party: Party, reading: Reading, imported: Mapping[str, str] | None = None
) -> Master | MediaPlaylist:
    answer = web.get(party, url, expected="a playlist", most=MAX_PLAYLIST)
    try:
        text = answer.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"byte 0x{answer.body[error.start]:02x} at {error.start}"
        raise bad_playlist(url, "a playlist in UTF-8", found, "save it as UTF-8, or correct its address") from None
    return parse_playlist(text, answer.final_url, reading.read_key, imported)
