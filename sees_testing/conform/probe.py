"""What checks ask with: the SEES under test, devices, and the mock that the SEES has been pointed at."""

import json
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from emulator.device import Device, Provisioning, make_spc
from emulator.errors import EmulatorError, LicenseRefused
from emulator.license_client import VERSION, RequestType, ask_license
from emulator.step import at_step
from emulator.transport import Web
from emulator.urls import is_http_url
from fairplay.ckc import ContentKey, open_ckc
from fairplay.errors import FairPlayError
from sees_testing.conform.mock import Mock
from sees_testing.conform.outcome import Failed, Skipped
from sees_testing.conform.wire import Reply, Wire
from simulation.steps import Step
from walkthrough.record.journals import Entry

NO_MOCK = "needs expressplay-mock: name it with --expressplay"
TIME_BASED, REGISTRATION, DEVICE_BOUND = RequestType
LIFETIMES = (30.0, 86_400.0)
"""Seconds that a token may be good for, unless `--token-lifetime` says otherwise."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Known:
    """What the user says of the content under test, where he does. `key` and `iv` are 16 bytes each, of the content.

    `title` is the address of its playlist, `lifetimes` the least and most seconds of a token.
    """

    key: bytes | None = field(default=None, repr=False)
    iv: bytes | None = None
    title: str | None = None
    lifetimes: tuple[float, float] = LIFETIMES


@dataclass
class Probe:
    """One run of the kit. `mock` is None where there is none of ours, and the checks that need it are skipped."""

    wire: Wire
    web: Web
    mock: Mock | None
    content: str
    dummy: str
    authenticator: str | None = field(default=None, repr=False)
    known: Known = field(default_factory=Known)
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Further properties of every request object."""
    keys: set[bytes] = field(default_factory=set, repr=False)
    """Content keys that honest redemptions gave."""
    _run: str = field(default_factory=lambda: secrets.token_hex(4))
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _provisioning: Provisioning | None = field(default=None, repr=False)

    def cookie(self) -> str:
        """Return a customer cookie that nobody has used before."""
        return f"conform-{self._run}-{next(self._numbers)}"

    def message(self, request_type: int | None, content: str, cookie: str | None) -> dict[str, Any]:
        """Return a request object as the public API describes it; None leaves a property out."""
        message = {
            "messageID": str(uuid.uuid4()),
            "version": VERSION,
            "requestType": request_type,
            "contentID": content,
            "customerCookie": cookie,
        }
        return {**self.properties, **{name: value for name, value in message.items() if value is not None}}

    def post(self, message: Any, timeout: float | None = None) -> Reply:
        """Post a value as JSON; `timeout` in seconds where it is another than the run's."""
        return self.wire.send(json.dumps(message).encode(), timeout=timeout)

    def ask(self, request_type: int | None, content: str, cookie: str | None, *, timeout: float | None = None) -> Reply:
        """Ask for an entitlement."""
        return self.post(self.message(request_type, content, cookie), timeout)

    def token(self, request_type: int, content: str, cookie: str) -> str:
        """Ask for an entitlement and return its token URL. Raises `Failed` if there is none."""
        return entitled(self.ask(request_type, content, cookie))

    def device(self, name: str) -> Device:
        """Return a virtual device of this run. Raises `Skipped` where no mock provisions one."""
        if self._provisioning is None:
            self._provisioning = self.the_mock().provision()
        return Device(f"{self._run} {name}", self._provisioning)

    def the_mock(self) -> Mock:
        """Return the mock. Raises `Skipped` where there is none."""
        if self.mock is None:
            raise Skipped(NO_MOCK)
        return self.mock

    def redeem(self, token_url: str, device: Device, content: str, spc: tuple[bytes, Any] | None = None) -> int:
        """Send an SPC (a fresh one if none is given) to a token URL; return 0 for a license, else the refusal."""
        result = self.license(token_url, device, content, spc)
        return result if isinstance(result, int) else 0

    def license(
        self, token_url: str, device: Device, content: str, spc: tuple[bytes, Any] | None = None
    ) -> ContentKey | int:
        """Redeem as `redeem` does; return what the license brings, or the number of the refusal.

        The content key of the license is remembered.
        """
        message, contents = spc or make_spc(device, content)
        sent = f"POST {token_url} <SPC of device {device.device_id[:8]}…>"
        try:
            with at_step(Step.SEND_SPC_TO_REGISTER if content == self.dummy else Step.SEND_SPC_TO_PLAY):
                ckc = ask_license(self.web, token_url, message).ckc
            brought: ContentKey = open_ckc(ckc, contents).content
        except LicenseRefused as refusal:
            self.wire.note("ExpressPlay", sent, refusal.status, f"errorCode {refusal.number} {refusal.message}")
            return refusal.number
        except (EmulatorError, FairPlayError) as error:
            raise Failed(expected="a CKC or a refusal behind epTokenURL", found=str(error)) from None
        self.keys.add(brought.key)
        self.wire.note("ExpressPlay", sent, 200, "<CKC>")
        return brought

    def register(self, device: Device, cookie: str) -> None:
        """Register a device for a cookie, as the dummy M3U8 would."""
        token_url = self.token(REGISTRATION, self.dummy, cookie)
        expect_license(self.redeem(token_url, device, self.dummy), "the dummy (step 5)")

    def play(self, device: Device, cookie: str) -> int:
        """Ask for the content, device-bound, and redeem; return 0 for a license, else ExpressPlay's refusal."""
        return self.redeem(self.token(DEVICE_BOUND, self.content, cookie), device, self.content)

    def entries(self) -> list[Entry]:
        """Return what the mock noted during this check."""
        return self.the_mock().entries()

    @contextmanager
    def fault(self, at: str, cookie: str | None, fault: Mapping[str, Any]) -> Iterator[None]:
        """Let the mock misbehave inside the block, for one cookie if one is given. Raises `Skipped` without a mock."""
        with self.the_mock().fault(at, cookie, fault) as asked:
            self.wire.note("ExpressPlay", asked, 200, "")
            yield


def at_once(calls: Sequence[Callable[[], Value]]) -> list[Value]:
    """Make all calls at the same time and return their results in order; the first failure is raised."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def entitled(reply: Reply) -> str:
    """Return the token URL of an entitlement. Raises `Failed` for anything else."""
    answer = reply.object() or {}
    url = answer.get("epTokenURL")
    if answer.get("isAllowed") is not True or not isinstance(url, str) or not is_http_url(url):
        raise Failed(expected="isAllowed true and an epTokenURL, http:// or https://", found=str(reply))
    return url


def outcome(result: int) -> str:
    """Say what came of a redemption: `result` is 0 for a license, else the number of the refusal."""
    return f"ExpressPlay's refusal {result}" if result else "a license"


def expect_license(result: int, whose: str) -> None:
    """Raise `Failed` unless a redemption brought a license; `whose` is for its text, "the registered device" say."""
    if result:
        raise Failed(expected=f"a license for {whose}", found=outcome(result))


def is_entitled(reply: Reply) -> bool:
    """Tell whether a reply grants anything: isAllowed is true, or there is a token URL in it."""
    answer = reply.object()
    return b"ExpressPlayToken" in reply.body or (answer is not None and answer.get("isAllowed") is True)


def expect_denial(reply: Reply, of: str) -> None:
    """Raise `Failed` unless the SEES denied, in a response object or by an HTTP status from 400 to 499."""
    answer = reply.object()
    in_due_form = answer is not None and answer.get("isAllowed") is False
    turned_away = reply.status is not None and 400 <= reply.status < 500
    if is_entitled(reply) or not (in_due_form or turned_away):
        raise Failed(expected=f"a denial of {of}", found=str(reply))
