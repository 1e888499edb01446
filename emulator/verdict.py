"""How playing a track can end, and what to do about each end: one fix a verdict."""

from dataclasses import dataclass
from enum import Enum

from emulator.containers import TrackKind


class Verdict(Enum):
    """How playing a track ended; the value says it in words."""

    PLAYED = "played"  # every frame is that of the clear source; or all decode, as under no random key
    CANNOT_TELL = "cannot tell"  # all decode, but under a random key as well
    NO_KEY = "no key"  # encrypted, and no key was given: nothing was decoded
    WRONG_KEY = "wrong key"  # all samples are there, and no frame of the clear source came out
    DAMAGED = "damaged"  # samples missing, or only some frames came out
    UNPLAYABLE = "unplayable"  # nothing that this player can read or decode, whatever the key

    @property
    def fix(self) -> str:
        """What to do about it."""
        return _FIXES[self]


_FIXES = {
    Verdict.PLAYED: "none is needed",
    Verdict.CANNOT_TELL: "look at the still picture (--still FILE), or put frames.json beside the playlist",
    Verdict.NO_KEY: "give the media playlist an EXT-X-KEY line: its samples are encrypted",
    Verdict.WRONG_KEY: "compare the CEK and IV in the catalog with those the title was packaged with",
    Verdict.DAMAGED: "package or upload the segment again: it is cut, damaged, or not the one that was meant",
    Verdict.UNPLAYABLE: "package it as fragmented MP4 (cbcs) or MPEG-TS, with a codec that FFmpeg decodes",
}


ONE_KEY = "give each key a key URI of its own: one license has one key"
"""What to do about several keys under one URI."""

NAMED = 4
"""Key ids that an error names."""


def several_key_ids(uri: str, found: set[str]) -> str:
    """Name the default key ids under one key URI."""
    shown = uri.split("?", 1)[0][:80]  # its query may hold a token
    named = ", ".join(sorted(found)[:NAMED]) + (" …" if len(found) > NAMED else "")
    return f"{len(found)} default key ids under the one key URI {shown!r}: {named}"


@dataclass(frozen=True)
class TrackResult:
    """The outcome of one track: `frames` of `expected` came out as in the clear source, at their places.

    Where nothing is known of the clear source, `expected` is None and `frames` counts what was decoded.
    """

    kind: TrackKind
    verdict: Verdict
    frames: int
    expected: int | None
    detail: str
    fix: str = ""
