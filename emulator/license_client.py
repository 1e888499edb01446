"""The client's two questions: SEES for a token URL, ExpressPlay for a license; each answer checked before use."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from emulator.errors import EntitlementDenied, LicenseRefused, MessageIdMismatch, UnexpectedAnswer
from emulator.explain import fix_for, title_of
from emulator.key_uri import TOKEN_PARAMETER
from emulator.parties import EXPRESSPLAY, SEES
from emulator.step import current_step
from emulator.transport import Answer, Web
from emulator.urls import is_http_url
from simulation.steps import Step

SEES_PATH = "/sees/SEESServlet"
VERSION = 1
MAX_TOKEN_URL = 8192

ENTITLEMENT = "a response object (messageID, version, isAllowed, epTokenURL)"
LICENSE = "a CKC (raw, <ckc>Base64</ckc> or JSON) or a refusal object"
FOREIGN_FIX = "ask whoever runs this SEES: number and text are its own"
_CKC_TEXT = re.compile(rb"\s*<ckc>([A-Za-z0-9+/=\s]*)</ckc>\s*")


class SpcShape(Enum):
    """How a client wraps the SPC that it posts: TVSDK's sends the octets, others a form or JSON."""

    RAW = "raw"
    FORM = "form"
    JSON = "json"


class RequestType(IntEnum):
    """What a client wants of SEES."""

    TIME_BASED = 1
    REGISTRATION = 2
    DEVICE_BOUND = 3


@dataclass(frozen=True)
class Entitlement:
    """SEES said yes: the token URL, and the exchange as it was."""

    token_url: str = field(repr=False)
    request: Mapping[str, Any]
    response: Mapping[str, Any] = field(repr=False)
    url: str
    status: int

    @property
    def token(self) -> str:
        """The token alone, base64url."""
        return _token_of(self.token_url) or ""


@dataclass(frozen=True)
class LicenseAnswer:
    """ExpressPlay issued: the raw CKC, and the shape (raw, text, JSON) in which it came."""

    ckc: bytes = field(repr=False)
    shape: str
    url: str
    status: int


def entitlement_request(message_id: str, kind: RequestType, content_id: str, cookie: str) -> dict[str, Any]:
    """Return the request object of SEES's public API."""
    return {
        "messageID": message_id,
        "version": VERSION,
        "requestType": int(kind),
        "contentID": content_id,
        "customerCookie": cookie,
    }


def endpoint_of(sees: str) -> str:
    """Return where a SEES takes requests: the published path is added to an address without one."""
    return sees if urlsplit(sees).path.strip("/") else sees.rstrip("/") + SEES_PATH


def ask_sees(web: Web, sees: str, request: Mapping[str, Any]) -> Entitlement:
    """Send an entitlement request. Raises `EntitlementDenied` for a no, another `EmulatorError` for no answer."""
    url = endpoint_of(sees)
    answer = web.post_json(SEES, url, request)
    response = answer.json_object(ENTITLEMENT)
    return Entitlement(check_entitlement(request, response, answer), request, response, url, answer.status)


def check_entitlement(request: Mapping[str, Any], response: Mapping[str, Any], answer: Answer) -> str:
    """Check a response object against its request and return the token URL.

    Order: form, messageID, denial, version, token URL. A response to another message is never believed, not
    even its denial.
    """
    match response:
        case {"messageID": str(message_id), "version": int(version), "isAllowed": bool(allowed)} if type(
            version
        ) is int and isinstance(response.get("epTokenURL"), str):
            pass
        case _:
            fix = "have SEES answer all four, each in its type; in a denial epTokenURL is empty"
            raise answer.unexpected(ENTITLEMENT, _describe(response, answer), fix if "isAllowed" in response else None)
    if message_id != request["messageID"]:
        raise MessageIdMismatch(
            expected=f"the request's messageID {request['messageID']}",
            found=repr(message_id[:80]),
            fix="SEES must echo it; the entitlement counts as denied",
        )
    if not allowed:
        raise _denial(response, answer)
    if not 1 <= version <= VERSION:
        raise answer.unexpected(f"version 1 to {VERSION}", f"version {version}", "SEES must not answer above it")
    token_url: str = response["epTokenURL"]
    if len(token_url) > MAX_TOKEN_URL or not is_http_url(token_url) or _token_of(token_url) is None:
        raise answer.unexpected(
            f"an epTokenURL like https://<host>/hms/fp/rights/?{TOKEN_PARAMETER}=<token>",
            f"another text of {len(token_url)} characters",
            "SEES must hand on the URL that ExpressPlay's token request returned",
        )
    return token_url


def wrap_spc(spc: bytes, shape: SpcShape, asset_id: str) -> tuple[bytes, str]:
    """Return body and content type of a license request."""
    text = base64.b64encode(spc).decode()
    match shape:
        case SpcShape.RAW:
            return spc, "application/octet-stream"
        case SpcShape.FORM:
            return urlencode({"spc": text, "assetId": asset_id}).encode(), "application/x-www-form-urlencoded"
        case SpcShape.JSON:
            return json.dumps({"spc": text}).encode(), "application/json"


def ask_license(
    web: Web, token_url: str, spc: bytes, *, shape: SpcShape = SpcShape.RAW, asset_id: str = ""
) -> LicenseAnswer:
    """Post the SPC to the token URL. Raises `LicenseRefused` for a refusal object."""
    body, content_type = wrap_spc(spc, shape, asset_id)
    answer = web.ask(EXPRESSPLAY, "POST", token_url, body=body, content_type=content_type)
    if answer.status != 200:
        raise _refusal(answer)
    ckc, answered = unwrap_ckc(answer)
    return LicenseAnswer(ckc, answered, answer.url, answer.status)


def unwrap_ckc(answer: Answer) -> tuple[bytes, str]:
    """Return the raw CKC of an answer and the name of its shape. Raises `UnexpectedAnswer` for any other body."""
    start = answer.body.lstrip()[:1]
    if text := _CKC_TEXT.fullmatch(answer.body):
        return _base64(text[1], answer), "text"
    if start == b"{":
        value = answer.json_object(LICENSE)
        if "errorCode" in value:
            raise _refusal(answer)
        if isinstance(ckc := value.get("ckc"), str):
            return _base64(ckc.encode("utf-8", "replace"), answer), "json"
        raise answer.unexpected(LICENSE, "JSON without ckc")
    if start in (b"", b"<"):
        raise answer.unexpected(LICENSE)
    return answer.body, "raw"


def _base64(text: bytes, answer: Answer) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raise answer.unexpected(LICENSE, "a CKC whose Base64 is damaged") from None


def _token_of(token_url: str) -> str | None:
    values = parse_qs(urlsplit(token_url).query).get(TOKEN_PARAMETER, [])
    if len(values) == 1 and re.fullmatch(r"[A-Za-z0-9_-]+={0,2}", values[0]):
        return values[0]
    return None


def _describe(response: Mapping[str, Any], answer: Answer) -> str:
    names = ", ".join(sorted(str(name)[:20] for name in response)[:8]) or "no members"
    return f"an object of {names} with HTTP {answer.status}"


def _denial(response: Mapping[str, Any], answer: Answer) -> EntitlementDenied:
    error, text = response.get("error"), response.get("errorText")
    number = error if type(error) is int else None
    text = text if isinstance(text, str) else "no errorText"
    # Our SEES begins its text with the title of the number; another's number may mean anything.
    ours = number is not None and text.startswith(title_of(number))
    return EntitlementDenied(
        error=number,
        text=text,
        status=answer.status,
        fix=fix_for(number) if ours else FOREIGN_FIX,
        response=response,
        ours=ours,
    )


def _refusal(answer: Answer) -> LicenseRefused | UnexpectedAnswer:
    match response := answer.json_object(LICENSE):
        case {"errorCode": int(code), "errorMessage": str(message)} if type(code) is int:
            cause, hint = response.get("cause"), response.get("hint")
            return LicenseRefused(
                code=code,
                message=message,
                hint=(hint if isinstance(hint, str) and hint else fix_for(code)).rstrip("."),
                cause=cause if type(cause) is int else None,
                status=answer.status,
                response=response,
                # Asked for in step 11, decided in 12, answered in 13: a refusal is the decision. 4 is all in one.
                step=Step.COMPARE_DEVICES if current_step() == Step.SEND_SPC_TO_PLAY else None,
            )
        case _:
            return answer.unexpected(LICENSE, answer.shape())
