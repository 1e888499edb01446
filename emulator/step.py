"""The step of the diagram that is being taken. Errors and the client's journal read it here, so no call hands it on."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[int | None] = ContextVar("step that this thread takes", default=None)


@contextmanager
def at_step(number: int) -> Iterator[None]:
    """Take what happens in this block as step `number`; inside another block the inner one counts.

    Do not `yield` from a generator inside it: the step would hold for whoever asked the generator.
    """
    token = _current.set(number)
    try:
        yield
    finally:
        _current.reset(token)


def current_step() -> int | None:
    """Return the step that is being taken; None outside of any block."""
    return _current.get()
