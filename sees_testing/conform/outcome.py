"""The exceptions by which a check ends when it did not pass."""


class Failed(Exception):
    """A check found something else than it expected."""

    def __init__(self, *, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")


class Skipped(Exception):
    """A check needs what is not there; the text says what."""
