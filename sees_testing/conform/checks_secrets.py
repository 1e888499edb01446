"""Checks 40 and 41, the last ones: no answer of the whole run held a secret."""

from sees_testing.conform.model import Failed, Skipped, check
from sees_testing.conform.stage import Stage
from sees_testing.conform.wire import AUTHENTICATOR, forms_of


@check(40, "the content key never reaches the client", "SEES looks up the CEK; the client gets it in a CKC only.")
def content_key_stays(stage: Stage) -> None:
    """Look for the keys that honest redemptions gave in everything that SEES answered."""
    if not stage.keys:
        raise Skipped("no license was issued in this run, so the content keys are not known")
    for answer in stage.wire.received:
        lowered = answer.lower()
        for key in stage.keys:
            if any(form in answer or form.lower() in lowered for form in forms_of(key)):
                raise Failed(expected="no content key in any answer", found="one; see what was received")


@check(41, "the authenticator never reaches the client", "The customer authenticator proves SEES to ExpressPlay.")
def authenticator_stays(stage: Stage) -> None:
    """Look for it, or for anything of its form, in everything that SEES answered."""
    for answer in stage.wire.received:
        text = answer.decode("utf-8", "replace")
        exact = stage.authenticator is not None and stage.authenticator.partition(",")[2].lower() in text.lower()
        if exact or AUTHENTICATOR.search(text):
            raise Failed(expected="no authenticator in any answer", found="one; see what was received")
