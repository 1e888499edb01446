"""The messages of a recorded step: where they stand in it, and their bytes."""

import base64
from typing import Any
from urllib.parse import parse_qs

from emulator.key_uri import TOKEN_PARAMETER


def find_message(step: Any, kind: str) -> str | None:
    """Return the message of a recorded step: an SPC or CKC in Base64, a token as it stands in its URL."""
    for half in (step.get("request"), step.get("response")):
        if not isinstance(half, dict):
            continue
        if kind in ("spc", "ckc") and isinstance(text := half.get(kind), str):
            return text
        url = half.get("epTokenURL") or half.get("tokenUrl")
        query = url.partition("?")[2] if isinstance(url, str) else ""
        if kind == "token" and (tokens := parse_qs(query).get(TOKEN_PARAMETER)):
            return tokens[0]
    return None


def message_bytes(text: str, kind: str) -> bytes:
    """Return the bytes of a message as `find_message` found it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if kind == "token" else base64.b64decode(text)
