"""What checks work with: the SEES under test, devices, and the mock that the SEES has been pointed at."""

import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from emulator.addresses import is_http_url
from emulator.device import Device, Provisioning, make_spc, provision
from emulator.errors import EmulatorError, LicenseRefused, UnexpectedAnswer
from emulator.license_client import ask_license
from emulator.transport import EXPRESSPLAY, Web
from fairplay.ckc import open_ckc
from fairplay.errors import FairPlayError
from sees_testing.conform.model import Failed, Skipped
from sees_testing.conform.wire import Reply, Wire

VERSION = 1
NO_MOCK = "needs expressplay-mock: name it with --expressplay"
TIME_BASED, REGISTRATION, DEVICE_BOUND = 1, 2, 3


@dataclass
class Stage:
    """One run of the kit. `expressplay` is None where there is no mock of ours, and its checks are skipped."""

    wire: Wire
    web: Web
    expressplay: str | None
    content: str
    dummy: str
    authenticator: str | None = field(default=None, repr=False)
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
        properties = {
            "messageID": str(uuid.uuid4()),
            "version": VERSION,
            "requestType": request_type,
            "contentID": content,
            "customerCookie": cookie,
        }
        return {name: value for name, value in properties.items() if value is not None}

    def post(self, message: Any) -> Reply:
        """Post a value as JSON."""
        return self.wire.send(json.dumps(message).encode())

    def ask(self, request_type: int | None, content: str, cookie: str | None) -> Reply:
        """Ask for an entitlement."""
        return self.post(self.message(request_type, content, cookie))

    def token(self, request_type: int, content: str, cookie: str) -> str:
        """Ask for an entitlement and return its token URL; Failed if there is none."""
        return entitled(self.ask(request_type, content, cookie))

    def device(self, name: str) -> Device:
        """Return a virtual device of this run; Skipped where no mock provisions one."""
        if self._provisioning is None:
            if self.expressplay is None:
                raise Skipped(NO_MOCK)
            try:
                self._provisioning = provision(self.web, self.expressplay)
            except UnexpectedAnswer as error:
                raise Skipped(f"needs expressplay-mock with its /_sim/ routes: {error}") from None
        return Device(f"{self._run} {name}", self._provisioning)

    def spc(self, device: Device, content: str) -> tuple[bytes, Any]:
        """Return a fresh SPC of a device, and what is in it."""
        return make_spc(device, content)

    def redeem(self, token_url: str, device: Device, content: str, spc: tuple[bytes, Any] | None = None) -> int:
        """Send an SPC (a fresh one if none is given) to a token URL; return 0 for a license, else the refusal.

        The content key of the license is remembered.
        """
        message, contents = spc or make_spc(device, content)
        sent = f"POST {token_url} <SPC of device {device.device_id[:8]}…>"
        try:
            ckc = ask_license(self.web, token_url, message, step=4).ckc
            self.keys.add(open_ckc(ckc, contents).content.key)
        except LicenseRefused as refusal:
            self.wire.note("ExpressPlay", sent, refusal.status, f"errorCode {refusal.number} {refusal.message}")
            return refusal.number
        except (EmulatorError, FairPlayError) as error:
            raise Failed(expected="a CKC or a refusal behind epTokenURL", found=str(error)) from None
        self.wire.note("ExpressPlay", sent, 200, "<CKC>")
        return 0

    def register(self, device: Device, cookie: str) -> None:
        """Register a device for a cookie, as the dummy M3U8 would."""
        result = self.redeem(self.token(REGISTRATION, self.dummy, cookie), device, self.dummy)
        if result:
            raise Failed(expected="a license for the dummy (step 5)", found=f"ExpressPlay's refusal {result}")

    def play(self, device: Device, cookie: str) -> int:
        """Ask for the content, device-bound, and redeem; return 0 for a license, else ExpressPlay's refusal."""
        return self.redeem(self.token(DEVICE_BOUND, self.content, cookie), device, self.content)

    def note_token_request(self, token_url: str) -> None:
        """Keep for the report what the SEES asked this token with, where the mock's journal tells."""
        url = f"{self.expressplay}/_sim/journal"
        try:
            entries = self.web.ask(EXPRESSPLAY, "GET", url, step=None).json_object("a journal").get("entries", [])
        except EmulatorError:
            return  # evidence only: the check has failed without it
        for entry in entries:
            if entry.get("response") == {"tokenUrl": token_url}:
                asked, made = entry["request"], entry["decision"]
                named = f"device {made['device_id'][:8]}…" if made["device_id"] else "no device"
                text = f"token request with {', '.join([*asked, *made['ignored']])}; the token names {named}"
                self.wire.note("ExpressPlay", "GET /_sim/journal", 200, text)

    @contextmanager
    def fault(self, at: str, cookie: str | None, fault: Mapping[str, Any]) -> Iterator[None]:
        """Let the mock misbehave inside the block, for one cookie if one is given; Skipped where it cannot."""
        if self.expressplay is None:
            raise Skipped(NO_MOCK)
        body = {**fault, "at": at} | ({} if cookie is None else {"cookie": cookie})
        faults = f"{self.expressplay}/_sim/faults"
        answer = self.web.ask(EXPRESSPLAY, "POST", faults, step=None, json=body)
        if answer.status in (404, 405):
            raise Skipped("needs expressplay-mock with /_sim/faults")
        if answer.status != 200:
            raise answer.unexpected(f"the fault {body}")
        self.wire.note("ExpressPlay", f"POST /_sim/faults {body}", answer.status, "")
        try:
            yield
        finally:
            number = answer.json_object("the fault that was set").get("id")
            self.web.ask(EXPRESSPLAY, "DELETE", f"{faults}/{number}", step=None)


def entitled(reply: Reply) -> str:
    """Return the token URL of an entitlement; Failed for anything else."""
    answer = reply.object() or {}
    url = answer.get("epTokenURL")
    if answer.get("isAllowed") is not True or not isinstance(url, str) or not is_http_url(url):
        raise Failed(expected="isAllowed true and an epTokenURL, http:// or https://", found=str(reply))
    return url


def is_entitled(reply: Reply) -> bool:
    """Tell whether a reply gives anything away: it says yes, or it has a token URL."""
    answer = reply.object()
    return b"ExpressPlayToken" in reply.body or (answer is not None and answer.get("isAllowed") is True)


def expect_denial(reply: Reply, of: str) -> None:
    """Raise Failed unless the SEES said no, be it in a response object or by an HTTP status from 400 to 499."""
    answer = reply.object()
    in_due_form = answer is not None and answer.get("isAllowed") is False
    turned_away = reply.status is not None and 400 <= reply.status < 500
    if is_entitled(reply) or not (in_due_form or turned_away):
        raise Failed(expected=f"a denial of {of}", found=str(reply))
