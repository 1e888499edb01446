"""A target of scripts/fuzz: takes any bytes, and raises only where something is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 2.0
"""Seconds of this process's work on one input that count as a hang; it takes some milliseconds."""
PATIENCE = 30.0
"""Seconds by the clock that do: less would only tell of a busy machine."""


@dataclass(frozen=True)
class Target:
    """`run` takes any bytes; `samples` are good messages to damage."""

    run: Callable[[bytes], None]
    samples: tuple[bytes, ...]
