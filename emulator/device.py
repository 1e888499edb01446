"""A virtual device: a seed that is its identity, a clock of its own, and what it was provisioned with.

A real device derives DASk by the D function, which Apple keeps confidential, and never holds an ASk: that is the
provider's, and its key server's. Here an open derivation stands in, so every virtual device holds the ASk, from
ExpressPlay's `/_sim/provisioning`, and a holder of it can forge a device id.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import BadProvisioning
from emulator.parties import EXPRESSPLAY
from emulator.transport import Web
from fairplay.certificate import ApplicationCertificate, BadCertificate, load_certificate
from fairplay.layout import Capability, HdcpLevel, PlaybackState
from fairplay.randomness import RandomBytes
from fairplay.session_key import ASK_SIZE, device_id_of
from fairplay.spc import SpcContents, build_spc
from simulation.clock import Clock
from simulation.strict_json import parse_json

ID_SEED_SIZE = 16
"""Bytes of an app's own seed for a randomised device id."""
EXPECTED = '{"certificate": "<Base64 DER>", "ask": "<32 hex>"}'


@dataclass(frozen=True)
class Provisioning:
    """What every device is provisioned with: the application certificate and the ASk (16 bytes).

    `v1` is the certificate for SPCs of version 1 (RSA-1024), where this ExpressPlay takes such.
    """

    certificate: ApplicationCertificate
    ask: bytes = field(repr=False)
    v1: ApplicationCertificate | None = None

    def __post_init__(self) -> None:
        if len(self.ask) != ASK_SIZE:
            raise ValueError(f"ASk: expected {ASK_SIZE} bytes, found {len(self.ask)}")


@dataclass(frozen=True)
class Device:
    """One device. The same `seed` is the same device; `random` is its source of random bytes.

    `spc_version` is the version of the SPCs it makes, 2 or, as an old device, 1. `randomised` is what an app can ask of
    the platform since iOS 26 (AVContentKeyRequestShouldRandomizeDeviceIdentifierKey): another HU in every SPC, or with
    `id_seed`, 16 bytes of the app's own, one that is not the hardware's but stays. `capabilities` are those that its
    SPCs tell of; `output` is how its screen is protected.
    """

    seed: str
    provisioning: Provisioning
    clock: Clock = field(default_factory=Clock, repr=False)
    random: RandomBytes = field(default=os.urandom, repr=False)
    spc_version: int = 2
    randomised: bool = False
    id_seed: bytes | None = field(default=None, repr=False)
    capabilities: Capability = Capability.HDCP_TYPE_1
    output: HdcpLevel = HdcpLevel.TYPE_1

    def __post_init__(self) -> None:
        if self.id_seed is not None and len(self.id_seed) != ID_SEED_SIZE:
            raise ValueError(
                f"the seed of a randomised device id has {ID_SEED_SIZE} bytes, this one {len(self.id_seed)}"
            )

    @property
    def device_id(self) -> str:
        """The hardware's HU in its textual form, 40 lower-case hex digits."""
        return device_id_of(self.seed).hex()

    def next_hu(self) -> bytes:
        """Return the HU (20 bytes) that the next SPC says."""
        if not self.randomised:
            return device_id_of(self.seed)
        return device_id_of(f"{self.seed}/{(self.id_seed or self.random(ID_SEED_SIZE)).hex()}")

    @property
    def certificate(self) -> ApplicationCertificate:
        """The certificate that its SPCs are made with. Raises `BadProvisioning` if none was given for its version."""
        if self.spc_version != 1:
            return self.provisioning.certificate
        if self.provisioning.v1 is None:
            raise BadProvisioning(
                expected='{"v1": {"certificate": …}} beside the other certificate, for SPC version 1',
                found="none",
                fix="let this ExpressPlay take SPC version 1, or make SPCs of version 2",
            )
        return self.provisioning.v1


def make_spc(
    device: Device, content_id: str, state: PlaybackState = PlaybackState.READY, session: bytes | None = None
) -> tuple[bytes, SpcContents]:
    """Return a fresh SPC for `content_id`, and what is in it, which opens the CKC later.

    `session` (8 bytes) is the same for all SPCs of one playback; None begins a new one.
    """
    return build_spc(
        certificate=device.certificate,
        ask=device.provisioning.ask,
        device_id=device.next_hu(),
        asset_id=content_id.encode(),
        now=int(device.clock.now()),
        random=device.random,
        state=state,
        session=session,
        capabilities=device.capabilities,
    )


def parse_provisioning(body: bytes) -> Provisioning:
    """Read the answer of `/_sim/provisioning`. Raises `BadProvisioning` for anything but a certificate and an ASk."""
    try:
        value = parse_json(body)
    except ValueError as error:
        raise _bad(f"something else: {error}") from None
    match value:
        case {"certificate": str(certificate), "ask": str(ask)}:
            pass
        case _:
            raise _bad("JSON of another form")
    if not re.fullmatch(r"[0-9a-fA-F]{32}", ask):
        raise _bad(f"an ask of {len(ask)} characters that is no such hex")
    return Provisioning(_certificate(certificate), bytes.fromhex(ask), _v1_certificate(value))


def _v1_certificate(value: Mapping[str, Any]) -> ApplicationCertificate | None:
    match value:
        case {"v1": {"certificate": str(text)}}:
            certificate = _certificate(text)
        case {"v1": other} if other is not None:
            raise _bad("a v1 without its certificate")
        case _:
            return None
    if certificate.spc_version != 1:
        raise _bad("a v1 certificate whose key is not RSA-1024")
    return certificate


def _certificate(text: str) -> ApplicationCertificate:
    try:
        return load_certificate(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        reason = str(error) if isinstance(error, BadCertificate) else "a certificate that is no Base64"
        raise _bad(reason) from None


def provision(web: Web, expressplay: str) -> Provisioning:
    """Fetch what a device is provisioned with from the ExpressPlay at base URL `expressplay`."""
    answer = web.ask(EXPRESSPLAY, "GET", f"{expressplay}/_sim/provisioning")
    if answer.status == 404:
        fix = "start expressplay-mock without --no-sim, and check that --expressplay is its address"
        raise answer.unexpected(EXPECTED, fix=fix)
    if answer.status != 200:
        raise answer.unexpected(EXPECTED)
    return parse_provisioning(answer.body)


def _bad(found: str) -> BadProvisioning:
    fix = "check that --expressplay is the address of expressplay-mock, and not of SEES"
    return BadProvisioning(expected=EXPECTED, found=found, fix=fix)
