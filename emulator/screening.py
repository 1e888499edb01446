"""From a license to pictures: the device fetches the title, plays it under the CKC's key, and says how that went."""

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin

from emulator.binding import Client, Grant
from emulator.errors import PlaybackFailed, RentalRanOut
from emulator.playback import Kind, PlaybackError, TrackResult, Verdict, play_track, still_png
from emulator.playlist import Rendition
from emulator.transport import SEES
from fairplay.ckc import KeyType
from simulation.clock import rfc3339

FRAMES_FILE = "frames.json"
EXPECTED_FRAMES = 'frames.json, {"video": [SHA-256 …], "audio": [SHA-256 …]}'
RENTALS = (KeyType.RENTAL, KeyType.LEASE_AND_RENTAL, KeyType.PERSIST_RENTAL)
STEP = 13


@dataclass(frozen=True)
class Screening:
    """How a title played: one result per track, and a still of it as PNG (None if no picture came out)."""

    tracks: tuple[TrackResult, ...]
    still: bytes | None = field(repr=False)

    @property
    def played(self) -> bool:
        """True if every frame of every track was that of the clear source."""
        return all(track.verdict is Verdict.PLAYED for track in self.tracks)

    @property
    def outcome(self) -> str:
        """The outcome in words, for people: `all 120 video frames and 217 audio frames`, or what went wrong."""
        if self.played:
            return "all " + " and ".join(f"{track.frames} {track.kind} frames" for track in self.tracks)
        return " ".join(track.detail for track in self.tracks if track.verdict is not Verdict.PLAYED)


def rental_end(grant: Grant) -> float | None:
    """Return when the rental ends, in seconds on the device's clock; None where there is no rental.

    Rental seconds count from the download of the license.
    """
    duration = grant.license.duration
    if duration is None or duration.rental == 0 or duration.key_type not in RENTALS:
        return None
    return grant.downloaded + duration.rental


def check_rental(client: Client, grant: Grant) -> None:
    """Raise RentalRanOut once the rental has ended on the device's clock."""
    end, now = rental_end(grant), client.device.clock.now()
    if end is not None and now >= end:
        raise RentalRanOut(
            step=None,
            expected=f"playback before {rfc3339(end)}, when the rental ends",
            found=f"{rfc3339(now)} on the device's clock",
            fix="rent again: play anew, which gets a new license",
        )


def watch(client: Client, grant: Grant) -> Screening:
    """Play a granted title, video and audio, under the key and IV of its CKC.

    Raises RentalRanOut instead of playing, EmulatorErrors where the media cannot be fetched, PlaybackFailed where
    it cannot be played at all (no PyAV). A wrong key raises nothing: it is an outcome of the screening.
    """
    check_rental(client, grant)
    expected = _expected_frames(client, grant)
    key, iv = grant.license.content.key, grant.license.content.iv
    renditions: list[tuple[Kind, Rendition]] = [("video", grant.title.video)]
    if grant.title.audio:
        renditions.append(("audio", grant.title.audio))
    tracks: list[TrackResult] = []
    still = None
    try:
        for kind, rendition in renditions:
            data = fetch_track(client, rendition)
            tracks.append(play_track(kind, data, key, expected[kind], iv=iv))
            if kind == "video" and tracks[-1].verdict is Verdict.PLAYED:
                still = still_png(data, key, tracks[-1].frames // 2)
    except PlaybackError as error:
        fix = "pip install 'fairplay-device-binding[video]'" if "PyAV" in str(error) else "package the title again"
        raise PlaybackFailed(step=STEP, expected="video that plays", found=str(error).rstrip("."), fix=fix) from None
    return Screening(tuple(tracks), still)


def fetch_track(client: Client, rendition: Rendition) -> bytes:
    """Fetch a rendition: its init segment and all its segments, joined."""
    urls = (rendition.init_url, *rendition.segment_urls) if rendition.init_url else rendition.segment_urls
    return b"".join(client.web.get(SEES, url, step=STEP, expected="a media segment").body for url in urls)


def _expected_frames(client: Client, grant: Grant) -> dict[Kind, list[str]]:
    answer = client.web.get(SEES, urljoin(grant.title.url, FRAMES_FILE), step=STEP, expected=EXPECTED_FRAMES)
    value = answer.json_object(EXPECTED_FRAMES)
    frames: dict[Kind, list[str]] = {}
    kinds: tuple[Kind, ...] = ("video", "audio")
    for kind in kinds:
        prints = value.get(kind, [])
        if not isinstance(prints, list) or not all(re.fullmatch(r"[0-9a-f]{64}", str(item)) for item in prints):
            raise answer.unexpected(EXPECTED_FRAMES, f"a {kind} member of another form")
        frames[kind] = prints
    return frames
