"""Every reason to refuse an SPC or a CKC: one exception per check, with its public number and the likely fix.

The numbers of Apple's key server modules are negative and public (-425xx, -426xx); those below -9000 are this
simulation's own. `check` is the row of the table of checks in docs/messages.md, which is made from this list.
"""

from typing import ClassVar

from fairplay.mistakes import recognise


class FairPlayError(Exception):
    """A message broke a rule. `str()` is one line that a person can act on; it never holds a key."""

    number: ClassVar[int]
    check: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, expected: str, found: str, fix: str) -> None:
        self.expected = expected
        self.found = found
        self.fix = fix
        super().__init__(f"{self.number} {self.title}: expected {expected}, found {found}. Likely fix: {fix}.")


class SpcError(FairPlayError):
    """The key server refuses an SPC."""


class CkcError(FairPlayError):
    """The device refuses a CKC."""


class NotAnSpc(SpcError):
    """Too short for a header, or plainly something else: a certificate, a CKC, JSON, PEM, Base64 text."""

    number, check, title = -42580, 1, "not an SPC"

    @classmethod
    def because_of(cls, data: bytes, header_size: int) -> "NotAnSpc":
        """Name what was posted instead, by its first bytes where they are telling."""
        mistake = recognise(data)
        if mistake:
            return cls("the raw octets of an SPC", mistake.what, mistake.fix)
        if len(data) >= header_size:
            return cls(
                "the version of an SPC in the first four bytes, 00000001 or 00000002",
                data[:4].hex(),
                "send the SPC that the device made, as raw octets and with nothing before it",
            )
        return cls(
            f"at least the {header_size} bytes of the header",
            f"{len(data)} bytes",
            "send the whole SPC that the device made, unshortened and as raw octets",
        )


class UnknownVersion(SpcError):
    """The first four bytes are no SPC version that this key server knows."""

    number, check, title = -42580, 1, "SPC version"


class MissingMark(SpcError):
    """The reserved word is not `SIM1`: a real SPC, which this simulation never processes, or a damaged one."""

    number, check, title = -9001, 1, "simulation mark"


class UnknownCertificate(SpcError):
    """No private key belongs to the SPC's certificate hash."""

    number, check, title = -42605, 2, "certificate hash"


class BadPayloadLength(SpcError):
    """The payload length contradicts the message, or is not a multiple of the cipher block."""

    number, check, title = -42585, 3, "payload length"


class CannotDecrypt(SpcError):
    """The SPC's key did not unwrap to 16 bytes. Always the same words, so that it is no oracle."""

    number, check, title = -42605, 4, "SPC key"

    def __init__(self) -> None:
        super().__init__(
            "an SPC key of 16 bytes wrapped with the RSA key of the named certificate",
            "a payload that cannot be decrypted",
            "build the SPC with the certificate that the server provisions, and do not alter its bytes",
        )


class BadTllv(SpcError):
    """A TLLV block does not fit into the payload, or contradicts itself."""

    number, check, title = -42585, 6, "TLLV block"


class DuplicateTag(SpcError):
    """A tag occurs twice."""

    number, check, title = -42591, 7, "duplicate tag"


class BadSize(SpcError, CkcError, ValueError):
    """The value of a known tag has a size that the tag does not allow."""

    number, check, title = -42581, 8, "value size"


class MissingTag(SpcError, CkcError):
    """A required tag is not there."""

    number, check, title = -42583, 9, "required tag"


class BadReturnRequest(SpcError):
    """The return request names a tag that cannot be returned."""

    number, check, title = -42583, 10, "return request"


class UnsupportedProtocol(SpcError):
    """The protocol version in use is not one that both sides support."""

    number, check, title = -42590, 11, "protocol version"


class IntegrityMismatch(SpcError):
    """The MAC over SK, HU and R1 does not hold: the block was altered, or made with another ASk."""

    number, check, title = -42589, 12, "SK..R1 integrity"

    def __init__(self) -> None:
        super().__init__(
            "the same 16 bytes in the integrity tag, in SK..R1 and from the MAC over SK, HU and R1",
            "values that differ",
            "do not alter the SPC, and build it with the ASk that the server provisions",
        )


class KeyNotFound(SpcError, ValueError):
    """There is no usable content key for the asset."""

    number, check, title = -42584, 13, "content key"


class BadPlaybackState(SpcError):
    """The media playback state is none of the known ones."""

    number, check, title = -42585, 14, "media playback state"


class NotACkc(CkcError):
    """Not the frame of a CKC: too short, another version, no mark, or lengths that contradict each other."""

    number, check, title = -42585, 3, "CKC frame"


class WrongCkc(CkcError):
    """The CKC does not answer this SPC: it decrypts to nothing sensible, or returns another R1."""

    number, check, title = -42589, 12, "CKC for this SPC"


class ReturnedTagMismatch(CkcError):
    """A tag that the device asked back is missing or came back changed."""

    number, check, title = -42583, 10, "returned tag"


BEHIND_THE_ENVELOPE: tuple[type[SpcError], ...] = (
    CannotDecrypt,
    BadTllv,
    DuplicateTag,
    BadSize,
    MissingTag,
    BadReturnRequest,
    UnsupportedProtocol,
    BadPlaybackState,
)
"""What only a key server's own keys can find in an SPC. CBC has no outer tag, so an answer that tells these apart, or
quotes what was found, reads other people's SPCs: a key server answers all of them alike, and keeps the finding."""
