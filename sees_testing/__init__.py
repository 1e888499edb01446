"""For the test suites of other people's systems: a pytest plugin, and a conformance kit for any SEES.

What `__all__` names is for those suites, as is `sees_testing.conform` and the function `sees_testing.serving.serving`;
nothing else is promised to stay. Importing this package loads none of its parts before one is asked for: it is in every
pytest run of whoever has it installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sees_testing.device import VirtualDevice, virtual_device
    from sees_testing.expressplay import ExpressPlayOptions, RunningExpressPlay, StageError, running_expressplay
    from sees_testing.sees import RunningSees, running_sees
    from sees_testing.serving import StartError, serving_process

__version__ = "0.1.0"

__all__ = [
    "ExpressPlayOptions",
    "RunningExpressPlay",
    "RunningSees",
    "StageError",
    "StartError",
    "VirtualDevice",
    "running_expressplay",
    "running_sees",
    "serving_process",
    "virtual_device",
]

_WHERE = {
    "device": ("VirtualDevice", "virtual_device"),
    "expressplay": ("ExpressPlayOptions", "RunningExpressPlay", "StageError", "running_expressplay"),
    "sees": ("RunningSees", "running_sees"),
    "serving": ("StartError", "serving_process"),
}


def __getattr__(name: str) -> Any:
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
