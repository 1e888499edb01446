"""The memory that a title takes: a player holds the segment that it plays, not those that it has played."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from real_services import services
from title_server import TitleServer, committed, serving, text

from emulator.cli import main

FEW, MANY = 4, 16
SEGMENT = 8 * 1024 * 1024
"""Bytes of each. Those that MANY has more than FEW would be 96 MiB, beside the 120 or so that the program takes."""
AND_SAY_THE_PEAK = """
import atexit, pathlib
from emulator.cli import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print("\\n", next(line for line in status.read_text().splitlines() if "VmHWM" in line)))
main()
"""


def large_title(segments: int) -> TitleServer:
    """The film's picture, its first segment again and again, each time with padding behind it (box `free`)."""
    start, _, first = text("film/video.m3u8").rpartition("#EXTINF")[0].partition("#EXTINF")
    entry = "#EXTINF" + first.partition("#EXTINF")[0]
    media = committed("film/video-1.m4s")
    padding = (SEGMENT - len(media)).to_bytes(4, "big") + b"free"
    return TitleServer(
        {
            "film/master.m3u8": '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.64001f"\nvideo.m3u8\n',
            "film/video.m3u8": start + entry * segments + "#EXT-X-ENDLIST\n",
            "film/video-1.m4s": (media + padding).ljust(SEGMENT, b"\0"),
            "film/frames.json": "none",
        }
    )


def peak(segments: int, options: tuple[str, ...]) -> int:
    """Play a title of so many segments in a process of its own; returns its peak of memory in KiB."""
    with serving(large_title(segments)) as server:
        command = [sys.executable, "-c", AND_SAY_THE_PEAK, "play", f"{server.url}/film/master.m3u8", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert server.paths().count("film/video-1.m4s") > segments
    assert "Played: all" in done.stdout, done.stderr
    return int(done.stdout.split()[-2])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
def test_four_times_the_segments_take_no_more_memory() -> None:
    with services() as (sees, expressplay):
        where = ("--sees", sees, "--expressplay", expressplay)
        assert CliRunner().invoke(main, ["register", *where]).exit_code == 0
        few, many = peak(FEW, where), peak(MANY, where)
    assert many < 1.2 * few
