"""The shape of an answer: status, content type, error code, and what sort of body. Pure, and never a value of it."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

MAX_DEPTH = 4
"""Levels of a JSON body that are told apart."""
MAX_NAMES = 24

_NAME = re.compile(r"[A-Za-z][A-Za-z_]{0,23}", re.ASCII)
"""A member's name that is told: letters only, so that it is no id."""
_CODE = re.compile(r"-[2-9]\d{3}\b")
_URL = re.compile(r"https?://\S+")
_TOKEN = re.compile(r"[?&]ExpressPlayToken=\S")


@dataclass(frozen=True)
class AnswerShape:
    """What is compared. `code` is ExpressPlay's error number, None where the body names none."""

    status: int | None
    content_type: str
    code: int | None
    body: str

    def differences(self, other: "AnswerShape") -> list[tuple[str, object, object]]:
        """Return name, own and other value of each part that differs."""
        mine, others = asdict(self), asdict(other)
        return [(name, mine[name], others[name]) for name in mine if mine[name] != others[name]]


NO_ANSWER = AnswerShape(None, "", None, "no answer")


def shape_of(status: int, content_type: str, body: bytes) -> AnswerShape:
    """Return the shape of an answer."""
    media_type = content_type.partition(";")[0].strip().lower()
    known = re.fullmatch(r"[a-z]+/[a-z.+-]+", media_type) and len(media_type) <= 40
    told = (media_type if known else "another one") if media_type else "none"
    text = body.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list):
        code = value.get("errorCode") if isinstance(value, dict) else None
        is_code = isinstance(code, int) and not isinstance(code, bool) and -9999 <= code <= 0
        return AnswerShape(status, told, code if is_code else None, _json(value))
    code_in_text = _CODE.search(text) if status >= 400 else None
    return AnswerShape(status, told, int(code_in_text[0]) if code_in_text else None, _text(text))


def _text(text: str) -> str:
    if not text:
        return "empty"
    if _URL.fullmatch(text) and _TOKEN.search(text):
        return "a token URL"
    if re.match(r"<!doctype html|<html", text, re.IGNORECASE):
        return "an HTML page"
    return "XML" if text.startswith("<") else "another text"


def _json(value: Any, depth: int = 0) -> str:
    """Write a JSON value as names and types: `{records: [{cookie: string}]}`."""
    if depth == MAX_DEPTH:
        return "…"
    match value:
        case dict():
            members = {
                name if _NAME.fullmatch(name) else "<another name>": _json(value[name], depth + 1)
                for name in sorted(value)[:MAX_NAMES]
            }
            return "{" + ", ".join(f"{name}: {shape}" for name, shape in members.items()) + "}"
        case list():
            return "[" + " or ".join(sorted({_json(item, depth + 1) for item in value[:MAX_NAMES]})) + "]"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
    return "string"
