"""Checks 36 and 37: no answer of the checks before them held a secret."""

from sees_testing.conform.model import check
from sees_testing.conform.outcome import Failed, Skipped
from sees_testing.conform.stage import Stage
from sees_testing.conform.wire import AUTHENTICATOR, decoded, forms_of, printable


@check(
    36,
    "the content key never reaches the client",
    "SEES looks up the CEK; the client gets it in a CKC only.",
    judges=True,
)
def content_key_stays(stage: Stage) -> None:
    """Look for the keys that honest redemptions gave in everything that SEES answered."""
    if not stage.keys:
        raise Skipped("no license was issued in this run, so the content keys are not known")
    for sent, answer in stage.wire.received:
        lowered = answer.lower()
        if any(form in answer or form.lower() in lowered for key in stage.keys for form in forms_of(key)):
            raise _leak(stage, "content key", sent, answer)


@check(
    37,
    "the authenticator never reaches the client",
    "The customer authenticator proves SEES to ExpressPlay.",
    judges=True,
)
def authenticator_stays(stage: Stage) -> None:
    """Look for it, or for anything of its form, in everything that SEES answered."""
    digits = stage.authenticator.rpartition(",")[2].lower() if stage.authenticator else None
    for sent, answer in stage.wire.received:
        plain = answer.decode("utf-8", "replace")
        for text in (plain, *decoded(plain).values()):
            if AUTHENTICATOR.search(text) or (digits and digits in text.lower()):
                raise _leak(stage, "authenticator", sent, answer)


def _leak(stage: Stage, what: str, sent: str, answer: bytes) -> Failed:
    """Put the answer at fault into the report, where secrets are redacted."""
    stage.wire.note("SEES", sent, None, printable(answer))
    return Failed(expected=f"no {what} in any answer", found="one in the answer below, redacted")
