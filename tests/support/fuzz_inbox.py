"""The target of scripts/fuzz that is `/_sim/` as a page: what strangers sent is shown as text, and as nothing else."""

import re
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import quote, urlencode, urlsplit

from fuzz_target import PATIENCE, Target

ELEMENTS = {
    *("html", "head", "meta", "title", "link", "script", "body", "header", "h1", "h2", "h3", "a", "p"),
    *("main", "section", "ol", "li", "span", "dl", "dt", "dd", "pre"),
}
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "rel", "href", "src", "defer", "class", "id", "tabindex"),
    *("aria-label", "aria-current"),
}


class _Skeleton(HTMLParser):
    """Asserts that a page has no element or attribute but those of its template."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS, f"an element {tag}"
        for name, value in attrs:
            assert name in ATTRIBUTES, f"an attribute {name} of {tag}"
            assert name not in ("href", "src") or (value or "").startswith("/_sim/"), f"{name} {value}"


def inbox_target(url: str, authenticator: str, spc: bytes) -> Target:
    """Return the target: bytes become cookie, user agent, path and body of a request, which the page then shows."""
    address = urlsplit(url)

    def ask(method: str, path: str, body: bytes | None = None, agent: str = "") -> tuple[int, bytes]:
        connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
        try:
            headers = {"User-Agent": agent, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def show(data: bytes) -> None:
        text = data.decode("latin-1")
        agent = "".join(letter for letter in text[:200] if letter.isprintable())
        wish = {"customerAuthenticator": authenticator, "iv": data[:32].hex(), "cookie": data[:40], "kid": data[:80]}
        ask("POST", "/_sim/reset", b"")
        ask("POST", "/hms/fp/token", urlencode({**wish, "contentKey": "0" * 32}).encode(), agent)
        ask("POST", f"/hms/fp/rights/?ExpressPlayToken={quote(data[:200])}", data[:4000], agent)
        ask("GET", f"/cmiapi/getrecord/?{urlencode({'customerAuthenticator': authenticator, 'cookie': data[:40]})}")
        _, listed = ask("GET", "/_sim/")
        entries = set(re.findall(r"/_sim/entries/\d+", listed.decode()))
        assert len(entries) >= 3, "the page does not list what was asked"
        for path in ("/_sim/", *entries, f"/_sim/entries/{quote(data[:30], safe='')}"):
            status, page = ask("GET", path)
            assert status in (200, 404), f"{path}: {status}"
            if status == 200:
                _Skeleton().feed(page.decode())

    markup = (
        b'<script src="//evil.example">',
        b"\"'><b onclick=alert(1)>",
        b"{{ 7 * 7 }}{% x %}",
        b"</pre><a href=javascript:1>",
    )
    return Target(show, (*markup, spc[:200], b"1"))
