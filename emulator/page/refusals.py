"""A refusal as the page shows it: number, who says so, at which step, what it means, what to do."""

from typing import Any

from emulator.errors import EmulatorError, LicenseRefused
from emulator.explain import BY_NUMBER
from fairplay.errors import FairPlayError


def as_refusal(error: EmulatorError | FairPlayError) -> dict[str, Any]:
    """Return a refusal or failure as a JSON object; meaning and source come from the table of numbers."""
    if isinstance(error, FairPlayError):
        return _by_the_device(error)
    cause = error.cause if isinstance(error, LicenseRefused) else None
    known = BY_NUMBER.get(error.number)
    because = BY_NUMBER.get(cause) if cause is not None else None
    return {
        "number": error.number,
        "title": known.title if known else error.title,
        "said_by": known.source if known else "this device",
        "step": known.step if known else str(getattr(error, "step", None) or ""),
        "meaning": known.meaning if known else "",
        "fix": error.fix,
        "text": str(error),
        "cause": {"number": cause, "title": because.title if because else ""} if cause is not None else None,
    }


def _by_the_device(error: FairPlayError) -> dict[str, Any]:
    """A CKC that the device would not open: its numbers say there what was wrong with the CKC, not with an SPC."""
    return {
        "number": error.number,
        "title": error.title,
        "said_by": "this device",
        "step": "13",
        "meaning": f"The device does not take this CKC: expected {error.expected}, found {error.found}.",
        "fix": error.fix,
        "text": str(error),
        "cause": None,
    }
