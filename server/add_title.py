"""Adds a film of one's own to a catalog: makes clear tracks of it, packages them, and writes keys and terms down.

Video that is H.264 or HEVC with 8 bits, and AAC, is taken as it is; everything else is coded anew. Each language of
the film becomes an audio track. Subtitles are left out.
"""

import json
import re
import secrets
import shutil
import tempfile
import tomllib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.catalog import CONTENT, Key, load_catalog, parse_catalog
from server.packaging import (
    FileLayout,
    Heard,
    PackagingError,
    Track,
    TrackKind,
    fingerprints,
    package,
    program,
    run,
    run_ffmpeg,
    write_frames,
)
from simulation.printable import plain

SEGMENT = 4.0
"""Seconds of a segment, at least: each begins with a key frame."""
TOKEN_LIFETIME = 300
"""Seconds."""
AS_IT_IS = ("h264", "hevc")
VIDEO_ANEW = (
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{SEGMENT})"),
    # 4:2:0 has one sample of colour for two by two: an odd row or column goes.
    *("-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"),
)
LISTS_OF_FILES = {"hls": ".m3u8", "dash": ".mpd", "concat": ".ffconcat"}
"""Formats of ffmpeg that name other files, and the endings that say so: in a film's place they would read along."""
DUMMY = "dummy"
LANGUAGE = re.compile(r"[a-z]{2,3}")

Progress = Callable[[str, float], None]
"""Hears what is being done, and how much of it is done, 0 to 1."""


@dataclass(frozen=True)
class Wish:
    """What is to be added: `terms` are fields of a title in the catalog, in seconds or true."""

    film: Path
    catalog: Path
    name: str
    content_id: str | None = None
    """None: a GUID that is made for it."""
    key_per_track: bool = False
    """The content ids are then those above with /VIDEO and /AUDIO at their ends."""
    layout: FileLayout = FileLayout.SEGMENTS
    terms: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The title's id, and the name of its folder."""
        letters = plain(self.name, "NFKD").encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")[:64]


@dataclass(frozen=True)
class _Stream:
    """A stream of the film: its number there, and how ffmpeg is to make a track of it."""

    kind: TrackKind
    number: int
    options: tuple[str, ...]
    language: str = ""


def add_title(wish: Wish, progress: Progress) -> int:
    """Package the film and write it into the catalog; return the size of its files in bytes.

    Nothing is written where something is wrong: PackagingError, or CatalogError.
    """
    if not wish.id:
        raise PackagingError(f"expected a title with letters a-z or digits, found {wish.name!r}. Fix: give --title")
    if not (wish.content_id or "x").isprintable() or '"' in (wish.content_id or "") or not wish.name.isprintable():
        raise PackagingError(
            "expected a content id and a title that a playlist can hold, found a quotation mark or a control character"
        )
    text = _read(wish.catalog)
    folder = wish.catalog.parent / wish.id
    if folder.exists() or wish.id in tomllib.loads(text)["titles"]:
        raise PackagingError(f"expected a new title, found one with the id {wish.id}. Fix: give another --title")
    program("packager")  # to miss it now, and not when the tracks are made
    streams, seconds = _probe(wish.film)
    keys = _new_keys(wish, {stream.kind for stream in streams})
    entry = _as_toml(wish, keys)
    parse_catalog(text + entry)

    def heard(what: str) -> Heard:
        progress(what, 0.0)
        return lambda done: progress(what, done / seconds if seconds else 0.0)

    with tempfile.TemporaryDirectory(prefix="add-title-") as scratch:
        tracks = _clear_tracks(wish, streams, keys, Path(scratch), heard)
        progress("packaging", 0.0)
        packaged = Path(scratch, "packaged")
        package(tracks, packaged, segment=SEGMENT, layout=wish.layout)
        first = {track.kind: track for track in reversed(tracks)}
        frames = {
            kind: fingerprints(kind, track.file, wish.layout, heard(f"fingerprints of {kind}"))
            for kind, track in first.items()
        }
        write_frames(packaged, frames)
        progress("writing", 0.0)
        _publish(wish.catalog, packaged, folder, entry)
    progress("writing", 1.0)
    return sum(file.stat().st_size for file in folder.iterdir())


def _publish(catalog: Path, packaged: Path, folder: Path, entry: str) -> None:
    """Put a title's files beside the catalog, and its entry into it; both, or neither where that is cut short."""
    copies = {folder: packaged}
    if not catalog.exists():
        copies[catalog.parent / DUMMY] = CONTENT / DUMMY
    text = _read(catalog) + entry  # as it is by now: others may have added to it
    parse_catalog(text)
    made: list[Path] = []
    try:
        for target, source in copies.items():
            target.mkdir(parents=True)
            made.append(target)
            for file in source.iterdir():
                shutil.copyfile(file, target / file.name)
        _replace(catalog, text)
    except BaseException as error:
        if not catalog.exists() or catalog.read_text(encoding="utf-8") != text:
            for target in made:
                shutil.rmtree(target)
        if isinstance(error, OSError):
            raise PackagingError(f"cannot write {error.filename2 or error.filename}: {error.strerror}") from None
        raise


def _new_keys(wish: Wish, kinds: set[TrackKind]) -> dict[TrackKind, Key]:
    content_id = wish.content_id or str(uuid.uuid4())
    one = Key(content_id, *(secrets.token_hex(16) for _ in range(3)))
    if not wish.key_per_track:
        return dict.fromkeys(sorted(kinds), one)
    return {
        kind: Key(f"{content_id}/{kind.upper()}", *(secrets.token_hex(16) for _ in range(3)))
        for kind in sorted(kinds, reverse=True)
    }


def _probe(film: Path) -> tuple[list[_Stream], float]:
    """Return the streams of the film that become tracks, and its length in seconds."""
    if not film.is_file():
        raise PackagingError(f"expected a film, found no file {film}")
    command = [program("ffprobe"), "-v", "error", "-show_streams", "-show_format", "-of", "json", str(film.resolve())]
    found = json.loads(run(command))
    name = str(found.get("format", {}).get("format_name"))
    if name == "image2" or name.endswith("_pipe"):
        raise PackagingError(f"expected a film, found a picture ({name.removesuffix('_pipe')}) in {film}")
    if film.suffix.lower() != LISTS_OF_FILES.get(name, film.suffix.lower()):
        raise PackagingError(
            f"expected a film, found a list of other files ({name}) in {film}. "
            f"Fix: where you trust it, give its name the ending {LISTS_OF_FILES[name]}"
        )
    streams: list[_Stream] = []
    for stream in found.get("streams", []):
        codec, number = stream.get("codec_name"), int(stream["index"])
        if stream["codec_type"] == "video" and not stream.get("disposition", {}).get("attached_pic"):
            if not any(taken.kind == "video" for taken in streams):
                kept = codec in AS_IT_IS and stream.get("pix_fmt") == "yuv420p"
                tag = ("-tag:v", "hvc1") if codec == "hevc" else ()
                options = ("-c:v", "copy", *tag) if kept else VIDEO_ANEW
                streams.append(_Stream("video", number, options))
        elif stream["codec_type"] == "audio":
            language = str(stream.get("tags", {}).get("language", "")).lower()
            language = language if LANGUAGE.fullmatch(language) and language != "und" else ""
            options = ("-c:a", "copy") if codec == "aac" else ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
            streams.append(_Stream("audio", number, options, language=language))
    if not streams:
        raise PackagingError(f"expected video or audio, found none in {film}")
    return streams, float(found.get("format", {}).get("duration") or 0)


def _clear_tracks(
    wish: Wish, streams: list[_Stream], keys: Mapping[TrackKind, Key], folder: Path, heard: Callable[[str], Heard]
) -> list[Track]:
    """Make a clear file of each stream, alone."""
    tracks: list[Track] = []
    for stream in streams:
        count = sum(track.kind == stream.kind for track in tracks)
        name = stream.kind if not count else f"{stream.kind}-{count + 1}"
        label = stream.language or f"Audio {count + 1}"
        file = folder / f"{name}.mp4"
        options = ["-i", str(wish.film.resolve()), "-map", f"0:{stream.number}", "-map_metadata", "-1", *stream.options]
        run_ffmpeg([*options, str(file)], heard(name))
        tracks.append(Track(stream.kind, name, file, keys[stream.kind], label, stream.language))
    return tracks


def _as_toml(wish: Wish, keys: Mapping[TrackKind, Key]) -> str:
    """Return the title as a part of a catalog."""
    terms = {"name": wish.name, "token_lifetime": TOKEN_LIFETIME, **wish.terms, "viewers": "all"}
    lines = ["", f"[titles.{wish.id}]", *(f"{name} = {_value(value)}" for name, value in terms.items())]
    for key in dict.fromkeys(keys.values()):
        values = {"content_id": key.content_id, "kid": key.kid, "cek": key.cek, "iv": key.iv}
        lines += ["", f"[[titles.{wish.id}.keys]]", *(f"{name} = {_value(value)}" for name, value in values.items())]
    return "\n".join([*lines, ""])


def _value(value: str | int) -> str:
    # A string of JSON is one of TOML, as long as it has no control characters.
    return json.dumps(value, ensure_ascii=False)


def _new_catalog() -> str:
    """Return a catalog with the dummy that comes with SEES, without which no device registers."""
    text = (CONTENT / "catalog.toml").read_text(encoding="utf-8")
    head, _, rest = text.partition(f"[titles.{DUMMY}]")
    dummy = rest.partition("\n[titles.")[0].rstrip()
    return f"{head}[titles.{DUMMY}]{dummy}\n"


def _read(catalog: Path) -> str:
    """Return the text of a catalog, or of a new one."""
    if not catalog.exists():
        return _new_catalog()
    load_catalog(catalog)
    return catalog.read_text(encoding="utf-8")


def _replace(catalog: Path, text: str) -> None:
    """Write the catalog so that it is whole at any moment."""
    new = catalog.with_name(f"{catalog.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        if catalog.exists():
            shutil.copymode(catalog, new)
        new.replace(catalog)
    finally:
        new.unlink(missing_ok=True)
