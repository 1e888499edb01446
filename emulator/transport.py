"""The client's only way out: every exchange bounded in time and size as a whole, every failure an EmulatorError.

Over the connections of `urllib3`: what `requests` adds to them (redirects, cookies, a session) is not wanted, or done
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from json import dumps
from typing import TYPE_CHECKING, Any

from emulator import __version__
from emulator.errors import BadAddress, TlsFailed, UnexpectedAnswer
from emulator.parties import SEES, WEB_SERVER, Party
from emulator.urls import MAX_ADDRESS, basic_credentials, is_http_url, join_url, origin_of, wire_url, without_query
from hosting.base_url import read_base_url
from hosting.tls.tls import ClientTls, TlsError
from simulation.journal import TRACE_HEADER
from simulation.strict_json import parse_json

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from hosting.connection_pools import Pools

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 10.0, 30.0
MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of any answer but media. JSON takes up to 30 times its size when parsed; 20,000 titles of a SEES fit."""
MAX_MEDIA = 128 * 1024 * 1024
"""Bytes of a media file: ten seconds of 4K take 50 MB."""
MAX_COOKIES, MAX_COOKIE = 50, 4096
"""Cookies of an origin that are kept, and characters of one: RFC 6265, section 6.1, asks for at least these."""
REDIRECTS, MAX_REDIRECTS = (301, 302, 303, 307, 308), 5
CHUNK = 65_536
HEADERS = {"User-Agent": f"fps-emulator/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
NO_FILES = ClientTls()

_NOT_LET_IN = "sign the address anew if it has expired, or show with --header what the web server asks for"
_NOT_THERE = "upload the file, or correct the address that names it"
_FILE_FIXES = {401: _NOT_LET_IN, 403: _NOT_LET_IN, 404: _NOT_THERE, 410: _NOT_THERE}
"""What to do where a web server gives no file, by its status."""
_NOT_AT_SEES = "put the title's files beside the catalog of SEES, in a folder of its id, or play it by its URL"


@dataclass
class Access:
    """What a web server wants to see of those who may fetch a title: headers, and the cookies that it set.

    So does the name with a password that an address may hold. They go to the origin of the address that the user typed,
    and nowhere else: not across a redirect to another host, not to SEES, not to ExpressPlay.
    """

    origin: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: dict[str, str] = field(default_factory=dict, repr=False)

    def headers_for(self, party: Party, url: str) -> dict[str, str]:
        """Return the headers of a request to this party at this address."""
        if party is not WEB_SERVER or origin_of(url) != self.origin:
            return {}
        given = {**basic_credentials(url), **self.headers}
        if self.cookies:
            own = [value for name, value in self.headers.items() if name.lower() == "cookie"]
            given = {name: value for name, value in given.items() if name.lower() != "cookie"}
            given["Cookie"] = "; ".join([*own, *(f"{name}={value}" for name, value in self.cookies.items())])
        return given

    def note(self, url: str, *set_cookies: str) -> None:
        """Keep the cookies of an answer from that origin, the newest of them, for later requests to it.

        Each is the value of a header Set-Cookie: up to the first semicolon, name and value (RFC 6265, section 5.2).
        """
        if origin_of(url) != self.origin:
            return
        for header in set_cookies:
            name, equals, value = (part.strip() for part in header.partition(";")[0].partition("="))
            if equals and name and len(name) + len(value) <= MAX_COOKIE and (name + value).isprintable():
                self.cookies.pop(name, None)
                self.cookies[name] = value
        for name in [*self.cookies][:-MAX_COOKIES]:
            del self.cookies[name]


NO_ACCESS = Access("")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end. `url` is without its query, `final_url` as it was after all redirects."""

    party: Party
    url: str
    status: int
    content_type: str
    body: bytes = field(repr=False)
    final_url: str = field(default="", repr=False)
    location: str = field(default="", repr=False)

    def json_object(self, expected: str) -> dict[str, Any]:
        """Return the body as a JSON object. Raises `UnexpectedAnswer`; `expected` says what should be there."""
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
            expected=f"{expected} from {self.party.name} at {self.url}",
            found=found or self.shape(),
            fix=fix
            or (_FILE_FIXES.get(self.status, "") if self.party is WEB_SERVER else "")
            or (_NOT_AT_SEES if self.party is SEES and self.status == 404 and "/titles/" in self.url else "")
            or f"check that {self.party.option} is the address of {self.party.program}",
        )


def clean_base(url: str, party: Party) -> str:
    """Return the base URL of a service without a trailing slash. Raises `BadAddress` if it cannot be one."""
    try:
        return read_base_url(url)
    except ValueError as error:
        fix = (
            "name the service's base address only, with http:// or https://" if "://" in url else f"write http://{url}"
        )
        expected = f"{party.option} like http://127.0.0.1:8080"
        raise BadAddress(expected=expected, found=str(error), fix=fix) from None


class Web:
    """A session that carries one run's trace id to every party, and what a web server wants to see to that one."""

    def __init__(
        self,
        trace: str | None = None,
        tls: ClientTls = NO_FILES,
        pools: "Pools | None" = None,
        access: Access = NO_ACCESS,
    ) -> None:
        from hosting.connection_pools import Pools  # urllib3: 20 ms that `explain` and `--help` need not pay

        self.trace, self.tls, self.access = trace, tls, access
        self._pools = pools or Pools(tls)

    def traced(self, trace: str) -> "Web":
        """Return a Web with another trace id over the same connections."""
        return Web(trace, self.tls, self._pools, self.access)

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def ask(
        self,
        party: Party,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str | None = None,
        part: tuple[int, int] | None = None,
        most: int = MAX_ANSWER,
    ) -> Answer:
        """Send a request and read the answer, whatever its status. Raises `NoAnswer`, `TlsFailed` or `BadAddress`.

        `part` asks for so many bytes from an offset (offset, length), and gets these from a server without ranges too.
        `most` bounds the bytes of the body.
        """
        import urllib3  # as above

        from emulator.transport_errors import no_answer, turned_away
        from hosting.deadline import within
        from hosting.tls.tls_diagnosis import wants_certificate

        address = wire_url(url)
        if address is None:
            raise BadAddress(
                expected=f"an absolute http(s) URL of at most {MAX_ADDRESS} characters",
                found=repr(url[:200]),
                fix=f"check the address that {party.option} or the playlist gives",
            )
        if json is not None:
            body, content_type = dumps(json).encode(), "application/json"
        headers = {**HEADERS, **self.access.headers_for(party, url)}
        if self.trace:
            headers[TRACE_HEADER] = self.trace
        if content_type:
            headers["Content-Type"] = content_type
        if part:
            headers["Range"] = f"bytes={part[0]}-{part[0] + part[1] - 1}"
            headers["Accept-Encoding"] = "identity"
        with within(TOTAL_SECONDS):
            try:
                response = self._pools.urlopen(
                    method,
                    address,
                    body=body,
                    headers=headers,
                    redirect=False,
                    retries=False,
                    timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                    preload_content=False,
                )
                skip, size = part if part and response.status == 200 else (0, part and part[1])
                content = _read(response, skip, size, most, party, url)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise no_answer(error, party, url, self.tls) from error
            except TlsError as error:
                fix = "check --ca, --client-certificate and --client-key"
                raise TlsFailed(expected="files to use for TLS", found=str(error), fix=fix) from error
        self.access.note(url, *response.headers.getlist("Set-Cookie"))
        if url.startswith("https://") and wants_certificate(response.status, content, self.tls):
            raise turned_away(party, url)
        kind, location = (response.headers.get(name, "") for name in ("Content-Type", "Location"))
        return Answer(party, without_query(url), response.status, kind, content, url, location)

    def get(
        self,
        party: Party,
        url: str,
        *,
        expected: str,
        part: tuple[int, int] | None = None,
        most: int = MAX_ANSWER,
    ) -> Answer:
        """GET something that must be there. Raises `UnexpectedAnswer` for any status but 200 (or 206).

        Redirects are followed, a few, to http(s) addresses only.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = self.ask(party, "GET", url, part=part, most=most)
            if answer.status == 200 or (part and answer.status == 206):
                return answer
            if answer.status not in REDIRECTS or not answer.location:
                raise answer.unexpected(expected)
            url = join_url(url, answer.location)
            if not is_http_url(url):
                raise answer.unexpected(expected, "a redirect to what is no http(s) address")
        raise answer.unexpected(expected, f"more than {MAX_REDIRECTS} redirects")

    def post_json(self, party: Party, url: str, value: Mapping[str, Any]) -> Answer:
        """POST a JSON object."""
        return self.ask(party, "POST", url, json=dict(value))


def _read(response: "BaseHTTPResponse", skip: int, size: int | None, most: int, party: Party, url: str) -> bytes:
    """Return the body behind `skip` bytes, `size` bytes of it (None: all of it).

    Read to its end it leaves a connection for the next request; else that is closed.
    """
    content = bytearray()
    with response:
        for chunk in response.stream(CHUNK):
            passed = min(skip, len(chunk))
            skip -= passed
            content += chunk[passed:]
            if size is not None and len(content) >= size:
                return bytes(content[:size])
            if len(content) > most:
                raise UnexpectedAnswer(
                    expected=f"an answer of at most {most} bytes from {party.name}",
                    found=f"{len(content)} bytes and no end at {without_query(url)}",
                    fix=f"check that {party.option} is the address of {party.program}",
                )
        response.release_conn()
    return bytes(content)
