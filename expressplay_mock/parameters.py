"""Parameters of a request, from its query string or its form body, each with one value unless it may repeat."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from expressplay_mock.errors import Code, Refusal

Parameters = Mapping[str, tuple[str, ...]]
"""Values by name. Bytes that are no UTF-8 are lone surrogates, so that no check can take them for text."""

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
    """Return the value of each ``known`` parameter that is there, an empty one included.

    Raises `Refusal` with the parameter's own code where it is given twice, or under a name that differs only in
    case, hyphens or underscores: taken for unknown, ``deviceid`` would silently make a token for any device.
    """
    by_folded = {_fold(name): name for name in known}
    for name in parameters:
        meant = by_folded.get(_fold(name), name)
        if meant != name:
            raise Refusal(known[meant], meant, expected="that spelling", found=ascii(name), fix=f"spell it {meant}")
    for name, code in known.items():
        times = len(parameters.get(name, ()))
        if times > 1:
            raise Refusal(code, name, expected="it once", found=f"it {times} times", fix="send one value")
    return {name: parameters[name][0] for name in known if name in parameters}


def unknown_names(parameters: Parameters, known: Mapping[str, Code]) -> list[str]:
    """Return the names that mean nothing here, shortened and in ASCII, for the journal."""
    return [ascii(name)[1:-1][:64] for name in parameters if name not in known]


def is_text(value: str) -> bool:
    """Tell whether every store and every JSON reader takes ``value``: no NUL, and nothing that was not UTF-8."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
