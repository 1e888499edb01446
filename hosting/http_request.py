"""A request as it came over a connection, and what stands for one that is refused by the server itself."""

from dataclasses import dataclass, field

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
