"""Part e: from the start of a program to its ready line, and the whole demo, in units of a bare start.

That is an interpreter that imports Flask and the X.509 part of cryptography, which the services need anyway. It takes
turns with what is measured. CPU is that of all processes; the time of the wall is beside it.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.figures import Figure, Goal, Line, Say, median_ratio
from hosting.process import module_command, start

GROUP = "e. start and memory"
ROOT = Path(__file__).resolve().parent.parent
BARE = [sys.executable, "-c", "import flask, cryptography.x509"]
# As installed programs run: with compiled modules, whatever the environment of whoever measures says.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Used(NamedTuple):
    """Seconds of CPU, of all processes that ended meanwhile, and of the wall."""

    cpu: float
    wall: float


def measure_starts(state: Path, rounds: int, say: Say) -> list[Line]:
    """Start the services on a state that exists, and run the demo, environment in place."""
    authenticator = {"SEES_AUTHENTICATOR": "1001," + "0" * 32}
    programs: dict[str, tuple[Callable[[], None], float]] = {
        "mock ready, existing state": (lambda: _until_ready("expressplay_mock", f"--state={state}"), 2.2),
        "SEES ready": (lambda: _until_ready("server", "--expressplay=http://127.0.0.1:1", env=authenticator), 1.2),
        "scripts/demo, warm": (lambda: _run([sys.executable, str(ROOT / "scripts" / "demo")]), 10.0),
    }
    bare: list[Used] = []
    used: dict[str, list[Used]] = {name: [] for name in programs}
    for program, _ in programs.values():
        program()  # warm
    for number in range(rounds):
        say(f"e. starts: round {number + 1} of {rounds}")
        bare.append(bare_start())
        for name, (program, _) in programs.items():
            used[name].append(_used(program))
    lines: list[Line] = [Figure(GROUP, "bare start: CPU", median(each.cpu for each in bare) * 1e3, "ms")]
    for name, (_, goal) in programs.items():
        cpu, wall = (
            median_ratio([each[number] for each in used[name]], [each[number] for each in bare]) for number in (0, 1)
        )
        lines.append(Figure(GROUP, f"{name}: CPU", cpu, "bare starts", Goal(goal, goal, more_is_better=False)))
        lines.append(Figure(GROUP, f"{name}: time", wall, "bare starts"))
    return lines


def bare_start() -> Used:
    """Measure the unit once."""
    return _used(lambda: _run(BARE))


def _used(program: Callable[[], None]) -> Used:
    before, begin = _cpu_of_children(), time.perf_counter()
    program()
    return Used(_cpu_of_children() - before, time.perf_counter() - begin)


def _cpu_of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _until_ready(package: str, *options: str, env: Mapping[str, str] | None = None) -> None:
    command = module_command(package, "serve", "--port=0", *options)
    with start(command, env={**ENVIRONMENT, **(env or {})}) as service:
        service.process.kill()  # its end is not measured


def _run(command: list[str]) -> None:
    subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
