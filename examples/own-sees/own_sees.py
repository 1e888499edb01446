"""A small SEES of another design than ours: plain WSGI on the standard library, and a device cache of its own.

It stands for *your* entitlement server. What makes it testable is one habit: ExpressPlay's address and the customer
authenticator are settings, not constants.
"""

import hashlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import make_server

LIMIT = 64 * 1024
JSON = dict[str, Any]

# content id → (content key, IV); a real server asks its key database.
TRAILER = "5a1e0000-0000-4000-8000-000000000001"
MOVIE = "5a1e0000-0000-4000-8000-000000000002"
KEYS = {
    TRAILER: ("8c6ff1d5b20e4a7793d4e60b1c5fa832", "00112233445566778899aabbccddeeff"),
    MOVIE: ("e4907b3fa1c852d60fbb92647cd31e58", "ffeeddccbbaa99887766554433221100"),
}
REGISTRATION_CONTENT = {TRAILER}


@dataclass(frozen=True)
class Settings:
    """Where ExpressPlay is, and the customer authenticator there."""

    expressplay: str
    authenticator: str


class No(Exception):
    """No entitlement. The text goes to the client, so it never holds what ExpressPlay was asked."""


def make_app(settings: Settings) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application."""

    def app(environ: JSON, start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, answer = "200 OK", None
        if environ["PATH_INFO"] != "/sees/SEESServlet":
            status, answer = "404 Not Found", {"error": 404, "errorText": "POST to /sees/SEESServlet"}
        elif environ["REQUEST_METHOD"] != "POST":
            status, answer = "405 Method Not Allowed", {"error": 405, "errorText": "POST"}
        else:
            message: JSON = {}
            try:
                message = read_message(environ)
                answer = respond(message, url=entitle(message, settings))
            except No as reason:
                status = "200 OK" if message else "400 Bad Request"
                answer = respond(message, reason=str(reason))
        start_response(status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
        return [json.dumps(answer).encode()]

    return app


def read_message(environ: JSON) -> JSON:
    """Read the request object; only what is looked at afterwards has been checked."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > LIMIT:
        raise No("too long")
    try:
        message = json.loads(environ["wsgi.input"].read(int(length)))
        types = {"messageID": str, "version": int, "requestType": int, "contentID": str, "customerCookie": str}
        wrong = [name for name, kind in types.items() if name in message and type(message[name]) is not kind]
        missing = [name for name in ("messageID", "version", "contentID") if name not in message]
    except (ValueError, TypeError, RecursionError):
        raise No("not a JSON object") from None
    if not isinstance(message, dict) or wrong or missing:
        raise No(f"missing or of another type: {', '.join(missing + wrong)}")
    return message


def respond(message: JSON, *, url: str = "", reason: str = "") -> JSON:
    """Build the response object."""
    answer = {"messageID": message.get("messageID", ""), "version": 1, "isAllowed": bool(url), "epTokenURL": url}
    return answer if url else answer | {"error": 100, "errorText": reason}


def entitle(message: JSON, settings: Settings) -> str:
    """Return the token URL for a request, or say No."""
    content, cookie = message["contentID"], message.get("customerCookie", "")
    if content not in KEYS:
        raise No("unknown content")
    if len(cookie) > 32:
        raise No("the cookie is too long")
    match message.get("requestType", 1):
        case 2 if cookie and content in REGISTRATION_CONTENT:
            return order_token(settings, content, cookie=cookie)
        case 3 if cookie and content not in REGISTRATION_CONTENT:
            device = registered_device(settings, cookie)
            return order_token(settings, content, cookie=cookie_for_plays(cookie), deviceId=device)
    raise No("this server sells device-bound entitlements only")  # so no time-based ones


def cookie_for_plays(cookie: str) -> str:
    """Return the cookie of bound tokens. Were it the customer's own, plays would hide the registration in the log."""
    return hashlib.sha256(b"play " + cookie.encode()).hexdigest()[:32]


def registered_device(settings: Settings, cookie: str) -> str:
    """Return the device of a cookie: that of the newest registration."""
    question = urllib.parse.urlencode({"customerAuthenticator": settings.authenticator, "cookie": cookie})
    answer = call(f"{settings.expressplay}/cmiapi/getrecord/?{question}")
    try:
        records = [record for record in json.loads(answer)["records"] if record["cookie"] == cookie]
        newest = [str(record["device_id"]) for record in records if record["registration"] and record["result"] == 0]
    except (ValueError, KeyError, TypeError):
        raise No("ExpressPlay's records cannot be read") from None
    if not newest:
        raise No("register this device first: play the trailer")
    return newest[0]


def order_token(settings: Settings, content: str, **restrictions: str) -> str:
    """Have ExpressPlay make a token, good for five minutes, and return its URL."""
    key, iv = KEYS[content]
    asked = {"customerAuthenticator": settings.authenticator, "contentKey": key, "iv": iv, "expirationTime": "+300"}
    body = urllib.parse.urlencode(asked | restrictions).encode()
    url = call(f"{settings.expressplay}/hms/fp/token", body).decode("utf-8", "replace").strip()
    if not url.startswith(("http://", "https://")) or "ExpressPlayToken=" not in url or url.split() != [url]:
        raise No("ExpressPlay gave no token URL")
    return url


def call(url: str, body: bytes | None = None) -> bytes:
    """Ask ExpressPlay."""
    try:
        with urllib.request.urlopen(url, body, timeout=5) as answer:
            content: bytes = answer.read(LIMIT)
            if answer.length:  # bytes that were announced and did not come: half a token URL is none
                raise No("ExpressPlay's answer broke off")
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise No(f"ExpressPlay refused with status {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException):
        raise No("ExpressPlay does not answer") from None


if __name__ == "__main__":
    chosen = Settings(os.environ["EXPRESSPLAY_URL"].rstrip("/"), os.environ["EXPRESSPLAY_AUTHENTICATOR"])
    with make_server("127.0.0.1", int(os.environ.get("PORT", "8002")), make_app(chosen)) as server:
        server.serve_forever()
