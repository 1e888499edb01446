"""Experiments on keys: a title with several of them, and a device of the old version."""

from dataclasses import replace

from emulator.screening import Screening, watch
from walkthrough.experiments.actions import PLAYED, ROTATION, holder, watched
from walkthrough.experiments.experiment import Experiment, Tries, Try
from walkthrough.record.deployment import Deployment


def rotation(deployment: Deployment) -> Tries:
    """Play a title with two keys under both, then with the second one wrong."""
    a = holder(deployment, "rotation")
    a.register()
    grants = a.play(ROTATION)
    yield Try("device A plays a title with two keys", periods_of(watch(a.client, grants)))
    last = grants[-1].license
    wrong = replace(grants[-1], license=replace(last, content=replace(last.content, key=bytes(len(last.content.key)))))
    yield Try("the same with the second key wrong", periods_of(watch(a.client, [*grants[:-1], wrong])))


def periods_of(screening: Screening) -> str:
    """Say of which periods every frame, picture and sound, was that of the clear source."""
    failed = {part.period for part in screening.parts if not part.played or part.result.expected is None}
    return f"periods {sorted({part.period for part in screening.parts} - failed)} play"


def old_device(deployment: Deployment) -> Tries:
    """Register and play on a device that makes SPCs of version 1 (RSA-1024)."""
    old = holder(deployment, "v1", spc_version=1)
    grants = (old.register(), *old.play())
    versions = sorted({grant.spc[3] for grant in grants})
    yield Try("the version of the old device's SPCs", ", ".join(f"version {version}" for version in versions))
    yield Try("the old device plays the film", watched(old.client, grants[1:]))


EXPERIMENTS = (
    Experiment(
        "rotation",
        "Key rotation",
        "A title has two keys, one for each half. How many licenses does the device get, and what does the second key "
        "open?",
        (
            "One license with both keys",
            "Two licenses; each key opens its own half",
            "Two licenses; the second key opens everything",
        ),
        1,
        "One CKC carries one content key, and each key has a content id of its own. So the player makes one request to "
        "SEES, one SPC and one redemption for each. With one key wrong, only the half under it fails.",
        "emulator/binding.py: play",
        rotation,
        ("periods [1, 2] play", "periods [1] play"),
        decisive=0,
    ),
    Experiment(
        "old-device",
        "A device of the old version",
        "An old device makes SPCs of version 1. Can it be bound as well?",
        (
            "No: version 1 names no device",
            "Yes: HU is in both versions",
            "Only with another ASk",
        ),
        1,
        "The versions differ in the size of the RSA key that wraps the SPC key, and so in the certificate. The payload "
        "behind it has the same blocks, HU among them, and the same comparison decides.",
        "fairplay/spc.py: open_spc",
        old_device,
        ("version 1", PLAYED),
    ),
)
