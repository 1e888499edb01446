"""A run of the binding on a device of the page: register, play, renew. Its steps are told while they happen."""

import itertools
from collections.abc import Callable
from typing import Any

from emulator.binding import Client, play, register
from emulator.device import Device
from emulator.errors import EmulatorError
from emulator.expiry import lease_end
from emulator.leases import renew
from emulator.offered_titles import Offer
from emulator.screening import watch
from emulator.transport import Web
from fairplay.errors import FairPlayError
from fairplay.layout import PlaybackState
from fairplay.spc import SpcContents
from simulation.journal import Journal
from simulation.steps import Step
from walkthrough.page.devices import PageDevice
from walkthrough.page.media import as_license
from walkthrough.page.pacing import PageRun, StartedOver
from walkthrough.page.page_requests import Unusable
from walkthrough.page.page_state import OwnMessage, PageState
from walkthrough.page.refusals import as_refusal
from walkthrough.page.step_feed import StepJournal

_numbers = itertools.count(1)


def play_title(page: PageState, name: str, title: str) -> dict[str, Any]:
    """Run the binding for a title on a device: registration for a dummy, playback for any other.

    Returns what the browser's decoder needs, or the refusal. Raises `Busy` where another run is going on.
    """
    return _alone(page, lambda run: _play(page, run, page.devices.get(name), page.offer(title)))


def renew_leases(page: PageState, name: str) -> dict[str, Any]:
    """Renew the leases of a device that plays: steps 6 to 13 again. Where that is refused, the old ones run on."""
    return _alone(page, lambda run: _renew(page, run, page.devices.get(name)))


def _alone(page: PageState, act: Callable[[PageRun], dict[str, Any]]) -> dict[str, Any]:
    """Return what came of a run that goes on alone, or that the learner has started over."""
    try:
        with page.pacing.run() as run:
            return act(run)
    except StartedOver:
        return {"startedOver": True}
    finally:
        page.tell_state()


def _play(page: PageState, run: PageRun, device: PageDevice, offer: Offer) -> dict[str, Any]:
    device.forget_license()
    client = _begin(page, run, device, offer.name, from_step=Step.READ_DUMMY if offer.dummy else Step.ASK_TO_PLAY)
    try:
        grants = (register(client, device.cookie),) if offer.dummy else play(client, device.cookie, offer.title)
    except (EmulatorError, FairPlayError) as error:
        device.refusal = as_refusal(error)
        return {"refusal": device.refusal}
    device.title, device.grants = offer.title, grants
    for grant in grants:
        page.own[grant.ckc] = OwnMessage(grant.contents, device.seed)
    return license_of(device)


def _renew(page: PageState, run: PageRun, device: PageDevice) -> dict[str, Any]:
    if not any(lease_end(grant) for grant in device.grants):
        raise Unusable("nothing to renew: this device holds no license with a lease")
    title = page.offer(device.title).name
    try:
        client = _begin(page, run, device, title, from_step=Step.ASK_TO_PLAY, renews=True)
        state = PlaybackState.PLAYING
        device.grants = tuple(renew(client, device.cookie, grant, state) for grant in device.grants)
    except (EmulatorError, FairPlayError) as error:
        return {"refusal": as_refusal(error)}
    return {"refusal": None}


def _begin(
    page: PageState, run: PageRun, device: PageDevice, title: str, *, from_step: int, renews: bool = False
) -> Client:
    """Tell that a run begins, and return a client on `device` whose steps are told while they happen."""
    if page.feed.steps.get(Step.ASK_TO_REGISTER, {}).get("request", {}).get("customerCookie") != device.cookie:
        from_step = Step.READ_DUMMY  # the registration that is shown is another cookie's
    page.feed.begin(run, device.name, title, renews=renews, from_step=from_step)
    number = next(_numbers)
    web = page.deployment.web.traced(page.deployment.name(f"page-{number}"))
    about = {"device": device.name, "title": title, "renews": renews, "run": number}
    journal = StepJournal(page.feed, run, device, page.deployment, web, about)

    def remember(spc: bytes, contents: SpcContents) -> None:
        page.own[spc] = OwnMessage(contents, device.seed)

    return _client(page, device, web, journal, made=remember)


def license_of(device: PageDevice) -> dict[str, Any]:
    """Return what a browser needs to open what a device holds: CKCs, their message keys, and the key URIs they are for.

    The keys are those of a virtual device. The browser opens the CKC with them, as the device did.
    """
    return {"licenses": [as_license(grant.ckc, grant.contents, grant.key.uri) for grant in device.grants]}


def still_of(page: PageState, name: str) -> bytes | None:
    """Decode a picture of what a device plays, for browsers that cannot; None where nothing plays."""
    device = page.devices.get(name)
    grants = device.grants
    if not grants:
        return None
    client = _client(page, device, page.deployment.web, Journal("client", device.clock))
    return watch(client, grants, still=True).still


def _client(page: PageState, device: PageDevice, web: Web, journal: Journal, **more: Any) -> Client:
    deployment = page.deployment
    made = Device(device.seed, deployment.provisioning, device.clock)
    return Client(made, deployment.sees, web, journal, deployment.expressplay, **more)
