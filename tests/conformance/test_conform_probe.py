"""The devices of the kit: what is told when a token URL leads to no license server."""

import pytest
import requests
from fixed_answer import FixedAnswer, answering

from emulator.device import Device, Provisioning
from emulator.transport import Web
from fairplay.certificate import ApplicationCertificate
from sees_testing.conform.outcome import Failed
from sees_testing.conform.probe import Probe
from sees_testing.conform.wire import Wire


@pytest.mark.parametrize(("content", "step"), [("dummy", 4), ("film", 11)])
def test_a_license_server_that_is_none_is_told_at_its_step(
    certificate: ApplicationCertificate, content: str, step: int
) -> None:
    device = Device("living room", Provisioning(certificate, bytes(16)))
    with answering(FixedAnswer("<html>")) as url, requests.Session() as http:
        probe = Probe(Wire(url, 5.0, http), Web(), None, "film", "dummy")
        with pytest.raises(Failed, match=f"found step {step}: -9102 unexpected answer"):
            probe.redeem(f"{url}/?ExpressPlayToken=A", device, content)
