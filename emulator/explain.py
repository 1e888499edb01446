"""`explain CODE`: from a number to what it means, at which step, and what to do."""

import re

from simulation.error_numbers import BY_NUMBER, NUMBERS, Number

UNKNOWN_FIX = "ask whoever runs the service that gave this number"
MAX_NEAR = 3


class UnknownCode(Exception):
    """No such number in the table. `near` holds the most similar ones, best first."""

    def __init__(self, code: str, near: tuple[Number, ...]) -> None:
        self.code, self.near = code, near
        listed = ", ".join(f"{meaning.number} ({meaning.title})" for meaning in near)
        super().__init__(f"No number {code[:40]!r} is known here. Near it: {listed}.")


def explain(code: str) -> Number:
    """Return the meaning of a number as a person types it; the minus may be left out. Raises `UnknownCode`."""
    text = code.strip().replace("−", "-")
    if re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        number = int(text)
        for candidate in (number, -abs(number)):
            if candidate in BY_NUMBER:
                return BY_NUMBER[candidate]
    raise UnknownCode(code, _near(text))


def title_of(number: int) -> str:
    """Return the short title of a number."""
    return BY_NUMBER[number].title if number in BY_NUMBER else "unknown number"


def fix_for(number: int | None) -> str:
    """Return the table's advice for a number, or general advice for one it lacks."""
    meaning = BY_NUMBER.get(number) if number is not None else None
    return meaning.fix if meaning else UNKNOWN_FIX


def _near(text: str) -> tuple[Number, ...]:
    from difflib import SequenceMatcher

    def likeness(meaning: Number) -> float:
        return SequenceMatcher(None, text[:16].lstrip("+-"), str(abs(meaning.number))).ratio()

    return tuple(sorted(NUMBERS, key=likeness, reverse=True)[:MAX_NEAR])
