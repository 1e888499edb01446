"""The scenarios of the demo that are about keys: several of them, for a while, for good, and in the old version.

Each returns its outcome in words; emulator/scenarios.py holds the table with what should come out.
"""

from dataclasses import replace

from emulator.binding import bind, play, register
from emulator.screening import Screening, fetch_parts, show, watch
from emulator.stage import Stage

ROTATION = "rotation"
"""The title with two key periods."""
PLAYED = "the film plays, every frame right"


def rotation(stage: Stage) -> str:
    """Play a title with two keys under both, then with the second one wrong."""
    client, cookie = stage.client("rotation"), stage.name("rotation")
    register(client, cookie)
    grants = play(client, cookie, ROTATION)
    parts = fetch_parts(client, grants[0].title)
    keys = {grant.key: grant.license.content for grant in grants}
    right = show(parts, keys)
    last = grants[-1]
    wrong = show(parts, {**keys, last.key: replace(last.license.content, key=bytes(len(last.license.content.key)))})
    return rotation_outcome(periods_played(right), periods_played(wrong))


def old_device(stage: Stage) -> str:
    """Register and play on a device that makes SPCs of version 1 (RSA-1024)."""
    client, cookie = stage.client("v1", spc_version=1), stage.name("v1")
    grants = bind(client, cookie, stage.title)
    return v1_outcome({grant.spc[3] for grant in grants}, shown(watch(client, grants[1:])))


def v1_outcome(versions: set[int], played: str) -> str:
    """Return the outcome of `old_device`."""
    return f"SPC version {', '.join(map(str, versions))}: {played}"


def shown(screening: Screening) -> str:
    """Return how a title played, in the words of the table."""
    return PLAYED if screening.played and screening.compared else screening.outcome


def periods_played(screening: Screening) -> list[int]:
    """Return the periods of which every frame, picture and sound, was that of the clear source."""
    failed = {part.period for part in screening.parts if not part.played or part.result.expected is None}
    return sorted({part.period for part in screening.parts} - failed)


def rotation_outcome(right: list[int], wrong: list[int]) -> str:
    """Return the outcome of `rotation`."""
    return f"periods {right} play; with the second key wrong, {wrong}"
