"""The conformance kit: numbered checks of anybody's SEES, each with the sentence of the public API that it holds.

`conform` runs them, and `__all__` names what its callers work with.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sees_testing.conform.model import CHECKS, Check, Result, Verdict
    from sees_testing.conform.probe import Known
    from sees_testing.conform.runner import conform, failures
    from sees_testing.conform.wire import Exchange

__all__ = ["CHECKS", "Check", "Exchange", "Known", "Result", "Verdict", "conform", "failures"]

_WHERE = {
    "model": ("CHECKS", "Check", "Result", "Verdict"),
    "runner": ("conform", "failures"),
    "probe": ("Known",),
    "wire": ("Exchange",),
}


def __getattr__(name: str) -> Any:
    # When it is asked for: the modules of this package import one another, and this one with them.
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
