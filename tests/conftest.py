"""What all tests share: one hypothesis profile, and one device and key server of this simulation."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, settings

from benchmarks.postgres import Postgres, running_postgres, why_no_postgres
from fairplay.certificate import ApplicationCertificate, load_certificate
from fairplay.session_key import device_id_of
from fairplay.spc import KeyServer, SpcContents, build_spc

# No deadline and no example database: a run on a slow machine ends as it does on a fast one. For a longer search with
# other examples every time: scripts/test --hypothesis-profile=long
COMMON = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fixed", COMMON, derandomize=True, max_examples=100)
settings.register_profile("long", COMMON, derandomize=False, max_examples=2000)
settings.load_profile("fixed")

# What the terminal that runs the tests says of itself would change what the commands under test print.
for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)

# Its JVMs live for seconds: half of their work would be that of the second compiler and of the parallel collector.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

ASK = bytes(range(16))


@pytest.fixture(scope="session", params=[2048, 1024], ids=["v2", "v1"])
def private_key(request: pytest.FixtureRequest) -> rsa.RSAPrivateKey:
    """The key server's RSA key. Its size decides the version of the SPCs, so both versions take every test."""
    return rsa.generate_private_key(public_exponent=65537, key_size=request.param)


@pytest.fixture(scope="session")
def certificate_der(private_key: rsa.RSAPrivateKey) -> bytes:
    """A self-signed certificate of that key, in DER form."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SEES SIMULATION (tests)")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, private_key.public_key(), 1, start, start + timedelta(days=36500))
    return builder.sign(private_key, SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def certificate(certificate_der: bytes) -> ApplicationCertificate:
    """The same, as a device uses it."""
    return load_certificate(certificate_der)


@pytest.fixture(scope="session")
def key_server(certificate: ApplicationCertificate, private_key: rsa.RSAPrivateKey) -> KeyServer:
    """What opens the SPCs that `new_spc` makes."""
    return KeyServer({certificate.hash: private_key}, ASK)


@pytest.fixture(scope="session")
def new_spc(certificate: ApplicationCertificate) -> Callable[..., tuple[bytes, SpcContents]]:
    """Build a fresh SPC of the virtual device "A"; keyword arguments replace what is given to `build_spc`."""

    def build(**changes: object) -> tuple[bytes, SpcContents]:
        arguments: dict[str, object] = {
            "certificate": certificate,
            "ask": ASK,
            "device_id": device_id_of("A"),
            "asset_id": b"e9a1c6c2-0001-4a00-8000-000000000001",
            "now": 1_700_000_000,
            "random": os.urandom,
        }
        return build_spc(**{**arguments, **changes})  # type: ignore[arg-type]

    return build


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server; tests make databases of their own in it."""
    problem = why_no_postgres()
    if problem:
        pytest.skip(problem)
    with running_postgres() as server:
        yield server
