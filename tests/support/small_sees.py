"""A small SEES that is correct; each thing that it does is a method of its own, which a subclass can break.

It shares no line with server/, so that the conformance kit is also held against another program than ours.
"""

# ruff: noqa: ARG002 - what a right method does not need, a broken one may

import hashlib
import json
import re
import time
from typing import Any, ClassVar

import requests
from flask import Flask, Response, jsonify, request

DUMMY, FILM = "d0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000002"
KEYS = {DUMMY: "0d" * 15 + "01", FILM: "0f" * 15 + "02"}
IV = "00" * 16
TIME_BASED, REGISTRATION, DEVICE_BOUND = 1, 2, 3
LIMIT = 64 * 1024


class Denied(Exception):
    """No entitlement; the text is for the client."""


class SmallSees:
    """The correct SEES."""

    path = "/sees/SEESServlet"
    timeout = 15.0
    """Seconds. Far above what an answer takes on a busy machine: a time-out would be a defect of its own."""
    lifetime = "+60"
    max_cookie = 32
    kit: ClassVar[dict[str, Any]] = {}
    """How the conformance kit is to be run on it."""

    def __init__(self, expressplay: str, authenticator: str) -> None:
        self.expressplay, self.authenticator = expressplay, authenticator
        self.http = requests.Session()
        self.http.trust_env = False

    def app(self) -> Flask:
        app = Flask("small-sees", static_folder=None)
        app.add_url_rule(self.path, view_func=self.servlet, methods=self.methods())
        return app

    def methods(self) -> list[str]:
        return ["POST"]

    def servlet(self) -> Response:
        message: dict[str, Any] = {}
        try:
            message = self.parse(self.body())
            self.check_form(message)
            answer = self.allowed(message, self.entitle(message))
        except Denied as reason:
            answer = self.denied(message, str(reason))
        response = jsonify(answer)
        response.status_code = 200 if message else 400
        return response

    # The messages.

    def body(self) -> bytes:
        if (request.content_length or 0) > LIMIT:
            raise Denied("too large")
        return request.get_data(cache=False)

    def parse(self, body: bytes) -> dict[str, Any]:
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise Denied("no JSON") from None
        if not isinstance(message, dict):
            raise Denied("no object")
        return message

    def check_form(self, message: dict[str, Any]) -> None:
        for name, kind in (("messageID", str), ("version", int), ("contentID", str)):
            if type(message.get(name)) is not kind:
                raise Denied(f"{name} is missing or of another type")
        for name, kind in (("requestType", int), ("customerCookie", str)):
            if name in message and type(message[name]) is not kind:
                raise Denied(f"{name} is of another type")

    def allowed(self, message: dict[str, Any], token_url: str) -> dict[str, Any]:
        return self.envelope(message) | {"isAllowed": True, "epTokenURL": token_url}

    def denied(self, message: dict[str, Any], text: str) -> dict[str, Any]:
        return self.envelope(message) | {"isAllowed": False, "epTokenURL": "", "error": 1, "errorText": text}

    def envelope(self, message: dict[str, Any]) -> dict[str, Any]:
        return {"messageID": message.get("messageID", ""), "version": 1}

    # The decision.

    def entitle(self, message: dict[str, Any]) -> str:
        kind = self.kind(message)
        content = self.content(message["contentID"])
        cookie = self.cookie(kind, message.get("customerCookie"))
        if kind == TIME_BASED:
            return self.time_based(content, cookie)
        return self.registration(content, cookie) if kind == REGISTRATION else self.device_bound(content, cookie)

    def kind(self, message: dict[str, Any]) -> int:
        kind: int = message.get("requestType", TIME_BASED)
        if kind not in (TIME_BASED, REGISTRATION, DEVICE_BOUND):
            raise Denied("unknown request type")
        return kind

    def content(self, content: str) -> str:
        if content not in KEYS:
            raise Denied("unknown content")
        return content

    def cookie(self, kind: int, cookie: str | None) -> str:
        if kind != TIME_BASED and not cookie:
            raise Denied("no cookie")
        if len(cookie or "") > self.max_cookie:
            raise Denied("cookie too long")
        return cookie or ""

    def time_based(self, content: str, cookie: str) -> str:
        return self.order(content)

    def registration(self, content: str, cookie: str) -> str:
        if content != DUMMY:
            raise Denied("register with the dummy")
        return self.order(content, cookie=cookie)

    def device_bound(self, content: str, cookie: str) -> str:
        return self.order(content, cookie=self.cookie_for_plays(cookie), deviceId=self.device(cookie))

    def cookie_for_plays(self, cookie: str) -> str:
        """Return another cookie, so that a lookup by the customer's finds registrations only."""
        return hashlib.sha256(cookie.encode()).hexdigest()[:32]

    def device(self, cookie: str) -> str:
        for _ in range(3):
            if device := self.choose(self.records(cookie)):
                return device
            time.sleep(0.001)  # the log may lag
        raise Denied("not registered")

    def choose(self, records: list[dict[str, Any]]) -> str | None:
        """Return the device of the newest registration."""
        registrations = [record for record in records if record["registration"] and record["result"] == 0]
        return next((str(record["device_id"]) for record in registrations), None)

    # ExpressPlay.

    def records(self, cookie: str) -> list[dict[str, Any]]:
        return [record for record in self.ask_records(self.ask(cookie)) if self.is_of(record, cookie)]

    def ask(self, cookie: str) -> dict[str, str]:
        return {"cookie": cookie}

    def is_of(self, record: dict[str, Any], cookie: str) -> bool:
        return bool(record["cookie"] == cookie)

    def ask_records(self, parameters: dict[str, str]) -> list[dict[str, Any]]:
        asked = {"customerAuthenticator": self.authenticator} | parameters
        try:
            answer = self.http.get(f"{self.expressplay}/cmiapi/getrecord/", params=asked, timeout=self.timeout)
            records: list[dict[str, Any]] = answer.json()["records"]
        except (requests.RequestException, ValueError, KeyError, TypeError):
            return self.no_records()
        return records

    def no_records(self) -> list[dict[str, Any]]:
        raise Denied("ExpressPlay has no records")

    def order(self, content: str, **restrictions: str) -> str:
        asked = {
            "customerAuthenticator": self.authenticator,
            "errorFormat": "json",
            "contentKey": self.key(content),
            "iv": self.iv(content),
            "expirationTime": self.lifetime,
        }
        try:
            answer = self.ask_for_token(asked | restrictions)
        except requests.RequestException as error:
            return self.unreachable(error)
        return self.token_url(answer)

    def key(self, content: str) -> str:
        return KEYS[content]

    def iv(self, content: str) -> str:
        return IV

    def ask_for_token(self, asked: dict[str, str]) -> requests.Response:
        return self.http.post(f"{self.expressplay}/hms/fp/token", data=asked, timeout=self.timeout)

    def unreachable(self, error: requests.RequestException) -> str:
        raise Denied("ExpressPlay is unreachable")

    def token_url(self, answer: requests.Response) -> str:
        if not answer.ok:
            return self.refused(answer)
        if not re.fullmatch(r"https?://\S+ExpressPlayToken=\S+", answer.text.strip()):
            raise Denied("ExpressPlay gave no token URL")
        return answer.text.strip()

    def refused(self, answer: requests.Response) -> str:
        raise Denied(f"ExpressPlay refused ({answer.status_code})")
