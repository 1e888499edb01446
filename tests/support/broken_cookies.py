"""Servers that take one cookie for another, each in a way that people's servers do."""

import html
import unicodedata
from urllib.parse import unquote

from small_sees import SmallSees


class TakesCookies(SmallSees):
    """Takes a cookie for another one, everywhere alike: `as_taken` says which."""

    def cookie(self, kind: int, cookie: str | None) -> str:
        return self.as_taken(super().cookie(kind, cookie))

    def as_taken(self, cookie: str) -> str:
        return cookie


class InLatin1(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.encode("latin-1", "replace").decode("latin-1")


class Trimmed(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.strip(" ")


class LimitedInBytes(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.encode()[:32].decode("utf-8", "ignore")


class WithoutPercent(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return unquote(cookie)


class WithPlusForBlank(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.replace("+", " ")


class CutAtAmpersand(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.partition("&")[0]


class CutAtSemicolon(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.partition(";")[0]


class CutAtNul(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.partition("\0")[0]


class WithoutSurrogates(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return "".join(character for character in cookie if ord(character) < 0x10000)


class LowersCookies(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.lower()


class NormalisesCookies(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return unicodedata.normalize("NFC", cookie)


class EscapesCookies(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return html.unescape(cookie)


class TakesCookiesForNumbers(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return str(int(cookie)) if cookie.isascii() and cookie.isdecimal() else cookie


class StripsQuotes(TakesCookies):
    def as_taken(self, cookie: str) -> str:
        return cookie.replace("'", "").replace('"', "")
