"""Secrets in what a report shows: the forms in which they are written, and their redaction."""

import base64
import re
from uuid import UUID

from simulation.redaction import REDACTED, said_in_base64, without_authenticators

MAX_KEPT = 64 * 1024
"""Bytes of an answer that are kept as text."""
MAX_SHOWN = 600
"""Characters of a text that a report shows."""
_TOKEN = re.compile(r"(ExpressPlayToken=)[A-Za-z0-9_=-]{8,}")


def forms_of(key: bytes) -> tuple[bytes, ...]:
    """Return the ways in which 16 bytes may be written: hex, GUID, Base64, as they are."""
    digits = key.hex()
    texts = (
        digits,
        str(UUID(digits)),
        base64.b64encode(key).decode().rstrip("="),
        base64.urlsafe_b64encode(key).decode()[:22],
    )
    return (*(text.encode() for text in texts), key)


def redact(text: str, secrets: set[str]) -> str:
    """Take tokens, authenticators and the `secrets`, in either case and in Base64, out of a text for the report."""
    text = _TOKEN.sub(r"\1<token>", text)
    for run, said in said_in_base64(text).items():
        if any(secret.lower() in said.lower() for secret in secrets):
            text = text.replace(run, REDACTED)
    text = without_authenticators(text)
    for secret in secrets:
        text = re.sub(re.escape(secret), REDACTED, text, flags=re.IGNORECASE)
    return text


def printable(body: bytes) -> str:
    """Return bytes as one line of printable text."""
    text = body[:MAX_KEPT].decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else " " for character in text)


def shorten(text: str) -> str:
    """Cut a text for the report. To be done after redaction: half a secret would not be found any more."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}… ({len(text)} characters)"
