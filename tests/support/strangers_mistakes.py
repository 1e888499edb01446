"""Servers with one defect each, made by someone who had written none of the checks: faults that show at times only.

As in broken_sees.py each stands by the number of the check that must catch it.
"""

from typing import Any

from small_sees import DUMMY, FILM, KEYS, Denied, SmallSees

JSON = dict[str, Any]


class FallsBackToTheDeviceItKnew(SmallSees):
    """Where the records fail, believes what it found before: the device that was registered then."""

    def device(self, cookie: str) -> str:
        known: dict[str, str] = self.__dict__.setdefault("known", {})
        try:
            known[cookie] = super().device(cookie)
        except Denied as reason:
            if cookie not in known or "has no records" not in str(reason):
                raise
        return known[cookie]


class AnswersByMessageId(SmallSees):
    """Keeps its answers for clients that try again, by messageID alone."""

    def entitle(self, message: JSON) -> str:
        kept: dict[str, str] = self.__dict__.setdefault("kept", {})
        if message["messageID"] not in kept:
            kept[message["messageID"]] = super().entitle(message)
        return kept[message["messageID"]]


class RegistersWithTheFilmsKey(SmallSees):
    """Hands out the film's key with the dummy, to any device."""

    def key(self, content: str) -> str:
        return KEYS[FILM] if content == DUMMY else KEYS[content]


class LocksOutAfterADrop(SmallSees):
    def order(self, content: str, **restrictions: str) -> str:
        locked: set[str] = self.__dict__.setdefault("locked", set())
        viewer = restrictions.get("cookie", "")
        if viewer in locked:
            raise Denied("another request of this viewer is under way")
        try:
            return super().order(content, **restrictions)
        except Denied as reason:
            if "unreachable" in str(reason):
                locked.add(viewer)
            raise


class LocksOutAfterFailedRecords(SmallSees):
    def device(self, cookie: str) -> str:
        locked: set[str] = self.__dict__.setdefault("locked", set())
        if cookie in locked:
            raise Denied("another request of this viewer is under way")
        try:
            return super().device(cookie)
        except Denied as reason:
            if "has no records" in str(reason):
                locked.add(cookie)
            raise


class OrdersBeforeItLooks(SmallSees):
    """Pays for a token, and then sees that nobody registered."""

    def device_bound(self, content: str, cookie: str) -> str:
        try:
            return super().device_bound(content, cookie)
        except Denied as reason:
            if "not registered" in str(reason):
                self.order(content)
            raise


STRANGERS: list[tuple[int, type[SmallSees]]] = [
    (32, FallsBackToTheDeviceItKnew),
    (35, LocksOutAfterADrop),
    (35, LocksOutAfterFailedRecords),
    (44, AnswersByMessageId),
    (46, RegistersWithTheFilmsKey),
    (47, OrdersBeforeItLooks),
]
