"""Servers with one defect each that shows with odd cookies, several viewers, or in what they ask ExpressPlay.

As in broken_sees.py each stands by the number of the check that must catch it.
"""

# ruff: noqa: ARG002 - an overridden method has the parameters that it has

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from xml.etree import ElementTree

import requests
from broken_cookies import (
    CutAtAmpersand,
    CutAtNul,
    CutAtSemicolon,
    InLatin1,
    LimitedInBytes,
    Trimmed,
    WithoutPercent,
    WithoutSurrogates,
    WithPlusForBlank,
)
from flask import Response, request
from small_sees import DUMMY, KEYS, Denied, SmallSees

JSON = dict[str, Any]


class CachesTheDevice(SmallSees):
    def device(self, cookie: str) -> str:
        known: dict[str, str] = self.__dict__.setdefault("devices", {})
        if cookie not in known:
            known[cookie] = super().device(cookie)
        return known[cookie]


class MixesMessageIds(SmallSees):
    def parse(self, body: bytes) -> JSON:
        self.message = super().parse(body)
        return dict(self.message)

    def envelope(self, message: JSON) -> JSON:
        return super().envelope(message) | {"messageID": self.message.get("messageID", "")}


class MixesCookies(SmallSees):
    def device_bound(self, content: str, cookie: str) -> str:
        self.viewer = cookie
        device = self.device(cookie)
        return self.order(content, deviceId=device if self.viewer == cookie else self.device(self.viewer))


class MixesTitles(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        self.title = content
        time.sleep(0.005)  # what a look into a database takes
        return super().order(self.title, **restrictions)


class ServesOneAtATime(SmallSees):
    def servlet(self) -> Response:
        with self.__dict__.setdefault("lock", threading.Lock()):
            return super().servlet()


class NeverGivesUp(SmallSees):
    timeout = None  # type: ignore[assignment]


class OrdersShortTokens(SmallSees):
    lifetime = "+20"


class OrdersTokensForAMonth(SmallSees):
    lifetime = "+2592000"


class SendsLocalTime(SmallSees):
    """Runs in Berlin and writes Z behind the wall clock."""

    @property
    def lifetime(self) -> str:  # type: ignore[override]
        return (datetime.now(UTC) + timedelta(hours=2, seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")


class CachesTokenUrls(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        kept: dict[tuple[str, ...], str] = self.__dict__.setdefault("tokens", {})
        viewer = (content, *restrictions.values())
        if viewer not in kept:
            kept[viewer] = super().order(content, **restrictions)
        return kept[viewer]


class AsksByGet(SmallSees):
    def ask_for_token(self, asked: dict[str, str]) -> requests.Response:
        return self.http.get(f"{self.expressplay}/hms/fp/token", params=asked, timeout=self.timeout)


class PutsTheAuthenticatorIntoTheAddress(SmallSees):
    def ask_for_token(self, asked: dict[str, str]) -> requests.Response:
        who = {"customerAuthenticator": asked.pop("customerAuthenticator")}
        return self.http.post(f"{self.expressplay}/hms/fp/token", params=who, data=asked, timeout=self.timeout)


class SendsTheDummysKey(SmallSees):
    def key(self, content: str) -> str:
        return KEYS[DUMMY]


class SendsTheKeyForIv(SmallSees):
    def iv(self, content: str) -> str:
        return KEYS[content]


class AsksForTwoTokens(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        super().order(content, **restrictions)
        return super().order(content, **restrictions)


class TriesTenTimes(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        for _ in range(9):
            try:
                return super().order(content, **restrictions)
            except Denied:
                continue
        return super().order(content, **restrictions)


class FiltersTheWholeLog(SmallSees):
    def ask(self, cookie: str) -> dict[str, str]:
        return {"start": "0", "length": "200"}


class LeavesLongCookiesToExpressPlay(SmallSees):
    max_cookie = 10_000


class ReadsErrorsAsXml(SmallSees):
    def refused(self, answer: requests.Response) -> str:
        if answer.text.startswith("<"):
            ElementTree.fromstring(answer.text).find("errorCode").text  # type: ignore[union-attr]  # noqa: B018
        return super().refused(answer)


class TakesStatus200ForYes(SmallSees):
    def token_url(self, answer: requests.Response) -> str:
        if answer.ok and answer.text.startswith("{"):
            return str(answer.json().get("url", ""))
        return super().token_url(answer)


class SleepsAsTold(SmallSees):
    kit: ClassVar[JSON] = {"timeout": 4.0}

    def refused(self, answer: requests.Response) -> str:
        time.sleep(min(float(answer.headers.get("Retry-After", 0)), 8))
        return super().refused(answer)


class BelievesEveryRow(SmallSees):
    def is_of(self, record: JSON, cookie: str) -> bool:
        return True


class WantsTheBareContentType(SmallSees):
    def body(self) -> bytes:
        if request.headers.get("Content-Type") != "application/json":
            raise Denied("expected application/json")
        return super().body()


AT_WORK: list[tuple[int, type[SmallSees]]] = [
    (9, LeavesLongCookiesToExpressPlay),
    (16, CachesTheDevice),
    (39, InLatin1),
    (39, Trimmed),
    (39, LimitedInBytes),
    (39, WithoutPercent),
    (39, WithPlusForBlank),
    (39, CutAtAmpersand),
    (39, CutAtSemicolon),
    (39, CutAtNul),
    (39, WithoutSurrogates),
    (40, FiltersTheWholeLog),
    (41, MixesMessageIds),
    (41, MixesCookies),
    (41, MixesTitles),
    (42, ServesOneAtATime),
    (43, OrdersShortTokens),
    (43, OrdersTokensForAMonth),
    (43, SendsLocalTime),
    (44, CachesTokenUrls),
    (45, AsksByGet),
    (45, PutsTheAuthenticatorIntoTheAddress),
    (46, SendsTheDummysKey),
    (46, SendsTheKeyForIv),
    (47, AsksForTwoTokens),
    (47, TriesTenTimes),
    (48, NeverGivesUp),
    (49, ReadsErrorsAsXml),
    (50, TakesStatus200ForYes),
    (51, SleepsAsTold),
    (52, BelievesEveryRow),
    (53, WantsTheBareContentType),
]
