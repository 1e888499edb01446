"""`frames.json`: the fingerprints of a title's clear source, which its packager may put beside the master playlist.

The file is this project's own, so anything but a valid one means none.
"""

import re
from typing import Any

from emulator.containers import KINDS, TrackKind
from emulator.errors import EmulatorError
from emulator.title import Title
from emulator.transport import Web
from emulator.urls import join_url
from simulation.strict_json import parse_json

FRAMES_FILE = "frames.json"
MAX_FRAMES_FILE = 8 * 1024 * 1024
"""Bytes; a film takes 35 KB a minute, so four hours fit. JSON takes up to 30 times its size when parsed."""
PRINT = re.compile(r"[0-9a-f]{64}")

Frames = dict[TrackKind, list[str]]


def fetch_frames(web: Web, title: Title) -> list[Frames] | None:
    """Return the fingerprints of each period of a title; None where there is no valid file of them."""
    try:
        url = join_url(title.url, FRAMES_FILE)
        answer = web.get(title.server, url, expected=FRAMES_FILE, most=MAX_FRAMES_FILE)
    except EmulatorError:
        return None
    return parse_frames(answer.body)


def parse_frames(body: bytes) -> list[Frames] | None:
    """Return the fingerprints of each period, cut by the counts in `periods` (without these there is one period)."""
    try:
        value = parse_json(body)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    prints = {kind: value.get(kind, []) for kind in KINDS}
    if not any(prints.values()) or not all(map(_are_prints, prints.values())):
        return None
    counts = value.get("periods", [{kind: len(prints[kind]) for kind in KINDS}])
    if not isinstance(counts, list) or not all(map(_are_counts, counts)):
        return None
    if any(sum(count[kind] for count in counts) != len(prints[kind]) for kind in KINDS):
        return None
    places = dict.fromkeys(KINDS, 0)
    frames: list[Frames] = []
    for count in counts:
        frames.append({kind: prints[kind][places[kind] : places[kind] + count[kind]] for kind in KINDS})
        places = {kind: place + count[kind] for kind, place in places.items()}
    return frames


def _are_prints(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and PRINT.fullmatch(item) for item in value)


def _are_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(type(value.get(kind)) is int and value[kind] >= 0 for kind in KINDS)
