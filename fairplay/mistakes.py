"""What people post where an SPC or CKC is wanted, recognised by its first bytes, and how to mend it."""

import base64
import binascii
from typing import NamedTuple

from fairplay.layout import CKC_HEADER, CKC_VERSION, MARK


class Mistake(NamedTuple):
    """What was found, and the likely fix."""

    what: str
    fix: str


MIN_CIPHERTEXT = 64
"""Bytes from which on valid UTF-8 is no accident."""

_CERTIFICATE = "send the SPC; a certificate goes into SPC creation, alone and in DER form"
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
"""The first bytes of the object identifiers of PKCS#7, which is also what PKCS#12 has inside."""

# fmt: off
_BY_FIRST_BYTES: tuple[tuple[bytes, str, str], ...] = (
    (b"-----BEGIN PKCS7", "PKCS#7 in PEM, a bundle of certificates", _CERTIFICATE),
    (b"-----BEGIN CMS", "CMS in PEM, a bundle of certificates", _CERTIFICATE),
    (b"[object", "the name of a JavaScript object", "post the SPC's bytes themselves, not their toString()"),
    (b"undefined", "the word undefined", "wait for the SPC before you post it"),
    (b"null", "the word null", "wait for the SPC before you post it"),
    (b"\x1f\x8b", "gzip (first bytes 1f8b)", "send the SPC uncompressed: an encrypted one does not shrink"),
    (b"data:", "a data: URI", "decode what follows its comma and send that"),
    (b"AQAAA", "a token of ExpressPlay", "send the SPC; the token goes into the URL or a header"),
    (b"http", "a URL", "post the SPC to the token URL; a URL is not what goes into the body"),
    (b"0000000253494d31", "hex digits", "decode them and send the raw octets, or send Base64"),
    (b"0000000153494d31", "hex digits", "decode them and send the raw octets, or send Base64"),
    (b"QUFBQU", "Base64 of Base64", "encode the SPC once"),
    (b"-----BEGIN", "PEM text", "send the SPC; a certificate goes into SPC creation, in DER form"),
    (b"LS0tLS1CRUdJ", "PEM text in Base64", "send the SPC; a certificate goes into SPC creation, in DER form"),
    (b"\x30\x82", "a DER certificate (first bytes 3082)", "send the SPC, not the application certificate"),
    (b"MII", "a DER certificate in Base64", "send the SPC, not the application certificate"),
    (b"eyJ", "a base64url token (first bytes 65794a)", "send the SPC; a token goes into the URL or a header"),
    (b"{", "JSON (first byte 7b)", 'say Content-Type: application/json and use {"spc": "<Base64>"}'),
    (b"[", "a JSON array (first byte 5b)", 'use {"spc": "<Base64>"} as application/json, or raw octets'),
    (b'"', "a JSON string (first byte 22)", 'use {"spc": "<Base64>"} as application/json, or raw octets'),
    (b"spc=", "a form body", "say Content-Type: application/x-www-form-urlencoded, or send raw octets"),
    (b"<ckc>", "a CKC in its text form", "send the SPC; a CKC is the answer"),
    (b"<", "HTML or XML", "send the SPC; a web page or an error page was taken for it"),
    (b"skd:", "a key URI", "make an SPC for the content id in it and send that"),
    (b"AAAAA", "Base64 text",
     "decode the Base64 text first, or post it as the form field spc= or as JSON with the member spc"),
    (b"--", "multipart/form-data", "send raw octets, or a form as application/x-www-form-urlencoded"),
)
# fmt: on
"""First bytes, what they are, and the likely fix. The first row that fits counts."""


def recognise(data: bytes) -> Mistake | None:
    """Return the usual mistake that `data` is, or None where its first bytes are not telling."""
    if data.startswith(b"\x30") and (kind := _der_container(data)):
        return Mistake(kind, _CERTIFICATE)
    if data.startswith(b"\0\0\0") and (found := _text_mode(data)):
        return Mistake(found, "read and send the SPC as bytes: no text, no charset, on any part of its way")
    start = data[:32].lstrip()
    if start.startswith(b"MII") and (kind := _der_container(_first_bytes_of_base64(data.lstrip()))):
        return Mistake(f"{kind}, in Base64", _CERTIFICATE)
    for first_bytes, what, fix in _BY_FIRST_BYTES:
        if start.startswith(first_bytes):
            return Mistake(what, fix)
    return Mistake("a CKC", "send the SPC; a CKC is the answer to it") if is_ckc(data) else None


def _first_bytes_of_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text[:56])
    except binascii.Error:
        return b""


def _der_container(data: bytes) -> str:
    """Name what holds certificates in DER, by the object identifiers near its start; empty for anything else."""
    if _PKCS7 in data[:16]:
        return "PKCS#7, a bundle of certificates"
    if _PKCS7 in data[:40] and data[4:7] == b"\x02\x01\x03":
        return "PKCS#12, a certificate with its private key"
    return ""


def _text_mode(data: bytes) -> str:
    """Name bytes that a program took for text: that much ciphertext is never valid UTF-8 by chance."""
    if len(data) < MIN_CIPHERTEXT or data.isascii():
        return ""
    try:
        lost = data.decode("utf-8").count("\ufffd")
    except UnicodeDecodeError:
        return ""
    return "an SPC that went through text mode" + (f" ({lost} of its bytes are lost)" if lost else "")


def is_ckc(data: bytes) -> bool:
    """Tell whether `data` is a CKC of this simulation, which starts as an SPC v1 does."""
    if len(data) < CKC_HEADER.size:
        return False
    version, mark, _, length = CKC_HEADER.unpack(data)
    return bool(version == CKC_VERSION and mark == MARK and length == len(data) - CKC_HEADER.size)
