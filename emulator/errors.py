"""What can go wrong for a client, one exception each: the step, what was expected, what was found, the likely fix.

The numbers -9101 and below are this emulator's own; `simulation.error_numbers` has their titles and meanings. A
refusal keeps the number of the service that refused.
"""

from collections.abc import Mapping
from typing import Any

from emulator.step import current_step
from simulation.error_numbers import BY_NUMBER
from simulation.printable import brief


class EmulatorError(Exception):
    """Base of the emulator's errors. `str()` is one readable line; it never holds a key.

    `step` is named where the failure belongs to another step than the one that is being taken (None: to that one).
    Each text may repeat what somebody else wrote: of one that is long, only the beginning is kept.
    """

    number: int

    def __init__(self, *, expected: str, found: str, fix: str, step: int | None = None) -> None:
        self.step = current_step() if step is None else step
        self.expected, self.found, self.fix = brief(expected), brief(found), brief(fix)
        super().__init__(self.step, self.expected, self.found, self.fix)

    @property
    def title(self) -> str:
        """The number in a few words."""
        return BY_NUMBER[self.number].title

    @property
    def where(self) -> str:
        """How a text about it begins: the step, if there is one."""
        return "" if self.step is None else f"step {self.step}: "

    def __str__(self) -> str:
        return f"{self.where}{self.number} {self.title}: expected {self.expected}, found {self.found}. Fix: {self.fix}."

    def as_json(self) -> dict[str, object]:
        """The same facts as a JSON object."""
        return {
            "number": self.number,
            "title": self.title,
            "step": self.step,
            "expected": self.expected,
            "found": self.found,
            "fix": self.fix,
        }


class NoAnswer(EmulatorError):
    """Nobody answered, or not in time, or not in HTTP."""

    number = -9101


class UnexpectedAnswer(EmulatorError):
    """Somebody answered, but not with what this service answers."""

    number = -9102


class BadPlaylist(EmulatorError):
    """The playlist is no HLS playlist, or not one this player can play."""

    number = -9103


class BadKeyUri(EmulatorError):
    """The URI of an EXT-X-KEY names no content id and carries no token."""

    number = -9104


class MessageIdMismatch(EmulatorError):
    """SEES echoed another messageID; by its API the entitlement counts as denied."""

    number = -9105


class BadProvisioning(EmulatorError):
    """What `/_sim/provisioning` gave is not a certificate and an ASk."""

    number = -9106


class UnknownTitle(EmulatorError):
    """SEES serves no such title."""

    number = -9107


class RentalRanOut(EmulatorError):
    """The rental seconds of the license have passed on the device's clock."""

    number = -9108


class BadAddress(EmulatorError):
    """An address that cannot be the address of a service."""

    number = -9109


class PlaybackFailed(EmulatorError):
    """A title cannot be played at all, or the wrong frames came out."""

    number = -9110


class LeaseRanOut(EmulatorError):
    """The lease has ended on the device's clock, and no renewal came in time."""

    number = -9111


class BadRecording(EmulatorError):
    """A file that is no recording, or one that cannot be played again."""

    number = -9112


class ReplayDiffers(EmulatorError):
    """A replayed run went another way than the recorded one; `step` is a number, or names another part of it."""

    number = -9113


class StoredKeyExpired(EmulatorError):
    """A key kept on the device has expired on the device's clock."""

    number = -9114


class NoKeptTitle(EmulatorError):
    """The device keeps no such title, or cannot open what is there."""

    number = -9115


class KeyNotPersistent(EmulatorError):
    """The license does not let the device keep the key."""

    number = -9116


class TlsFailed(EmulatorError):
    """Client and service come to no TLS connection: one of them does not speak it, or not like this."""

    number = -9117


class CannotTell(EmulatorError):
    """All frames were decoded, but so they were under random keys: nothing shows that the key is the right one."""

    number = -9118


class OutputNotProtected(EmulatorError):
    """The license asks for an output that is protected better than the device's."""

    number = -9119


class NotRenewable(EmulatorError):
    """A kept license that cannot be asked for anew: its key line had a token in place of a content id."""

    number = -9120


class EntitlementDenied(EmulatorError):
    """SEES answered in due form that it does not entitle.

    `number` is SEES's error number (0 if it gave none), `response` its answer. Every SEES has numbers of its own:
    `ours` tells that this one speaks as this project's does, so that our table explains its number. A fix that SEES
    itself gives, behind "Fix:", takes the place of `fix`.
    """

    UNKNOWN_CONTENT = 4

    def __init__(
        self,
        *,
        error: int | None,
        text: str,
        status: int,
        fix: str,
        response: Mapping[str, Any],
        ours: bool = False,
    ) -> None:
        said, _, own = text.partition("Fix: ")
        self.text = brief(said.strip().rstrip("."))
        fix = own.strip().rstrip(".") or fix
        super().__init__(expected="isAllowed true", found=f"{self.text!r} (HTTP {status})", fix=fix)
        self.ours = ours
        self.number = 0 if error is None else error
        self.status, self.response = status, response

    @property
    def title(self) -> str:
        """What happened, whatever the number."""
        return "SEES denied the entitlement"

    @property
    def unknown_content(self) -> bool:
        """True if SEES knows no such content id."""
        return self.ours and self.number == self.UNKNOWN_CONTENT

    def __str__(self) -> str:
        return f"{self.where}{self.title}: {self.number} {self.text}. Fix: {self.fix}."


class LicenseRefused(EmulatorError):
    """ExpressPlay answered in due form that it issues no license.

    `number` is its errorCode, `cause` the number of the SPC check that failed or None, `response` its answer.
    """

    def __init__(
        self,
        *,
        code: int,
        message: str,
        hint: str,
        cause: int | None,
        status: int,
        response: Mapping[str, Any],
        step: int | None = None,
    ) -> None:
        self.message, self.hint = brief(message), brief(hint)
        because = "" if cause is None else f", cause {cause}"
        super().__init__(expected="a CKC", found=f"{self.message!r}{because} (HTTP {status})", fix=hint, step=step)
        self.number = code
        self.cause, self.status, self.response = cause, status, response

    @property
    def title(self) -> str:
        """What happened, whatever the number."""
        return "ExpressPlay refused the license"

    def __str__(self) -> str:
        because = "" if self.cause is None else f", cause {self.cause}"
        return f"{self.where}{self.title}: {self.number} {self.message.rstrip('.')}{because}. Hint: {self.hint}."
