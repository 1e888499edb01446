"""The client's only way out: one `requests.Session`, bounded in time and size, every failure an EmulatorError."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.errors import BadAddress, EmulatorError, NoAnswer, TlsFailed, UnexpectedAnswer
from hosting.tls.tls import ClientTls, TlsError
from simulation.journal import TRACE_HEADER
from simulation.strict_json import parse_json

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 10.0, 30.0
MAX_BODY = 32 * 1024 * 1024
"""Bytes of an answer; the largest, a segment of video, is far below."""
NO_FILES = ClientTls()
TRUST = "name its authority with --ca; where ca.pem of a simulated service lies is in its ready line"
SHOW = "show one with --client-certificate and --client-key; where a good one lies is in SEES's ready line"


@dataclass(frozen=True)
class Party:
    """A service as the user knows it: its name, the program that runs it, the option that names its address."""

    name: str
    program: str
    option: str


SEES = Party("SEES", "sees-server", "--sees")
EXPRESSPLAY = Party("ExpressPlay", "expressplay-mock", "--expressplay")
WEB_SERVER = Party("the web server", "the web server", "the title's URL")
"""Whoever serves a title that is played by its URL."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    party: Party
    step: int | None
    url: str
    status: int
    content_type: str
    body: bytes = field(repr=False)

    def json_object(self, expected: str) -> dict[str, Any]:
        """Return the body as a JSON object; UnexpectedAnswer names what came instead, `expected` what should."""
        try:
            value = parse_json(self.body)
        except ValueError as error:
            raise self.unexpected(expected, f"{self.shape()} ({error})") from None
        if not isinstance(value, dict):
            raise self.unexpected(expected, f"JSON that is no object but {type(value).__name__}")
        return value

    def shape(self) -> str:
        """Say what sort of body this is, for an error text: never its content beyond the first few bytes."""
        start = self.body[:64].lstrip().lower()
        if not start:
            return f"an empty body with HTTP {self.status}"
        if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
            return f"an HTML page with HTTP {self.status}"
        kind = self.content_type or "no content type"
        return f"{len(self.body)} bytes of {kind} with HTTP {self.status}"

    def unexpected(self, expected: str, found: str | None = None, fix: str | None = None) -> UnexpectedAnswer:
        """Build the error of an answer that this party would not give."""
        return UnexpectedAnswer(
            step=self.step,
            expected=f"{expected} from {self.party.name} at {self.url}",
            found=found or self.shape(),
            fix=fix or f"check that {self.party.option} is the address of {self.party.program}",
        )


def clean_base(url: str, party: Party) -> str:
    """Return the base URL of a service without a trailing slash; BadAddress if it cannot be one."""
    expected = f"{party.option} like http://127.0.0.1:8080"
    parts = _split(url)
    if parts is None:
        fix = f"write http://{url}" if "://" not in url else "use an http:// or https:// address"
        raise BadAddress(step=None, expected=expected, found=repr(url[:200]), fix=fix)
    if parts.query or parts.fragment:
        raise BadAddress(
            step=None,
            expected=expected,
            found="a query or fragment behind it",
            fix="name the service's base address only",
        )
    return url.rstrip("/")


def is_http_url(url: str) -> bool:
    """True for an absolute http(s) URL with a host and, if any, a possible port."""
    return _split(url) is not None


def origin_of(url: str) -> str:
    """Return the scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isascii() and url.isprintable() and " " not in url else None


class Web:
    """A session that carries one run's trace id to every party."""

    def __init__(
        self, trace: str | None = None, tls: ClientTls = NO_FILES, session: "requests.Session | None" = None
    ) -> None:
        from hosting.http_client import new_session  # it takes requests: 60 ms that `explain` and `--help` need not pay

        self.trace = trace
        self.tls = tls
        self._session = session or new_session(tls)

    def traced(self, trace: str) -> "Web":
        """Return a Web with another trace id over the same connections."""
        return Web(trace, self.tls, self._session)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(
        self,
        party: Party,
        method: str,
        url: str,
        *,
        step: int | None,
        json: Any = None,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> Answer:
        """Send a request and read the answer, whatever its status; NoAnswer, TlsFailed or BadAddress if none comes."""
        import requests
        import urllib3

        if not is_http_url(url):
            raise BadAddress(
                step=step,
                expected="an absolute http(s) URL",
                found=repr(url[:200]),
                fix=f"check the address that {party.option} or the playlist gives",
            )
        headers: dict[str, str] = {}
        if self.trace:
            headers[TRACE_HEADER] = self.trace
        if content_type:
            headers["Content-Type"] = content_type
        try:
            with self._session.request(
                method,
                url,
                json=json,
                data=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read_all(response.iter_content(65_536), party, url, step)
                kind = response.headers.get("Content-Type", "")
                return Answer(party, step, _without_query(url), response.status_code, kind, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
            raise _no_answer(error, party, url, step, self.tls) from None
        except TlsError as error:
            fix = "check --ca, --client-certificate and --client-key"
            raise TlsFailed(step=step, expected="files to use for TLS", found=str(error), fix=fix) from None

    def get(self, party: Party, url: str, *, step: int | None, expected: str) -> Answer:
        """GET something that must be there: any status but 200 is an UnexpectedAnswer."""
        answer = self.ask(party, "GET", url, step=step)
        if answer.status != 200:
            raise answer.unexpected(expected)
        return answer

    def post_json(self, party: Party, url: str, value: Mapping[str, Any], *, step: int | None) -> Answer:
        """POST a JSON object."""
        return self.ask(party, "POST", url, step=step, json=dict(value))


def _without_query(url: str) -> str:
    # The query of a license URL is a token: not for error texts and journals.
    return url.split("?", 1)[0].split("#", 1)[0]


def _read_all(chunks: Iterator[bytes], party: Party, url: str, step: int | None) -> bytes:
    deadline = time.monotonic() + TOTAL_SECONDS
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > MAX_BODY or time.monotonic() > deadline:
            raise UnexpectedAnswer(
                step=step,
                expected=f"an answer of at most {MAX_BODY} bytes within {TOTAL_SECONDS:.0f} s from {party.name}",
                found=f"{len(content)} bytes and no end at {_without_query(url)}",
                fix=f"check that {party.option} is the address of {party.program}",
            )
    return bytes(content)


def _no_answer(error: Exception, party: Party, url: str, step: int | None, tls: ClientTls) -> EmulatorError:
    import requests

    from hosting.tls.tls_diagnosis import diagnose

    address = origin_of(url)
    fix = f"is {party.program} running? Check the port in {party.option}"
    if isinstance(error, requests.Timeout):
        found = f"no answer in time at {address}"
    elif "getaddrinfo" in str(error) or "NameResolution" in str(error):
        found, fix = f"no host of that name: {address}", f"check the spelling of the host in {party.option}"
    elif "refused" in str(error):
        found = f"nothing answers at {address}"
    elif problem := diagnose(url, tls):
        fix = problem.fix(party.program, trust=TRUST, show=SHOW)
        return TlsFailed(step=step, expected=f"{party.name} at {address}", found=problem.value, fix=fix)
    elif any(sign in str(error) for sign in ("without response", "reset by peer", "Broken pipe", "IncompleteRead")):
        found, fix = f"a connection that broke off at {address}", f"has {party.program} ended? Look at its log"
    else:
        found = f"something at {address} that does not speak HTTP ({type(error).__name__})"
    return NoAnswer(step=step, expected=f"{party.name} at {address}", found=found, fix=fix)
