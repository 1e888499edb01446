"""Servers with one defect each, by the number of the check that must catch it. All are mistakes people make."""

# ruff: noqa: ARG002 - an overridden method has the parameters that it has

import json
from typing import Any
from urllib.parse import unquote_plus

import requests
from flask import Response, request
from small_sees import DEVICE_BOUND, DUMMY, FILM, KEYS, REGISTRATION, TIME_BASED, Denied, SmallSees

JSON = dict[str, Any]


class TakesRegistrationForUnknown(SmallSees):
    def registration(self, content: str, cookie: str) -> str:
        raise Denied("registration is not supported")


class MakesMessageIdsOfItsOwn(SmallSees):
    def envelope(self, message: JSON) -> JSON:
        return super().envelope(message) | {"messageID": "00000000-0000-4000-8000-000000000000"}


class LowersMessageIds(SmallSees):
    def envelope(self, message: JSON) -> JSON:
        return super().envelope(message) | {"messageID": str(message.get("messageID")).lower()}


class AnswersInVersionTwo(SmallSees):
    def envelope(self, message: JSON) -> JSON:
        return super().envelope(message) | {"version": 2}


class QuotesErrorNumbers(SmallSees):
    def denied(self, message: JSON, text: str) -> JSON:
        return super().denied(message, text) | {"error": "1"}


class WantsARequestType(SmallSees):
    def check_form(self, message: JSON) -> None:
        super().check_form(message)
        if "requestType" not in message:
            raise Denied("requestType is missing")


class TakesUnknownTypesForTimeBased(SmallSees):
    def kind(self, message: JSON) -> int:
        kind = message.get("requestType")
        return kind if kind in (REGISTRATION, DEVICE_BOUND) else TIME_BASED


class HasADefaultTitle(SmallSees):
    def content(self, content: str) -> str:
        return content if content in KEYS else DUMMY


class CountsOneCharacterLess(SmallSees):
    def cookie(self, kind: int, cookie: str | None) -> str:
        if len(cookie or "") > 31:
            raise Denied("cookie too long")
        return super().cookie(kind, cookie)


class CutsCookies(SmallSees):
    def cookie(self, kind: int, cookie: str | None) -> str:
        return super().cookie(kind, cookie and cookie[:32])


class GivesAnonymousViewersACookie(SmallSees):
    def cookie(self, kind: int, cookie: str | None) -> str:
        return super().cookie(kind, cookie or "anonymous")


class ForgetsToEscapeCookies(SmallSees):
    def records(self, cookie: str) -> list[JSON]:
        return super().records(unquote_plus(cookie).partition("&")[0])


class RegistersWithoutTheCookie(SmallSees):
    def registration(self, content: str, cookie: str) -> str:
        super().registration(content, cookie)
        return self.order(content)


class ForgetsTheDevice(SmallSees):
    def device_bound(self, content: str, cookie: str) -> str:
        self.device(cookie)
        return self.order(content, cookie=cookie)


class LooksUpTheNewestOfAll(SmallSees):
    def records(self, cookie: str) -> list[JSON]:
        return self.ask_records({})


class LetsUnregisteredViewersIn(SmallSees):
    def device_bound(self, content: str, cookie: str) -> str:
        try:
            return super().device_bound(content, cookie)
        except Denied:
            return self.order(content, cookie=cookie)


class StaysWithTheFirstDevice(SmallSees):
    def choose(self, records: list[JSON]) -> str | None:
        return super().choose(records[::-1])


class BelievesRefusedRows(SmallSees):
    def records(self, cookie: str) -> list[JSON]:
        records = self.ask_records({"start": "0", "length": "200"})
        return [record | {"result": 0, "registration": True} for record in records if record["cookie"] == cookie]


class LooksAtTheLast32OfAll(SmallSees):
    def records(self, cookie: str) -> list[JSON]:
        return [record for record in self.ask_records({}) if record["cookie"] == cookie]


class PlaysUnderTheCustomerCookie(SmallSees):
    def cookie_for_plays(self, cookie: str) -> str:
        return cookie


class TakesPlaysForRegistrations(PlaysUnderTheCustomerCookie):
    """Binds the newest play where the plays have pushed all registrations out."""

    def choose(self, records: list[JSON]) -> str | None:
        return super().choose(records) or super().choose([record | {"registration": True} for record in records])


class RegistersWithAnything(SmallSees):
    def registration(self, content: str, cookie: str) -> str:
        return self.order(content, cookie=cookie)


class PutsTheCookieIntoEveryToken(SmallSees):
    def time_based(self, content: str, cookie: str) -> str:
        return self.order(content, cookie=cookie) if cookie else self.order(content)


class TakesAnyJson(SmallSees):
    def parse(self, body: bytes) -> JSON:
        message: JSON = json.loads(body)  # and an Internal Server Error where it is none, or no object
        return dict(message)


class TakesAnythingForAnId(SmallSees):
    def check_form(self, message: JSON) -> None:
        super().check_form({"messageID": "", "version": 1} | message)


class ConvertsNumbers(SmallSees):
    def check_form(self, message: JSON) -> None:
        for name in ("version", "requestType"):
            if isinstance(message.get(name), str | bool | float):
                message[name] = int(message[name])
        super().check_form(message)


class AnswersGet(SmallSees):
    def methods(self) -> list[str]:
        return ["GET", "POST"]

    def parse(self, body: bytes) -> JSON:
        if request.method == "GET":
            numbers = {name: request.args.get(name, type=int) for name in ("version", "requestType")}
            return request.args.to_dict() | numbers
        return super().parse(body)


class TakesForms(SmallSees):
    def body(self) -> bytes:
        if request.mimetype == "application/x-www-form-urlencoded":
            numbers = {name: request.form.get(name, type=int) for name in ("version", "requestType")}
            return json.dumps(request.form.to_dict() | numbers).encode()
        return super().body()


class FollowsEveryBracket(SmallSees):
    def parse(self, body: bytes) -> JSON:
        if body.count(b"[") > 1000:
            raise RecursionError
        return super().parse(body)


class ReadsAnyLength(SmallSees):
    def body(self) -> bytes:
        return request.get_data(cache=False)


class CrashesWhenRefused(SmallSees):
    def refused(self, answer: requests.Response) -> str:
        answer.raise_for_status()  # and an Internal Server Error
        return ""


class KeepsOldTokens(SmallSees):
    """Answers with the last token of this viewer where ExpressPlay gives none."""

    def order(self, content: str, **restrictions: str) -> str:
        kept = self.__dict__.setdefault("tokens", {})
        viewer = (content, *restrictions.values())
        try:
            kept[viewer] = super().order(content, **restrictions)
        except Denied as reason:
            if viewer not in kept or "refused (4" in str(reason) or "no token URL" in str(reason):
                raise
        return str(kept[viewer])


class HandsOnWhatComes(SmallSees):
    def token_url(self, answer: requests.Response) -> str:
        return answer.text if answer.ok else self.refused(answer)


class TakesNoAnswerForNoDevice(SmallSees):
    def device_bound(self, content: str, cookie: str) -> str:
        try:
            records = self.records(cookie)
        except Denied:
            return self.order(content, cookie=cookie)
        if device := self.choose(records):
            return self.order(content, cookie=cookie, deviceId=device)
        raise Denied("not registered")


class RemembersThatThereWasNoDevice(SmallSees):
    def device(self, cookie: str) -> str:
        strangers = self.__dict__.setdefault("strangers", set())
        if cookie in strangers:
            raise Denied("not registered")
        try:
            return super().device(cookie)
        except Denied as reason:
            if "not registered" in str(reason):
                strangers.add(cookie)
            raise


class IsImpatient(SmallSees):
    timeout = 2.0  # half of what check 34 takes in tests, and far above what an answer takes on a busy machine

    def unreachable(self, error: requests.RequestException) -> str:
        if isinstance(error, requests.Timeout):
            raise error  # and an Internal Server Error
        return super().unreachable(error)


class GivesUpForGood(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        if self.__dict__.get("failures", 0) >= 3:
            raise Denied("ExpressPlay is out of order")
        return super().order(content, **restrictions)

    def refused(self, answer: requests.Response) -> str:
        self.__dict__["failures"] = self.__dict__.get("failures", 0) + (answer.status_code == 500)
        return super().refused(answer)


class TellsTheKey(SmallSees):
    def allowed(self, message: JSON, token_url: str) -> JSON:
        key = KEYS[message["contentID"]].upper()
        return super().allowed(message, token_url) | ({"kek": f"0x{key}"} if message["contentID"] == FILM else {})


class TellsWhatItAsked(SmallSees):
    def denied(self, message: JSON, text: str) -> JSON:
        asked = f"{self.expressplay}/cmiapi/getrecord/?customerAuthenticator={self.authenticator}"
        return super().denied(message, f"{text}: {asked}")


class TellsItInAHeader(SmallSees):
    def servlet(self) -> Response:
        response = super().servlet()
        response.headers["X-Debug"] = self.authenticator.replace(",", "%2C")
        return response


BROKEN: list[tuple[int, type[SmallSees]]] = [
    (1, TakesRegistrationForUnknown),
    (2, MakesMessageIdsOfItsOwn),
    (2, LowersMessageIds),
    (3, AnswersInVersionTwo),
    (4, QuotesErrorNumbers),
    (5, WantsARequestType),
    (6, TakesUnknownTypesForTimeBased),
    (7, HasADefaultTitle),
    (8, CountsOneCharacterLess),
    (9, CutsCookies),
    (10, GivesAnonymousViewersACookie),
    (11, RegistersWithoutTheCookie),
    (12, ForgetsToEscapeCookies),
    (13, ForgetsTheDevice),
    (14, LooksUpTheNewestOfAll),
    (15, LetsUnregisteredViewersIn),
    (16, StaysWithTheFirstDevice),
    (17, BelievesRefusedRows),
    (18, LooksAtTheLast32OfAll),
    (19, PlaysUnderTheCustomerCookie),
    (20, RegistersWithAnything),
    (21, PutsTheCookieIntoEveryToken),
    (22, TakesAnyJson),
    (23, TakesAnythingForAnId),
    (24, ConvertsNumbers),
    (25, AnswersGet),
    (26, TakesForms),
    (27, FollowsEveryBracket),
    (28, ReadsAnyLength),
    (29, CrashesWhenRefused),
    (30, KeepsOldTokens),
    (31, HandsOnWhatComes),
    (32, TakesNoAnswerForNoDevice),
    (33, RemembersThatThereWasNoDevice),
    (34, IsImpatient),
    (35, GivesUpForGood),
    (36, TellsTheKey),
    (37, TellsWhatItAsked),
    (37, TellsItInAHeader),
    (38, TakesPlaysForRegistrations),
]
