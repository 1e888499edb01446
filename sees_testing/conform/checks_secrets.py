"""Checks 36 and 37: no answer of the checks before them held a secret."""

from sees_testing.conform.model import check
from sees_testing.conform.outcome import Failed, Skipped
from sees_testing.conform.probe import Probe
from sees_testing.conform.redaction import forms_of, printable
from simulation.redaction import AUTHENTICATOR, said_in_base64


@check(
    36,
    "the content key never reaches the client",
    "SEES looks up the CEK; the client gets it in a CKC only.",
    judges=True,
)
def content_key_stays(probe: Probe) -> None:
    """Look for the keys that honest redemptions gave in everything that SEES answered."""
    if not probe.keys:
        raise Skipped("no license was issued in this run, so the content keys are not known")
    for sent, answer in probe.wire.received:
        lowered = answer.lower()
        if any(form in answer or form.lower() in lowered for key in probe.keys for form in forms_of(key)):
            raise _leak(probe, "content key", sent, answer)


@check(
    37,
    "the authenticator never reaches the client",
    "The customer authenticator proves SEES to ExpressPlay.",
    judges=True,
)
def authenticator_stays(probe: Probe) -> None:
    """Look for it, or for anything of its form, in everything that SEES answered."""
    digits = probe.authenticator.rpartition(",")[2].lower() if probe.authenticator else None
    for sent, answer in probe.wire.received:
        plain = answer.decode("utf-8", "replace")
        for text in (plain, *said_in_base64(plain).values()):
            if AUTHENTICATOR.search(text) or (digits and digits in text.lower()):
                raise _leak(probe, "authenticator", sent, answer)


def _leak(probe: Probe, what: str, sent: str, answer: bytes) -> Failed:
    """Put the answer at fault into the report, where secrets are redacted."""
    probe.wire.note("SEES", sent, None, printable(answer))
    return Failed(expected=f"no {what} in any answer", found="one in the answer below, redacted")
