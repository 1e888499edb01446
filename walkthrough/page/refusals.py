"""A refusal as the page shows it: number, who says so, at which step, what it means, what to do."""

from typing import Any

from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused
from fairplay.errors import FairPlayError
from simulation.error_numbers import BY_NUMBER, Number

DEVICE = "this device"
CKC_NOT_TAKEN = "The device does not take this CKC."


def as_refusal(error: EmulatorError | FairPlayError) -> dict[str, Any]:
    """Return a refusal or failure as a JSON object; meaning and source come from the table of numbers."""
    refusal: dict[str, Any] = {"number": error.number, "title": error.title, "fix": error.fix, "text": str(error)}
    if isinstance(error, FairPlayError):
        # By the device, which would not open a CKC: in the table these numbers say what is wrong with an SPC.
        return {**refusal, "said_by": DEVICE, "step": "13", "meaning": CKC_NOT_TAKEN, "cause": None}
    cause = error.cause if isinstance(error, LicenseRefused) else None
    foreign = isinstance(error, EntitlementDenied) and not error.ours
    known = None if foreign else BY_NUMBER.get(error.number)
    return {
        **refusal,
        "title": known.title if known else error.title,
        "said_by": known.whose if known else "SEES" if foreign else DEVICE,
        "step": _step(error, known),
        "meaning": known.meaning if known else "",
        "cause": None if cause is None else _cause(cause),
    }


def _cause(number: int) -> dict[str, Any]:
    known = BY_NUMBER.get(number)
    return {"number": number, "title": known.title if known else "", "meaning": known.meaning if known else ""}


def _step(error: EmulatorError, known: Number | None) -> str:
    """Return the step that the number belongs to; where it can come at several, the one at which it came."""
    if known and known.step.isdigit():
        return known.step
    return "" if error.step is None else str(error.step)
