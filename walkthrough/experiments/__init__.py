"""Ways to try the binding and to break it: each a real run with an expected outcome and a reason.

One file for each family. `FAMILIES` has them all, in the order in which they are shown.
"""

from walkthrough.experiments import designs, keys, messages, registration, terms
from walkthrough.experiments.experiment import Experiment, Result, Try, as_json, as_scenario, run_experiment

FAMILIES = {
    "Who is bound": registration.EXPERIMENTS,
    "Messages on the wire": messages.EXPERIMENTS,
    "Weaker designs": designs.EXPERIMENTS,
    "The terms of a license": terms.EXPERIMENTS,
    "Keys": keys.EXPERIMENTS,
}
"""Title of a family → its experiments."""

EXPERIMENTS = {one.id: one for family in FAMILIES.values() for one in family}
"""Every experiment by its id."""

CHAPTERS = tuple(
    EXPERIMENTS[name]
    for name in (
        "other-device",
        "cookie-stolen-before",
        "cookie-stolen-after",
        "flipped-bit",
        "replayed-spc",
        "signed-only",
    )
)
"""Those that are chapters of docs/walkthrough.md."""

DEMO = tuple(
    EXPERIMENTS[name]
    for name in (
        "bound-play",
        "other-device",
        "play-before-registering",
        "randomised-device-id",
        "expired-token",
        "flipped-bit",
        "replayed-spc",
        "rental",
        "many-plays",
        "old-registration-token",
        "one-cookie",
        "helpful-server",
        "rotation",
        "renewal",
        "renewal-refused",
        "persistent-key",
        "dual-expiry",
        "old-device",
    )
)
"""Those that the demo runs."""

__all__ = [
    "CHAPTERS",
    "DEMO",
    "EXPERIMENTS",
    "FAMILIES",
    "Experiment",
    "Result",
    "Try",
    "as_json",
    "as_scenario",
    "run_experiment",
]
