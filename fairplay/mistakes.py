"""What people post where an SPC or CKC is wanted, recognised by its first bytes, and how to mend it."""

from typing import NamedTuple

from fairplay.layout import CKC_HEADER, CKC_VERSION, MARK


class Mistake(NamedTuple):
    """What was found, and the likely fix."""

    what: str
    fix: str


_BASE64 = "decode the Base64 text first, or post it as the form field spc= or as JSON with the member spc"

_BY_FIRST_BYTES: tuple[tuple[bytes, Mistake], ...] = (
    (b"-----BEGIN", Mistake("PEM text", "send the SPC; a certificate goes into SPC creation, in DER form")),
    (
        b"LS0tLS1CRUdJ",
        Mistake("PEM text in Base64", "send the SPC; a certificate goes into SPC creation, in DER form"),
    ),
    (
        b"\x30\x82",
        Mistake("a DER certificate (first bytes 3082)", "send the SPC, not the application certificate"),
    ),
    (b"MII", Mistake("a DER certificate in Base64", "send the SPC, not the application certificate")),
    (
        b"eyJ",
        Mistake("a base64url token (first bytes 65794a)", "send the SPC; a token goes into the URL or a header"),
    ),
    (b"{", Mistake("JSON (first byte 7b)", 'say Content-Type: application/json and use {"spc": "<Base64>"}')),
    (
        b"[",
        Mistake("a JSON array (first byte 5b)", 'use {"spc": "<Base64>"} as application/json, or raw octets'),
    ),
    (
        b'"',
        Mistake("a JSON string (first byte 22)", 'use {"spc": "<Base64>"} as application/json, or raw octets'),
    ),
    (
        b"spc=",
        Mistake("a form body", "say Content-Type: application/x-www-form-urlencoded, or send raw octets"),
    ),
    (b"<ckc>", Mistake("a CKC in its text form", "send the SPC; a CKC is the answer")),
    (b"<", Mistake("HTML or XML", "send the SPC; a web page or an error page was taken for it")),
    (b"skd:", Mistake("a key URI", "make an SPC for the content id in it and send that")),
    (b"AAAAA", Mistake("Base64 text", _BASE64)),
)


def recognise(data: bytes) -> Mistake | None:
    """Return the usual mistake that `data` is, or None where its first bytes are not telling."""
    start = data[:32].lstrip()
    for first_bytes, mistake in _BY_FIRST_BYTES:
        if start.startswith(first_bytes):
            return mistake
    return Mistake("a CKC", "send the SPC; a CKC is the answer to it") if is_ckc(data) else None


def is_ckc(data: bytes) -> bool:
    """Tell whether `data` is a CKC of this simulation, which starts as an SPC v1 does."""
    if len(data) < CKC_HEADER.size:
        return False
    version, mark, _, length = CKC_HEADER.unpack(data)
    return bool(version == CKC_VERSION and mark == MARK and length == len(data) - CKC_HEADER.size)
