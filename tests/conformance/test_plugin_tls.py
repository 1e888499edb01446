"""The plugin and the kit on a team's own SEES that speaks TLS, and only to clients with a certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import Certificates
from small_sees import DUMMY, FILM, SmallSees

from emulator.errors import TlsFailed
from hosting.serving import running
from hosting.tls.tls import ClientTls
from sees_testing.conform.model import Verdict
from sees_testing.conform.runner import conform
from sees_testing.device import VirtualDevice, virtual_device
from sees_testing.expressplay import RunningExpressPlay


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def client_tls(certificates: Certificates) -> ClientTls:
    """Stands in for the plugin's own, as docs/testing.md says."""
    return certificates.client()


@pytest.fixture
def own_sees(expressplay: RunningExpressPlay, certificates: Certificates) -> Iterator[str]:
    sees = SmallSees(expressplay.url, expressplay.authenticator)
    with sees.http, running(sees.app(), certificates.server(clients=certificates)) as url:
        yield url


def test_the_fixture_of_a_device_uses_the_suites_certificate(own_sees: str, virtual_device: VirtualDevice) -> None:
    virtual_device.register(own_sees, DUMMY, "alice")
    assert len(virtual_device.play(own_sees, FILM, "alice").content.key) == 16


def test_a_device_without_one_is_turned_away(
    own_sees: str, expressplay: RunningExpressPlay, client_tls: ClientTls
) -> None:
    with (
        virtual_device(expressplay.url, tls=client_tls.without_certificate()) as device,
        pytest.raises(TlsFailed, match="turns away clients without a certificate"),
    ):
        device.register(own_sees, DUMMY, "alice")


def test_the_kit_runs_over_mutual_tls(own_sees: str, expressplay: RunningExpressPlay, client_tls: ClientTls) -> None:
    some = [1, 11, 25, 28, 29]  # of each kind: raw requests, devices, faults
    results = conform(sees=own_sees, expressplay=expressplay.url, content=FILM, dummy=DUMMY, tls=client_tls, only=some)
    assert {result.verdict for result in results} == {Verdict.PASSED}
    with pytest.raises(TlsFailed, match="--ca"):
        conform(sees=own_sees, expressplay=expressplay.url, content=FILM, dummy=DUMMY)
