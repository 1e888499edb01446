"""The rotation title as a live one: three windows, a new one at each reading, the second key in the last two."""

import itertools
from collections.abc import Callable, Iterator

from title_server import TitleServer, text


def windows(kind: str) -> list[str]:
    """Three windows of the rotation title as a live one: the second key is in the last two, the end in the last."""
    lines = text(f"rotation/{kind}.m3u8").replace("#EXT-X-PLAYLIST-TYPE:VOD\n", "").replace("DURATION:2", "DURATION:1")
    head, first, second = lines.split("#EXT-X-MAP")[0], *("#EXT-X-MAP" + part for part in lines.split("#EXT-X-MAP")[1:])
    first = first.replace("#EXT-X-DISCONTINUITY\n", "")
    cut = second.index(f"{kind}-key2-1.m4s\n") + len(f"{kind}-key2-1.m4s\n")
    return [
        head + first,
        head + first + "#EXT-X-DISCONTINUITY\n" + second[:cut],
        head + f"#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n{second}",
    ]


def live(change: Callable[[str], str] = str) -> TitleServer:
    """Serve the windows, each playlist changed by `change`."""

    def shown(kind: str) -> Iterator[str]:
        three = [change(window) for window in windows(kind)]
        return itertools.chain(three, itertools.repeat(three[-1]))

    video, audio = shown("video"), shown("audio")
    return TitleServer({"rotation/video.m3u8": lambda: next(video), "rotation/audio.m3u8": lambda: next(audio)})
