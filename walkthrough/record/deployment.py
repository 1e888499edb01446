"""The services that runs go against: where they are, the devices made for them, and ExpressPlay's clock."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from emulator.binding import Client
from emulator.device import Device, Provisioning, provision
from emulator.parties import EXPRESSPLAY, SEES, Party
from emulator.title import Title
from emulator.transport import NO_FILES, Web, clean_base
from hosting.tls.tls import ClientTls
from simulation.clock import Clock
from simulation.journal import Journal

DEFAULT_SEED = "device A"
OTHER_SEED = "device B"
CLOCK = 'a clock {"now", "offset"}'


@dataclass(frozen=True)
class Titles:
    """Titles known beforehand, read already or of services that offer none: the dummy, and what to play."""

    dummy: Title | None
    film: Title | None


@dataclass(frozen=True)
class Deployment:
    """SEES and ExpressPlay at their base URLs, and what their devices are provisioned with.

    `title` is what runs play where nothing else is said, `run` the beginning of all names that runs get. With `titles`,
    experiments that do not ask how a title is read do not read it again.
    """

    sees: str
    expressplay: str
    web: Web = field(repr=False)
    provisioning: Provisioning = field(repr=False)
    title: str | None = None
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    titles: Titles = Titles(None, None)

    @property
    def services(self) -> tuple[tuple[Party, str], ...]:
        """Who keeps a journal of a run, and where."""
        return (SEES, self.sees), (EXPRESSPLAY, self.expressplay)

    @property
    def dummy(self) -> Title | None:
        """The dummy, where it was read before."""
        return self.titles.dummy

    @property
    def film(self) -> Title | str | None:
        """What to play: the film as it was read before, else its name or address."""
        return self.titles.film or self.title

    def anew(self) -> "Deployment":
        """Return the same services for runs with other names, which play the usual title."""
        return Deployment(self.sees, self.expressplay, self.web, self.provisioning)

    def name(self, purpose: str) -> str:
        """Return a name that nobody else has, good as a cookie (at most 32 characters) and as a trace id."""
        return f"{self.run}-{purpose}"[:32]

    def client(
        self,
        purpose: str,
        seed: str = DEFAULT_SEED,
        *,
        spc_version: int = 2,
        device: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Client:
        """Return a client on a fresh device, with the trace id `name(purpose)`.

        `device` is what else a Device takes, `more` what else a Client takes.
        """
        clock = Clock()
        made = Device(seed, self.provisioning, clock, **{"spc_version": spc_version, **(device or {})})
        web = self.web.traced(self.name(purpose))
        return Client(made, self.sees, web, Journal("client", clock), self.expressplay, **more)


def find_deployment(sees: str, expressplay: str, title: str | None = None, tls: ClientTls = NO_FILES) -> Deployment:
    """Return the services at two base URLs, their devices provisioned by ExpressPlay.

    `sees` may be empty where only titles in direct mode are played.
    """
    sees, expressplay = sees and clean_base(sees, SEES), clean_base(expressplay, EXPRESSPLAY)
    web = Web(tls=tls)
    return Deployment(sees, expressplay, web, provision(web, expressplay), title)


@contextmanager
def clock_ahead(web: Web, expressplay: str, seconds: float) -> Iterator[None]:
    """Let ExpressPlay's clock run `seconds` ahead inside the block; afterwards it is as far ahead as before.

    Raises `UnexpectedAnswer` where it cannot be set.
    """
    before = _clock(web, expressplay, "GET")
    _clock(web, expressplay, "POST", {"advance": seconds})
    try:
        yield
    finally:
        _clock(web, expressplay, "DELETE")
        if before:
            _clock(web, expressplay, "POST", {"advance": before})


def _clock(web: Web, expressplay: str, method: str, value: Mapping[str, float] | None = None) -> float:
    """Ask for the clock, or set it; return by how many seconds it is ahead."""
    answer = web.ask(EXPRESSPLAY, method, f"{expressplay}/_sim/clock", json=value)
    if answer.status != 200:
        raise answer.unexpected(CLOCK)
    offset = answer.json_object(CLOCK).get("offset")
    if isinstance(offset, bool) or not isinstance(offset, int | float):
        raise answer.unexpected(CLOCK, "a clock without its offset")
    return float(offset)
