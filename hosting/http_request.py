"""A request as it came over a connection, and what stands for one that is refused by the server itself."""

from dataclasses import dataclass, field

from hosting import limits

HEAD_TOO_LARGE = (
    431,
    f"head too large: expected at most {limits.MAX_HEAD} bytes and {limits.MAX_HEADERS} headers, found more.",
)
Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Request:
    """A request as it came, its body whole."""

    method: str = ""
    target: bytes = b""
    version: str = "1.1"
    headers: Headers = field(default_factory=list)
    """Names in lower case, in the order in which they came."""
    body: bytearray = field(default_factory=bytearray)
    length: int = 0
    """Bytes of the body; more than `body` has, and over the ceiling, where it was too long to be taken."""
    last: bool = False
    """True where the connection ends with the answer."""

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header."""
        return next((value for known, value in self.headers if known == name), None)

    def problem(self) -> tuple[int, str] | None:
        """Return status and text where a head is none that is served here."""
        size = len(self.target) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if len(self.headers) > limits.MAX_HEADERS or size > limits.MAX_HEAD:
            return HEAD_TOO_LARGE
        if self.version not in ("1.0", "1.1"):
            return 505, "HTTP version not supported: expected 1.1"
        coding = self.header(b"transfer-encoding")
        if coding is not None and (coding.lower() != b"chunked" or self.version == "1.0"):
            return 501, "transfer encoding not supported: expected chunked, of HTTP/1.1"
        if self.version == "1.1" and sum(name == b"host" for name, _ in self.headers) != 1:
            return 400, "malformed request: expected one Host header"
        return None

    def head_without_upgrade(self) -> bytes:
        """Return the head as bytes again, without the offer to speak another protocol."""
        lines = [f"{self.method} ".encode() + self.target + f" HTTP/{self.version}".encode()]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(each for each in value.split(b",") if each.strip().lower() != b"upgrade")
            if name not in (b"upgrade", b"http2-settings") and value:
                lines.append(name + b": " + value)
        return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """What the server itself answers to something that is no whole request. It ends the connection."""

    status: int
    text: str
    request: Request
