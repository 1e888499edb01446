"""For the test suites of other people's systems: a pytest plugin, and a conformance kit for any SEES.

What `__all__` names is for those suites, as is `sees_testing.conform`; nothing else is promised to stay. Importing this
package loads none of its parts before one is asked for: it is in every pytest run of whoever has it installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused
    from hosting.tls.tls import ClientTls
    from sees_testing.device import VirtualDevice, virtual_device
    from sees_testing.expressplay import ExpressPlayOptions, RunningExpressPlay, StageError, running_expressplay
    from sees_testing.sees import RunningSees, running_sees
    from sees_testing.serving import StartError, serving_process

__version__ = "0.1.0"

__all__ = [
    "ClientTls",
    "EmulatorError",
    "EntitlementDenied",
    "ExpressPlayOptions",
    "LicenseRefused",
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
    "emulator.errors": ("EmulatorError", "EntitlementDenied", "LicenseRefused"),
    "hosting.tls.tls": ("ClientTls",),
    "sees_testing.device": ("VirtualDevice", "virtual_device"),
    "sees_testing.expressplay": ("ExpressPlayOptions", "RunningExpressPlay", "StageError", "running_expressplay"),
    "sees_testing.sees": ("RunningSees", "running_sees"),
    "sees_testing.serving": ("StartError", "serving_process"),
}


def __getattr__(name: str) -> Any:
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
