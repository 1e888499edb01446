"""Part c: the whole binding, steps 0 to 13, and its CPU against the four cryptographic acts that it is about.

The memory of part e is here too, since the same processes serve it.
"""

import time
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Goal, Line, Say, cpu_seconds, median_ratio, memory
from benchmarks.licenses import license_requests, run_load
from benchmarks.services import running_services, start_mock
from benchmarks.starts import GROUP as MEMORY_GROUP
from benchmarks.starts import bare_start
from benchmarks.workload import workload_of
from emulator.binding import Client, bind
from emulator.device import Device, provision
from emulator.parties import SEES
from emulator.transport import Web
from hosting.process import Service
from simulation.clock import Clock
from simulation.journal import Journal

GROUP = "c. the whole binding"
EXCHANGES = 50


def measure_bindings(state: Path, rounds: int, license_cpu: float, build_cpu: float, say: Say) -> list[Line]:
    """Bind again and again; `license_cpu` and `build_cpu` are the seconds of one license and of one SPC build."""
    wall: list[float] = []
    exchanges: list[float] = []
    bare: list[float] = []
    used: dict[str, list[float]] = {"client": [], "SEES": [], "mock": []}
    with running_services(state=state) as (mock, sees):
        web = Web()
        device = Device("bench", provision(web, mock.url))
        client = Client(device, sees.url, web, Journal("client", Clock()))
        bind(client, "warm")
        for number in range(rounds):
            say(f"c. binding {number + 1} of {rounds}")
            before = _cpu(mock, sees)
            begin = time.perf_counter()
            for repeat in range(5):
                bind(client, f"{number}-{repeat}")
            wall.append((time.perf_counter() - begin) / 5)
            for party, after in _cpu(mock, sees).items():
                used[party].append((after - before[party]) / 5)
            exchanges.append(_exchange(web, sees.url))
            bare.append(bare_start().cpu)
        web.close()
    total = [sum(parts) for parts in zip(*used.values(), strict=True)]
    in_starts = median_ratio(exchanges, bare) * 1e3
    parts = 2 * license_cpu + 2 * build_cpu
    return [
        Figure(GROUP, "latency", median(wall) * 1e3, "ms"),
        *(Figure(GROUP, f"CPU of the {party}", median(used[party]) * 1e3, "ms") for party in used),
        Figure(GROUP, "CPU / (2 redemptions + 2 SPC builds)", median(total) / parts, "×"),
        Figure(GROUP, "CPU of the client an exchange", median(exchanges) * 1e6, "µs"),
        Figure(GROUP, "the same in bare starts (part e)", in_starts, "/ 1,000", Goal(2.0, 2.0, False)),
    ]


def measure_memory(state: Path, requests: int, say: Say) -> list[Line]:
    """Load one worker with many requests and look how it grows."""
    workload = workload_of(state)
    with start_mock(state, "--threads=1", f"--database=sqlite:///{state}/memory.db") as mock:
        run_load(mock.url, license_requests(workload, 500))
        before = memory(mock.process.pid)
        for done in range(0, requests, 5_000):
            say(f"e. memory: {done} of {requests} requests")
            run_load(mock.url, license_requests(workload, min(5_000, requests - done)))
        after = memory(mock.process.pid)
    return [
        Figure(MEMORY_GROUP, "memory of a worker after 500 requests", before, "MiB"),
        Figure(MEMORY_GROUP, f"memory of a worker after {requests:,} more", after, "MiB"),
    ]


def _exchange(web: Web, sees: str) -> float:
    """Return the client's CPU seconds for one small answer."""
    before = time.process_time()
    for _ in range(EXCHANGES):
        web.get(SEES, f"{sees}/titles", expected="the titles")
    return (time.process_time() - before) / EXCHANGES


def _cpu(mock: Service, sees: Service) -> dict[str, float]:
    servers = {"SEES": cpu_seconds(sees.process.pid), "mock": cpu_seconds(mock.process.pid)}
    return {"client": time.process_time(), **servers}
