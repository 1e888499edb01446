"""Twenty mistakes, made after the checks were written, to see whether they catch others than they were written for."""

# ruff: noqa: ARG002 - an overridden method has the parameters that it has

import base64
import re
import threading
import time
from typing import Any, ClassVar

import requests
from broken_cookies import (
    EscapesCookies,
    LowersCookies,
    NormalisesCookies,
    StripsQuotes,
    TakesCookiesForNumbers,
)
from flask import Response
from small_sees import IV, KEYS, Denied, SmallSees

JSON = dict[str, Any]


class CountsUtf16Units(SmallSees):
    def cookie(self, kind: int, cookie: str | None) -> str:
        if len((cookie or "").encode("utf-16-le")) > 64:
            raise Denied("cookie too long")
        return super().cookie(kind, cookie)


class TakesNullForACookie(SmallSees):
    def check_form(self, message: JSON) -> None:
        if message.get("customerCookie", "") is None:
            message["customerCookie"] = str(message["customerCookie"])
        super().check_form(message)


class RemembersAnswersForAMinute(SmallSees):
    def records(self, cookie: str) -> list[JSON]:
        kept: dict[str, list[JSON]] = self.__dict__.setdefault("answers", {})
        if not kept.get(cookie):
            kept[cookie] = super().records(cookie)
        return kept[cookie]


class LimitsRegistrationTokensOnly(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        if "deviceId" in restrictions:
            restrictions["expirationTime"] = "+2592000"
        return super().order(content, **restrictions)


class LooksForEver(SmallSees):
    kit: ClassVar[JSON] = {"timeout": 4.0}

    def device(self, cookie: str) -> str:
        if not cookie.startswith("conform") or not self.registering.get(cookie):
            return super().device(cookie)
        end = time.monotonic() + 5  # longer than the kit waits, and over before its later checks
        while time.monotonic() < end:
            if device := self.choose(self.records(cookie)):
                return device
            time.sleep(0.05)
        raise Denied("not registered")

    @property
    def registering(self) -> dict[str, bool]:
        kept: dict[str, bool] = self.__dict__.setdefault("asked", {})
        return kept

    def registration(self, content: str, cookie: str) -> str:
        self.registering[cookie] = True
        return super().registration(content, cookie)


class SaysYesToNothing(SmallSees):
    def refused(self, answer: requests.Response) -> str:
        return ""


class KeepsTheFirstDevice(SmallSees):
    """One device a viewer, for good: the second one is not even registered."""

    def registration(self, content: str, cookie: str) -> str:
        if known := self.choose(self.records(cookie)):
            return self.order(content, cookie=cookie, deviceId=known)
        return super().registration(content, cookie)


class FindsContentByPattern(SmallSees):
    def content(self, content: str) -> str:
        pattern = re.escape(content).replace("%", ".*") if isinstance(content, str) else content
        return super().content(next((known for known in KEYS if re.match(pattern, known)), content))


class DeniesAsHtml(SmallSees):
    def servlet(self) -> Response:
        response = super().servlet()
        if b'"isAllowed":false' in response.data.replace(b" ", b""):
            response.content_type = "text/html"
        return response


class BindsTheFirstPlayOnly(SmallSees):
    """Trusts a viewer whom it has seen playing."""

    def device_bound(self, content: str, cookie: str) -> str:
        trusted: set[str] = self.__dict__.setdefault("trusted", set())
        if cookie in trusted:
            return self.order(content)
        token_url = super().device_bound(content, cookie)
        trusted.add(cookie)
        return token_url


class LooksTwice(SmallSees):
    def device(self, cookie: str) -> str:
        super().device(cookie)
        return super().device(cookie)


class AsksUnderALock(SmallSees):
    def ask_for_token(self, asked: dict[str, str]) -> requests.Response:
        with self.__dict__.setdefault("asking", threading.Lock()):
            return super().ask_for_token(asked)


class SwapsKeyAndIv(SmallSees):
    def key(self, content: str) -> str:
        return IV

    def iv(self, content: str) -> str:
        return KEYS[content]


class HandsOutTheFirstToken(SmallSees):
    """Asks for a token each time, and gives the first one again."""

    def order(self, content: str, **restrictions: str) -> str:
        kept: dict[str, str] = self.__dict__.setdefault("tokens", {})
        token_url = super().order(content, **restrictions)
        return kept.setdefault(restrictions["deviceId"], token_url) if "deviceId" in restrictions else token_url


class EncodesItsSecrets(SmallSees):
    def denied(self, message: JSON, text: str) -> JSON:
        asked = base64.b64encode(f"customerAuthenticator={self.authenticator}".encode()).decode()
        return super().denied(message, f"{text} [{asked}]")


MORE: list[tuple[int, type[SmallSees]]] = [
    (14, LowersCookies),
    (39, NormalisesCookies),
    (39, EscapesCookies),
    (39, TakesCookiesForNumbers),
    (39, StripsQuotes),
    (39, CountsUtf16Units),
    (10, TakesNullForACookie),
    (16, RemembersAnswersForAMinute),
    (43, LimitsRegistrationTokensOnly),
    (15, LooksForEver),
    (29, SaysYesToNothing),
    (16, KeepsTheFirstDevice),
    (7, FindsContentByPattern),
    (4, DeniesAsHtml),
    (13, BindsTheFirstPlayOnly),
    (47, LooksTwice),
    (42, AsksUnderALock),
    (46, SwapsKeyAndIv),
    (44, HandsOutTheFirstToken),
    (37, EncodesItsSecrets),
]
