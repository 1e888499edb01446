"""Part b: the license endpoint over HTTP under load, the row committed, with what it costs beside the cryptography.

The load is a closed loop on keep-alive connections from a process of its own. All servers are up all the time and take
turns, round by round, so that whatever slows the machine down slows all of them down.
"""

import hashlib
import multiprocessing
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from threading import Thread

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks import empty_view
from benchmarks.figures import Figure, Goal, Line, Say, cpu_seconds, median_ratio, memory
from benchmarks.limits import cpu, parts_of
from benchmarks.postgres import Postgres
from benchmarks.services import start_mock
from benchmarks.workload import Connection, Workload, workload_of
from hosting.process import Service, start

GROUP = "b. the license endpoint"
CONNECTIONS = 8
DEVICE = "bench"


@dataclass
class Contender:
    """One way to run the mock, and what its rounds have shown."""

    name: str
    service: Service
    spc_version: int = 2
    cpu: list[float] = field(default_factory=list)
    """CPU seconds per request, a round each."""
    share: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    generator: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Load:
    """What the generator saw: seconds of the wall and of its own CPU, and each request's seconds."""

    wall: float
    cpu: float
    latencies: list[float]


def measure_licenses(state: Path, postgres: Postgres, rounds: int, requests: int, say: Say) -> tuple[list[Line], float]:
    """Return the lines, and the CPU seconds of one license request on SQLite with one worker."""
    workloads = {version: workload_of(state, version) for version in (1, 2)}
    cryptography = {version: _cryptography(version) for version in workloads}
    with ExitStack() as stack:
        contenders = [
            Contender(name, stack.enter_context(start_mock(state, "--threads=1", *options)), version)
            for name, version, options in (
                ("SQLite, 1 worker", 2, (f"--database=sqlite:///{state}/1.db",)),
                ("SQLite, 1 worker, SPC v1", 1, (f"--database=sqlite:///{state}/5.db",)),
                ("SQLite, 2 workers", 2, (f"--database=sqlite:///{state}/2.db", "--workers=2")),
                ("SQLite, 1 worker of 16 threads", 2, (f"--database=sqlite:///{state}/4.db", "--threads=16")),
                ("SQLite durable, 1 worker", 2, (f"--database=sqlite:///{state}/3.db", "--durable")),
                ("PostgreSQL, 1 worker", 2, (f"--database={postgres.new_database()}",)),
                ("PostgreSQL, 2 workers", 2, (f"--database={postgres.new_database()}", "--workers=2")),
            )
        ]
        for contender in contenders:
            run_load(contender.service.url, license_requests(workloads[contender.spc_version], 64))  # warm
        view = Contender("empty view", stack.enter_context(start([sys.executable, "-P", empty_view.__file__])))
        run_load(view.service.url, [empty_view.REQUEST] * 64)
        for number in range(rounds):
            for contender in contenders:
                say(f"b. round {number + 1} of {rounds}: {contender.name}")
                version = contender.spc_version
                _one_round(contender, license_requests(workloads[version], requests), cryptography[version])
            _one_round(view, [empty_view.REQUEST] * requests, cryptography[2])
        lines = [line for contender in contenders for line in _lines(contender)]
        beside = [used * (1 - share) for used, share in zip(contenders[0].cpu, contenders[0].share, strict=True)]
        in_views = median_ratio(beside, view.cpu)
        lines += [
            Figure(GROUP, "an empty view on the same server: CPU per request", median(view.cpu) * 1e6, "µs"),
            Figure(GROUP, f"{contenders[0].name}: CPU beside the cryptography", median(beside) * 1e6, "µs"),
            Figure(
                GROUP, "the same in units of the empty view", in_views, "views", Goal(3.0, 3.0, more_is_better=False)
            ),
        ]
        by_name = {contender.name: contender for contender in contenders}
        for engine in ("SQLite", "PostgreSQL"):
            one, two = by_name[f"{engine}, 1 worker"], by_name[f"{engine}, 2 workers"]
            ratio = median_ratio(two.cpu, one.cpu)
            name = f"{engine}: CPU per request, 2 workers / 1"
            lines.append(Figure(GROUP, name, ratio, "×", Goal(1.10, 1.05, more_is_better=False)))
        return lines, median(contenders[0].cpu)


def license_requests(workload: Workload, count: int) -> list[bytes]:
    """Return requests that are all to be licensed: a bound token of one of many cookies, and a fresh SPC each."""
    tokens = [workload.token(secrets.token_hex(16), DEVICE) for _ in range(64)]
    return [workload.redemption(tokens[number % len(tokens)], workload.spc(DEVICE)) for number in range(count)]


def run_load(url: str, requests: Sequence[bytes]) -> Load:
    """Send requests from another process and return what it saw. Raises `RuntimeError` unless all were licensed."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_generate, (url, requests))


def _one_round(contender: Contender, requests: list[bytes], cryptography: Callable[[], object]) -> None:
    before = cpu_seconds(contender.service.process.pid)
    load = run_load(contender.service.url, requests)
    used = (cpu_seconds(contender.service.process.pid) - before) / len(requests)
    crypto = median(cpu(cryptography) for _ in range(5))
    contender.cpu.append(used)
    contender.share.append(crypto / used)
    contender.rate.append(len(requests) / load.wall)
    contender.generator.append(load.cpu / len(requests))
    contender.latencies += load.latencies


def _cryptography(spc_version: int) -> Callable[[], None]:
    """Return the calls that a license must make: those of its messages, AES-GCM of the token, the replay id."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024 * spc_version)
    messages = parts_of(key, spc_version).cryptography
    token_key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    sealed = AESGCM(token_key).encrypt(nonce, bytes(250), None)

    def all_of_it() -> None:
        AESGCM(token_key).decrypt(nonce, sealed, None)
        messages()
        hashlib.sha256(nonce).hexdigest()

    return all_of_it


def _generate(url: str, requests: Sequence[bytes]) -> Load:
    latencies: list[float] = []
    failures: list[str] = []

    def client(own: Sequence[bytes]) -> None:
        with closing(Connection(url)) as connection:
            for request in own:
                start = time.perf_counter()
                answer = connection.ask(request)
                latencies.append(time.perf_counter() - start)
                if answer.status != 200:
                    failures.append(f"HTTP {answer.status} {answer.body[:200]!r}")

    threads = [Thread(target=client, args=(requests[number::CONNECTIONS],)) for number in range(CONNECTIONS)]
    wall, own_cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures or len(latencies) != len(requests):
        raise RuntimeError(f"{len(requests) - len(latencies)} unanswered, {len(failures)} refused: {failures[:1]}")
    return Load(time.perf_counter() - wall, time.process_time() - own_cpu, latencies)


def _lines(contender: Contender) -> list[Line]:
    name = contender.name
    return [
        Figure(GROUP, f"{name}: CPU per request", median(contender.cpu) * 1e6, "µs"),
        Figure(GROUP, f"{name}: cryptography / CPU", median(contender.share), ""),
        Figure(GROUP, f"{name}: requests", median(contender.rate), "/s"),
        Figure(GROUP, f"{name}: p50", median(contender.latencies) * 1e3, "ms"),
        Figure(GROUP, f"{name}: p99", quantiles(contender.latencies, n=100)[98] * 1e3, "ms"),
        Figure(GROUP, f"{name}: CPU of the generator per request", median(contender.generator) * 1e6, "µs"),
        Figure(GROUP, f"{name}: memory of a worker", memory(contender.service.process.pid), "MiB"),
    ]
