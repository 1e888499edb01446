"""Every fault, and what a film play comes to under it: the table that docs/stage.md shows and tests hold."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """A fault as it is set, and the outcomes: of SEES (its own number, None where it entitles) and of the emulator."""

    fault: dict[str, Any]
    sees: str
    emulator: str
    sees_number: int | None
    error: str
    """The class of the emulator's error; empty where the film plays."""
    words: str
    """A part of the error's text."""

    @property
    def shown(self) -> str:
        """The line of the table in the documentation."""
        fault = ", ".join(f"{name} {value}" for name, value in self.fault.items() if name != "fault")
        return f"| {self.fault['fault']} | {fault} | {self.sees} | {self.emulator} |"


def row(sees: str, emulator: str, number: int | None, error: str, words: str, **fault: Any) -> Row:
    return Row(fault, sees, emulator, number, error, words)


NOT_ASKED = "entitles: it is not asked"
SAME = "says what SEES said"
REFUSED = "8, the code in the text"
TRIED = "8, the code in the text, after 3 tries"
BARE = "8: a status without a code"
AWAY = "9, after 3 tries"
SILENT = "9: no answer in time"
CUT = "9: an answer that broke off"
UNUSABLE = "8: its answer is unusable"
DENIED, LICENSE = "EntitlementDenied", "LicenseRefused"

ROWS = (
    row(REFUSED, SAME, 8, DENIED, "-2019", fault="refuse", at="token", code=-2019),
    row(NOT_ASKED, "refused: code and hint", None, LICENSE, "-2019", fault="refuse", at="rights", code=-2019),
    row(REFUSED, SAME, 8, DENIED, "-2019", fault="refuse", at="records", code=-2019),
    row(TRIED, SAME, 8, DENIED, "-2030", fault="refuse", at="token", code=-2030),
    row(NOT_ASKED, "refused: code and hint", None, LICENSE, "-2030", fault="refuse", at="rights", code=-2030),
    row(TRIED, SAME, 8, DENIED, "-2030", fault="refuse", at="records", code=-2030),
    row("entitles, at its third try", "plays", None, "", "", fault="status", at="token", status=503, times=2),
    row(AWAY, SAME, 9, DENIED, "status 503 from 3 tries", fault="status", at="token", status=503),
    row(BARE, SAME, 8, DENIED, "found status 403", fault="status", at="token", status=403),
    row(
        NOT_ASKED,
        "-9102 unexpected answer",
        None,
        "UnexpectedAnswer",
        "HTTP 403",
        fault="status",
        at="rights",
        status=403,
    ),
    row(AWAY, SAME, 9, DENIED, "status 503 from 3 tries", fault="status", at="records", status=503),
    row(UNUSABLE, SAME, 8, DENIED, "expected one line, a token URL", fault="rubbish", at="token"),
    row(NOT_ASKED, "-42585 no CKC", None, "NotACkc", "found 7 bytes", fault="rubbish", at="rights"),
    row(UNUSABLE, SAME, 8, DENIED, "expected a JSON object with records", fault="rubbish", at="records"),
    row(CUT, SAME, 9, DENIED, "broke off", fault="drop", at="token"),
    row(NOT_ASKED, "-9101 no answer", None, "NoAnswer", "a connection that broke off", fault="drop", at="rights"),
    row(CUT, SAME, 9, DENIED, "broke off", fault="drop", at="records"),
    row(SILENT, SAME, 9, DENIED, "no answer in time", fault="delay", at="token", seconds=60),
    row(
        NOT_ASKED,
        "-9101 no answer in time",
        None,
        "NoAnswer",
        "no answer in time",
        fault="delay",
        at="rights",
        seconds=60,
    ),
    row(SILENT, SAME, 9, DENIED, "no answer in time", fault="delay", at="records", seconds=60),
    row(NOT_ASKED, "-42589 not the CKC of its SPC", None, "WrongCkc", "-42589", fault="broken-ckc", at="rights"),
    row("entitles, at its third look", "plays", None, "", "", fault="lag", at="records", requests=2),
    row(AWAY, SAME, 9, DENIED, "status 502 from 3 tries", fault="error-page", at="token", status=502),
    row(
        NOT_ASKED,
        "-9102 unexpected answer",
        None,
        "UnexpectedAnswer",
        "an HTML page",
        fault="error-page",
        at="rights",
        status=502,
    ),
    row(UNUSABLE, SAME, 8, DENIED, "expected a JSON object with records", fault="error-page", at="records", status=200),
    row(UNUSABLE, SAME, 8, DENIED, "records of the cookie", fault="others-rows", at="records"),
    row("6, and that it looked 3 times", SAME, 6, DENIED, "looked 3 times", fault="lag", at="records", seconds=60),
)
