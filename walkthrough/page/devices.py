"""The virtual devices on the page: seed, cookie and clock of each, and the license it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.binding import Grant
from emulator.errors import EmulatorError
from emulator.expiry import check_limits, lease_end, rental_end
from fairplay.session_key import device_id_of
from simulation.clock import Clock, rfc3339
from walkthrough.page.page_requests import Unusable
from walkthrough.page.refusals import as_refusal

MAX_DEVICES = 6
MAX_TEXT = 64
"""Characters of a seed or a cookie."""


@dataclass
class PageDevice:
    """One virtual device: who it is, and the licenses of `title` that it holds, or why it was refused them."""

    name: str
    seed: str
    cookie: str
    clock: Clock = field(default_factory=Clock, repr=False)
    title: str | None = None
    grants: tuple[Grant, ...] = field(default=(), repr=False)
    refusal: dict[str, Any] | None = None

    @property
    def device_id(self) -> str:
        """HU, in 40 lower-case hex digits."""
        return device_id_of(self.seed).hex()

    def forget_license(self) -> None:
        """Begin anew: no license, no refusal."""
        self.title, self.grants, self.refusal = None, (), None

    def over(self) -> dict[str, Any] | None:
        """Return why its license has ended, by its own clock; None while it lasts, or where there is none."""
        try:
            check_limits(self.clock.now(), self.grants)
        except EmulatorError as error:
            return as_refusal(error)
        return None

    def shown(self) -> dict[str, Any]:
        """Return the device as the browser draws it."""
        ends = [end for grant in self.grants for end in (rental_end(grant), lease_end(grant)) if end is not None]
        return {
            "name": self.name,
            "seed": self.seed,
            "cookie": self.cookie,
            "device_id": self.device_id,
            "now": rfc3339(self.clock.now()),
            "offset": self.clock.offset,
            "title": self.title,
            "refusal": self.refusal,
            "ends": rfc3339(min(ends)) if ends else None,
            "leased": any(lease_end(grant) for grant in self.grants),
            "over": self.over(),
        }


class PageDevices:
    """The devices by name: A, B, and what was added."""

    def __init__(self, cookie: str) -> None:
        self.begin(cookie)

    def begin(self, cookie: str) -> None:
        """Put two fresh devices there, which share a cookie."""
        self._cookie = cookie
        self._devices = {name: PageDevice(name, f"device {name}", cookie) for name in ("A", "B")}

    def __iter__(self) -> Iterator[PageDevice]:
        return iter(list(self._devices.values()))

    def get(self, name: str) -> PageDevice:
        """Return a device. Raises `Unusable` if there is none of that name."""
        if name not in self._devices:
            raise Unusable(f"no device {name[:MAX_TEXT]!r}; there are {', '.join(self._devices)}")
        return self._devices[name]

    def add(self) -> None:
        """Add one more. Raises `Unusable` where `MAX_DEVICES` are there."""
        if len(self._devices) == MAX_DEVICES:
            raise Unusable(f"there is room for {MAX_DEVICES} devices")
        name = chr(ord("A") + len(self._devices))
        self._devices[name] = PageDevice(name, f"device {name}", self._cookie)

    def change(self, name: str, values: Mapping[str, Any]) -> None:
        """Give a device another seed or cookie. Its license goes: it was the other device's."""
        device = self.get(name)
        for key, value in values.items():
            if key not in ("seed", "cookie") or not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
                raise Unusable(f"expected seed or cookie, a text of 1 to {MAX_TEXT} characters")
        device.seed, device.cookie = values.get("seed", device.seed), values.get("cookie", device.cookie)
        device.forget_license()

    def advance(self, name: str, seconds: Any) -> None:
        """Move a device's clock forward; its license may end with that."""
        try:
            self.get(name).clock.advance(seconds)
        except ValueError as error:
            raise Unusable(f"the clock: {error}") from None
