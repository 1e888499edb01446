"""Targets of scripts/fuzz in the player: key URIs, playlists, and whole titles as a hostile web server gives them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice

from flask import Flask, Response
from fuzz_target import Target

from emulator.errors import EmulatorError
from emulator.hls import MAX_SEGMENTS, parse_playlist
from emulator.key_uri import DEFAULT_RULE, KeyMode, check_content_id, parse_key_uri, parse_rule
from emulator.parties import WEB_SERVER
from emulator.timeline import Timeline
from emulator.title import ALL_VARIANTS, Reading, load_title, reload
from emulator.transport import Web
from hosting.serving import running
from server.catalog import CONTENT

URL = "http://127.0.0.1:1/titles/film/video.m3u8"
RULES = (DEFAULT_RULE, *map(parse_rule, ("host", "path", "query:id", "all")))
KEY_URIS = (
    b"skd://host?cid=a-film",
    b"skd:a-film",
    b"skd://fp.service.expressplay.com/hms/fp/rights/?ExpressPlayToken=AQAAAQ&cid=a-film",
    b"skd://c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d:0123456789abcdef0123456789abcdef",
)
MEDIA = b"""#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DEFINE:NAME="v",VALUE="b"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{$v}",KEYFORMAT="com.apple.streamingkeydelivery"
#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"
#EXTINF:4.0,
#EXT-X-BYTERANGE:10@100
a.mp4
#EXT-X-DISCONTINUITY
#EXT-X-GAP
#EXTINF:2,
#EXT-X-BYTERANGE:10
a.mp4
"""
MASTER = b"""#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",DEFAULT=YES,URI="media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.42",AUDIO="a"
media.m3u8
"""
READ_AS = (Reading(), Reading(variant=ALL_VARIANTS), Reading(content_id="a-film"))
READINGS = 2
"""Times that the server gives a live playlist with something new in it."""


def read_any_key_uri(data: bytes) -> None:
    """A key URI is understood by each rule, or refused; a content id that comes of it is one."""
    text = data.decode("utf-8", "surrogateescape")
    for rule in RULES:
        with suppress(EmulatorError):
            key = parse_key_uri(text, rule)
            if key.content_id is not None:
                check_content_id(key.content_id)
            if key.mode is KeyMode.DIRECT:
                assert key.license_url("http").startswith("http://")


def read_any_playlist(data: bytes) -> None:
    """A playlist is read, or refused with a typed error."""
    with suppress(EmulatorError):
        parse_playlist(data.decode("utf-8", "replace"), URL)


class _Server:
    """A web server with a master playlist and a media playlist that grows: the two halves of an input."""

    def __init__(self) -> None:
        self.master = self.media = b""
        self.asked = 0
        self.app = Flask("titles")
        self.app.add_url_rule("/master.m3u8", view_func=lambda: Response(self.master))
        self.app.add_url_rule("/media.m3u8", view_func=self._give_media)

    def put(self, data: bytes) -> None:
        """Take an input: what is in front of a NUL is the master playlist, the rest the media playlist."""
        self.master, _, self.media = data.partition(b"\0")
        self.asked = 0

    def _give_media(self) -> Response:
        self.asked += 1
        return Response(self.media + b"#EXTINF:1,\nb.mp4\n" * min(self.asked, READINGS))


@contextmanager
def title_target() -> Iterator[Target]:
    """Yield the target of whole titles: loaded, and played through to their last segment, whatever is served."""
    server = _Server()
    with running(server.app) as url:
        web = Web()

        def play(reading: Reading) -> None:
            title = load_title(web, f"{url}/master.m3u8", party=WEB_SERVER, reading=reading)
            again = partial(reload, web, title, reading=reading)
            turns = Timeline(title, again, pause=lambda _: None, seconds=60)
            most = 2 * MAX_SEGMENTS
            assert len(list(islice(turns, most))) < most

        def serve(data: bytes) -> None:
            server.put(data)
            with suppress(EmulatorError):
                play(READ_AS[len(data) % len(READ_AS)])

        try:
            samples = (MASTER + b"\0" + MEDIA, MASTER + b"\0" + MEDIA + b"#EXT-X-ENDLIST\n", MEDIA)
            yield Target(serve, samples)
        finally:
            web.close()


KEY_URI = Target(read_any_key_uri, KEY_URIS)
PLAYLIST = Target(read_any_playlist, (*(path.read_bytes() for path in sorted(CONTENT.glob("*/*.m3u8"))), MEDIA, MASTER))
