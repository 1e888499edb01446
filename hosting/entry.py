"""How a program of ours starts: Ctrl-C ends it with status 130 and no traceback, while Python still imports it too."""

import sys
from importlib import import_module

INTERRUPTED = 130
"""The status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""


def start(module: str, program: str) -> None:
    """Import a module and run its group of commands, `main`, under the name of a program."""
    try:
        import_module(module).main(prog_name=program)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
