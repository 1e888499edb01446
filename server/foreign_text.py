"""Tells whether a text from elsewhere repeats a secret, before it is kept or handed on.

An answer may echo what it was asked with: percent-encoded, in capitals, with hyphens between the digits, or some of
the digits only. Such a text is withheld as a whole: to cut out what was recognised would leave the rest of it.
"""

import base64
import re
from collections.abc import Iterable, Iterator

from simulation.redaction import decoded

WINDOW = 10
"""Characters in a row that count as a repetition. Random tokens hold ten given ones once in 10^10."""
_NO_WORD = re.compile(r"[\W_]+")


def repeats(text: str, secrets: Iterable[str]) -> bool:
    """Tell whether `text` has ten characters in a row of one of the `secrets`, or of its Base64 form.

    Case, punctuation and blanks do not count, nor do percent-encoding, character references and full-width digits.
    A secret in hexadecimal digits is looked for in Base64 of its bytes too, at each of the three alignments.
    """
    plain = _squeezed(decoded(text))
    return any(window in plain for secret in secrets for form in _forms(secret) for window in _windows(form))


def _squeezed(text: str) -> str:
    return _NO_WORD.sub("", text).lower()


def _forms(secret: str) -> Iterator[str]:
    yield _squeezed(secret)
    digits = secret.rpartition(",")[2]
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        return
    for data_as in (data, digits.encode(), secret.encode()):
        for shift in range(3):
            # The first and last characters hold bits of what stands before and after; the rest is the secret's own.
            yield _squeezed(base64.b64encode(bytes(shift) + data_as).decode()[4 * (shift > 0) : -4])


def _windows(form: str) -> Iterator[str]:
    return (form[at : at + WINDOW] for at in range(len(form) - WINDOW + 1))
