"""A virtual device for tests: what a FairPlay player does, without a player. Every failure is an EmulatorError."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from emulator.device import Device, make_spc, provision
from emulator.license_client import RequestType, ask_license, ask_sees, entitlement_request
from emulator.transport import NO_FILES, SEES, Web, clean_base
from fairplay.ckc import License, open_ckc
from hosting.tls.tls import ClientTls


@dataclass(frozen=True, repr=False)
class VirtualDevice:
    """One device. `device_id` (40 hex digits) is what ExpressPlay reads from its SPCs."""

    device: Device
    _web: Web

    @property
    def device_id(self) -> str:
        """HU, in 40 lower-case hex digits."""
        return self.device.device_id

    def __repr__(self) -> str:
        return f"VirtualDevice({self.device.seed!r}, device_id={self.device_id})"

    def other(self, seed: str) -> "VirtualDevice":
        """Return another device; the same seed is the same device."""
        return replace(self, device=replace(self.device, seed=seed))

    def register(self, sees: str, dummy: str, cookie: str) -> License:
        """Play the dummy: from now on `cookie` belongs to this device. `sees` is a base URL, `dummy` a content id."""
        return self.redeem(self.entitle(sees, RequestType.REGISTRATION, dummy, cookie), dummy)

    def play(self, sees: str, content: str, cookie: str) -> License:
        """Get the device-bound license of a content id.

        Raises EntitlementDenied if SEES says no (its `.number`), LicenseRefused if ExpressPlay does.
        """
        return self.redeem(self.entitle(sees, RequestType.DEVICE_BOUND, content, cookie), content)

    def entitle(self, sees: str, request_type: int, content: str, cookie: str) -> str:
        """Ask SEES and return its token URL. Raises EntitlementDenied if it says no."""
        request = entitlement_request(str(uuid.uuid4()), RequestType(request_type), content, cookie)
        return ask_sees(self._web, clean_base(sees, SEES), request, step=1 if request_type == 2 else 6).token_url

    def redeem(self, token_url: str, content: str) -> License:
        """Post a fresh SPC to a token URL and open the CKC. Raises LicenseRefused if ExpressPlay says no."""
        spc, contents = make_spc(self.device, content)
        return open_ckc(ask_license(self._web, token_url, spc, step=4).ckc, contents)


@contextmanager
def virtual_device(expressplay: str, seed: str = "device A", tls: ClientTls = NO_FILES) -> Iterator[VirtualDevice]:
    """Yield a device provisioned by the mock at a base URL; `tls` has the files for https addresses."""
    web = Web(tls=tls)
    try:
        yield VirtualDevice(Device(seed, provision(web, expressplay)), web)
    finally:
        web.close()
