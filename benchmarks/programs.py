"""Starting programs that are not ours (PostgreSQL, nginx) so that they end with whoever started them.

Ours end when their standard input does, and `hosting.process` starts them; these need a shell that watches it.
"""

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The shell reads from a pipe that closes when the starter dies, however it dies; then it ends the program.
_WITH_ITS_STARTER = '"$@" </dev/null & read -r _; while kill -QUIT $! 2>/dev/null; do sleep 0.05; done'


def launch(command: Sequence[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program whose output goes to the end of a file; `options` are those of Popen."""
    with log.open("ab") as output:
        return subprocess.Popen(
            ["/bin/sh", "-c", _WITH_ITS_STARTER, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            **options,
        )


def end(program: "subprocess.Popen[bytes]") -> None:
    """End what `launch` started, and wait for it."""
    if program.stdin is not None:
        with contextlib.suppress(OSError):
            program.stdin.close()
    program.wait()
