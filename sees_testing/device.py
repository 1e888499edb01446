"""A virtual device for tests: what a FairPlay player does, without a player. Every failure is an EmulatorError."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from emulator import binding
from emulator.binding import Client
from emulator.device import Device, provision
from emulator.key_uri import KeyMode, KeyUri, with_token_url
from emulator.license_client import RequestType
from emulator.parties import SEES
from emulator.step import at_step
from emulator.title import Title
from emulator.transport import NO_FILES, Web, clean_base
from fairplay.ckc import License
from hosting.tls.tls import ClientTls
from simulation.journal import Journal
from simulation.steps import Step


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
        return binding.register(self._client(sees), cookie, _title(dummy)).license

    def play(self, sees: str, content: str, cookie: str) -> License:
        """Get the device-bound license of a content id.

        Raises `EntitlementDenied` if SEES says no (its `.number`), `LicenseRefused` if ExpressPlay does.
        """
        return binding.play(self._client(sees), cookie, _title(content))[0].license

    def entitle(self, sees: str, request_type: int, content: str, cookie: str) -> str:
        """Ask SEES and return its token URL. Raises `EntitlementDenied` if it says no."""
        kind = RequestType(request_type)
        with at_step(Step.ASK_TO_REGISTER if kind is RequestType.REGISTRATION else Step.ASK_TO_PLAY):
            return binding.entitle(self._client(sees), kind, content, cookie).token_url

    def redeem(self, token_url: str, content: str) -> License:
        """Post a fresh SPC to a token URL and open the CKC. Raises `LicenseRefused` if ExpressPlay says no."""
        title = _title(content)
        with at_step(Step.SEND_SPC_TO_PLAY):
            return binding.redeem(self._client(""), title, with_token_url(title.keys[0], token_url), None).license

    def _client(self, sees: str) -> Client:
        journal = Journal("client", self.device.clock)
        return Client(self.device, sees and clean_base(sees, SEES), self._web, journal)


def _title(content: str) -> Title:
    return Title("", (KeyUri(f"skd://{content}", KeyMode.ENTITLEMENT, content),))


@contextmanager
def virtual_device(expressplay: str, seed: str = "device A", tls: ClientTls = NO_FILES) -> Iterator[VirtualDevice]:
    """Yield a device provisioned by the mock at a base URL; `tls` has the files for https addresses."""
    web = Web(tls=tls)
    try:
        yield VirtualDevice(Device(seed, provision(web, expressplay)), web)
    finally:
        web.close()
