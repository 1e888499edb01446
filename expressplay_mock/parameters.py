"""Parameters of a request, from its query string or its form body, each with one value unless it may repeat."""

import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl

from expressplay_mock.errors import Code, Refusal
from simulation.printable import plain

Parameters = Mapping[str, tuple[str, ...]]
"""Values by name. Bytes that are no UTF-8 are lone surrogates, so that no check can take them for text."""

_DIGITS = {"hexadecimal digits": "0123456789abcdefABCDEF", "decimal digits": "0123456789"}
_LOOK_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u043a\u043c\u0442\u0432\u043d\u0261\u0131"
    "\u03b1\u03b5\u03bf\u03c1\u03c5\u03c7\u03b9\u03ba\u03bd\u03c4\u03f2" "01l",
    "aeopcyxijsdhkmtbhgi" "aeopuxikvtc" "oii",
)  # fmt: skip
"""Letters of Cyrillic and Greek, and digits, by the Latin letter that they are taken for (after case folding)."""
_LATIN = re.compile(r"LATIN (?:SMALL LETTER(?: DOTLESS)?|LETTER SMALL CAPITAL) ([A-Z])(?: WITH .*)?")
"""The Unicode names of Latin letters that are another one with a stroke or a hook, or a small capital."""
_HEX = re.compile(r"([0-9A-Fa-f]{2})+", re.ASCII)
_INDEX = re.compile(r"\[[^][]*\]")

FORM = "application/x-www-form-urlencoded"


def read_parameters(*encoded: bytes) -> Parameters:
    """Parse percent-encoded parameters, those of all the arguments together; never fails."""
    values: dict[str, list[str]] = {}
    for part in encoded:
        text = part.decode("utf-8", "surrogateescape")
        for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
            values.setdefault(name, []).append(value)
    return {name: tuple(given) for name, given in values.items()}


def single_values(parameters: Parameters, known: Mapping[str, Code]) -> dict[str, str]:
    """Return the value of each `known` parameter that is there, an empty one included.

    Raises `Refusal` with the parameter's own code where it is given twice, or under a name that nearly is its own.
    """
    check_names(parameters, known)
    for name, code in known.items():
        times = len(parameters.get(name, ()))
        if times > 1:
            raise Refusal(code, name, expected="it once", found=f"it {times} times", fix="send one value")
    return {name: parameters[name][0] for name in known if name in parameters}


def check_names(parameters: Parameters, known: Mapping[str, Code]) -> None:
    """Raise `Refusal` for a name that nearly is a `known` one, with that one's code.

    Taken for unknown, `deviceid`, `deviceIds`, `deviceId[]` or `token[deviceId]` would silently make a token
    for any device. Only the part that looks like it is shown: another may be a secret in the wrong place.
    """
    strange = [name for name in parameters if name not in known]
    by_folded = {_fold(name): name for name in known} if strange else {}
    for name in strange:
        for part in (_INDEX.sub("[]", name), *_INDEX.findall(name)):
            meant = by_folded.get(_fold(part), name)
            if meant != name:
                found = ascii(part[:64])
                raise Refusal(known[meant], meant, expected="that spelling", found=found, fix=f"spell it {meant}")


def form_of(value: str, digits: str = "hexadecimal digits") -> str:
    """Describe a value without showing it: it may be a secret in the wrong place."""
    if not value:
        return "an empty value"
    strange = sum(character not in _DIGITS[digits] for character in value)
    return f"{len(value)} characters" + (f", {strange} of them no {digits}" if strange else "")


def from_hex(value: str, code: Code, name: str, sizes: tuple[int, ...], fix: str | None = None) -> bytes:
    """Return the bytes that hexadecimal digits stand for, of one of `sizes`. Raises `Refusal` with `code`."""
    found = bytes_of_hex(value, sizes)
    if found is None:
        # The value may well be a secret with a slip in it: only its form is told.
        expected = " or ".join(str(2 * size) for size in sizes) + " hexadecimal digits"
        raise Refusal(code, name, expected=expected, found=form_of(value), fix=fix)
    return found


def bytes_of_hex(value: str, sizes: tuple[int, ...]) -> bytes | None:
    """Return the bytes that hexadecimal digits stand for; None unless there are digits only, for one of `sizes`."""
    return bytes.fromhex(value) if _HEX.fullmatch(value) and len(value) // 2 in sizes else None


def is_text(value: str) -> bool:
    """Tell whether every store and every JSON reader takes `value`: no NUL, and nothing that was not UTF-8."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _fold(name: str) -> str:
    """Return what a name looks like: without case, accents, plural, HTML's &amp; and whatever is no letter or digit."""
    letters = plain(name.removeprefix("amp;"), "NFKD").casefold().translate(_LOOK_ALIKE)
    return "".join(_latin(character) for character in letters if character.isalnum()).removesuffix("s")


def _latin(letter: str) -> str:
    """Return the plain letter that a Latin one is taken for; any other as it is."""
    if letter.isascii():
        return letter
    found = _LATIN.fullmatch(unicodedata.name(letter, ""))
    return found[1].lower().translate(_LOOK_ALIKE) if found else letter
