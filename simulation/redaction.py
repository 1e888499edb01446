"""What no journal and no log may hold, taken out before it is written down: secret fields, and authenticators.

Secret fields are known by their names, and a log holds no query string. But whoever asks may put an authenticator
anywhere: into a path, an id, a name, a header. There it is known by its form alone, in whatever encoding.
"""

import base64
import binascii
import html
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from simulation.printable import plain

REDACTED = "<redacted>"
_SECRET_FIELDS = frozenset(
    {"customerauthenticator", "authenticator", "contentkey", "cek", "kek", "ek", "ask", "dask", "sk"}
    | {"sessionkey", "mackey", "spck", "tokenkey", "privatekey", "password", "secret"}
)
AUTHENTICATOR = re.compile(r"[0-9]{1,18}[\s+]*(?:,|%2[cC]|\\u002[cC])[\s+]*[0-9a-fA-F]{32}")
"""The form of a customer authenticator, in a URL and in JSON too."""
_KEY_ID_OR_AUTHENTICATOR = re.compile(rf"(?<![0-9a-fA-F])(?P<key_id>[0-9a-fA-F]{{32}})(?=\s*,)|{AUTHENTICATOR.pattern}")
"""The last digits of a key id and the next one in a list look like an authenticator: a key id is passed over first."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
_LEADING_ZEROS = re.compile("&#0+(?=[0-9])")
_NO_CHARACTER = re.compile("&#[1-9][0-9]{7,};?")
_MAX_LAYERS = 4
"""Encodings within encodings that are taken off, at most."""
SHORTEST, LONGEST = 34, 512
"""Characters of a word that may hold one in disguise. A longer one is a message or a token, and would take long."""


def redact(value: Any) -> Any:
    """Copy `value` as plain JSON types with the content of every secret field replaced, and every authenticator.

    A field is secret by its name, whatever the case and the `_` or `-` in it. Objects of other types
    appear as their type's name only: their text might hold anything. Half a surrogate, which stands for a byte that
    was no UTF-8, is written out: no page and few readers of JSON take one.
    """
    if isinstance(value, str):
        return without_authenticators(value.encode("utf-8", "backslashreplace").decode("utf-8"))
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {redact(str(key)): REDACTED if _is_secret(str(key)) else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return f"<{type(value).__name__}>"


def _is_secret(field: str) -> bool:
    return field.replace("_", "").replace("-", "").lower() in _SECRET_FIELDS


def decoded(text: str) -> str:
    """Return `text` without percent-encoding and character references, and with plain letters and digits."""
    for _ in range(_MAX_LAYERS):
        before, text = text, _without_references(unquote(text))
        if text == before:
            break
    return plain(text, "NFKC")


def _without_references(text: str) -> str:
    # html.unescape raises ValueError for a number of over 4,300 digits. No character's number has over seven.
    return html.unescape(_NO_CHARACTER.sub("\ufffd", _LEADING_ZEROS.sub("&#", text)))


def said_in_base64(text: str) -> dict[str, str]:
    """Return what the runs of Base64 in a text say, by run.

    A run is read from each of its first four characters, since a word may stand before it.
    """
    return {run: " ".join(_read_base64(run[start:]) for start in range(4)) for run in set(_BASE64.findall(text))}


def _read_base64(run: str) -> str:
    padded = run.translate({ord("-"): "+", ord("_"): "/"}) + "=" * (-len(run) % 4)
    with suppress(binascii.Error):
        return base64.b64decode(padded).decode("latin-1")
    return ""


def without_authenticators(text: str) -> str:
    """Return `text` with REDACTED in the place of each authenticator, and of each word that holds one in disguise.

    To be done before the text is cut: half an authenticator would not be found any more.
    """
    if any(comma in text for comma in (",", "%", "\\u")):
        text = _KEY_ID_OR_AUTHENTICATOR.sub(lambda found: found["key_id"] or REDACTED, text)
    for word in set(text.split()):
        if SHORTEST <= len(word) <= LONGEST and _hides_one(word):
            text = text.replace(word, REDACTED)
    return text


def _hides_one(word: str) -> bool:
    # A slash is a digit of Base64, and parts a path.
    readings = [*said_in_base64(f"{word} {word.replace('/', ' ')}").values()]
    if not word.isascii() or "%" in word or "&" in word:
        readings.append(decoded(word))
    return any(map(AUTHENTICATOR.search, readings))
