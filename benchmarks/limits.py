"""Part a: the limit that the RSA operation sets, and how near `fairplay` comes to it, without HTTP and log."""

import multiprocessing
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from benchmarks.figures import Figure, Line, Say, median_ratio
from fairplay import layout
from fairplay.aes import cbc_decrypt, cbc_encrypt, encrypt_block
from fairplay.certificate import ApplicationCertificate
from fairplay.ckc import ContentKey, ckc_key, seal_ckc
from fairplay.envelope import OAEP_PADDING, read_envelope, unwrap_spc_key
from fairplay.errors import CannotDecrypt
from fairplay.session_key import derive, device_id_of, integrity
from fairplay.spc import KeyServer, build_spc, open_spc

GROUP = "a. the bare limit"
ASK = bytes(range(16))
CONTENT = ContentKey(bytes(16), bytes(16))
BATCH = 25


@dataclass(frozen=True)
class Parts:
    """Calls that each do one part of the work on the same message, and two that refuse it."""

    bare: Callable[[], object]
    cryptography: Callable[[], object]
    open_and_seal: Callable[[], object]
    build: Callable[[], object]
    oaep_fails: Callable[[], object]
    other_length: Callable[[], object]


def measure_limits(rounds: int, say: Say) -> list[Line]:
    """Measure both versions of the SPC."""
    lines: list[Line] = []
    for bits, version in ((2048, 2), (1024, 1)):
        say(f"a. RSA-{bits}")
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        parts = parts_of(key, version)
        took = [[cpu(call) for call in vars(parts).values()] for _ in range(rounds)]
        bare, cryptography, both, build, oaep, length = (list(column) for column in zip(*took, strict=True))
        of_bare, of_sum = median_ratio(bare, both), median_ratio(cryptography, both)
        lines += [
            Figure(GROUP, f"RSA-{bits} OAEP decrypt", median(bare) * 1e6, "µs"),
            Figure(GROUP, f"SPC v{version}: open + seal", median(both) * 1e6, "µs"),
            Figure(GROUP, f"SPC v{version}: build", median(build) * 1e6, "µs"),
            Figure(GROUP, f"v{version}: bare RSA / (open + seal)", of_bare, ""),
            Figure(GROUP, f"v{version}: cryptography / (open + seal)", of_sum, ""),
            Figure(GROUP, f"v{version}: refused, OAEP fails / key of 15 bytes", median_ratio(oaep, length), ""),
        ]
        for processes in (1, 2):
            rate = _rate(bits, processes)
            lines.append(Figure(GROUP, f"RSA-{bits} in {processes} process{'es'[: processes * 2 - 2]}", rate, "/s"))
    return lines


def parts_of(key: RSAPrivateKey, version: int) -> Parts:
    """Return the parts of one message for a key; RSA-2048 makes version 2, RSA-1024 version 1."""
    certificate = ApplicationCertificate(bytes(20), key.public_key(), version)
    keys = KeyServer({certificate.hash: key}, ASK)

    def build() -> bytes:
        spc, _ = build_spc(
            certificate=certificate,
            ask=ASK,
            device_id=device_id_of("bench"),
            asset_id=b"e9a1c6c2-0001-4a00-8000-000000000001",
            now=1_700_000_000,
            random=os.urandom,
        )
        return spc

    spc = build()
    envelope, contents = read_envelope(spc), open_spc(spc, keys)
    sealed = contents.values[layout.SKR1.code]
    wrapped = envelope.wrapped_key
    garbled = spc.replace(wrapped, wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    short = spc.replace(wrapped, certificate.public_key.encrypt(bytes(15), OAEP_PADDING[version]))
    ckc_payload = seal_ckc(contents, CONTENT, random=os.urandom)[28:]

    def cryptography() -> None:
        unwrap_spc_key(envelope, key)
        cbc_decrypt(contents.spc_key, envelope.iv, envelope.payload)
        derived = derive(ASK, contents.r2)
        cbc_decrypt(derived.dask, sealed[:16], sealed[16:])
        integrity(derived, contents.block)
        encrypt_block(contents.block.sk, CONTENT.key)
        cbc_encrypt(ckc_key(contents.block.r1, contents.anti_replay_seed), envelope.iv, ckc_payload)

    return Parts(
        bare=lambda: unwrap_spc_key(envelope, key),
        cryptography=cryptography,
        open_and_seal=lambda: seal_ckc(open_spc(spc, keys), CONTENT, random=os.urandom),
        build=build,
        oaep_fails=lambda: _refuse(garbled, keys),
        other_length=lambda: _refuse(short, keys),
    )


def _refuse(spc: bytes, keys: KeyServer) -> None:
    with suppress(CannotDecrypt):
        open_spc(spc, keys)


def cpu(call: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, as the mean of a batch."""
    start = time.thread_time()
    for _ in range(BATCH):
        call()
    return (time.thread_time() - start) / BATCH


def _rate(bits: int, processes: int) -> float:
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.map(_decrypts_per_second, [bits] * processes))


def _decrypts_per_second(bits: int) -> float:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    bare = parts_of(key, 2 if bits == 2048 else 1).bare
    start, count = time.perf_counter(), 0
    while time.perf_counter() < start + 0.5:
        bare()
        count += 1
    return count / (time.perf_counter() - start)
