"""The rows of the transaction log that runs on this page wrote, and which of them SEES decided by."""

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


class LogRows:
    """Rows by their number, oldest first."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}
        self._binding: dict[str | None, int] = {}
        """Cookie → the row by which SEES decided last, unless a device has registered since."""

    def add(self, rows: Iterable[Row]) -> bool:
        """Take rows in; tell whether one of them is new."""
        new = [row for row in rows if row["event_id"] not in self._rows]
        for row in new:
            self._rows[row["event_id"]] = row
            if _registers(row):
                self._binding.pop(row.get("cookie"), None)
        return bool(new)

    def decide(self, event_id: int) -> None:
        """Take in that SEES decided by this row, as its journal says."""
        if row := self._rows.get(event_id):
            self._binding[row.get("cookie")] = event_id

    def clear(self) -> None:
        """Forget them: the page begins anew."""
        self._rows.clear()
        self._binding.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Return the rows, each with its `role`.

        "binds" has the row by which SEES decided, "newest" another one that is the newest registration of its
        cookie, "superseded" any older registration. The role of a play or a refusal is null.
        """
        rows = [row for _, row in sorted(self._rows.items())]
        newest = {row.get("cookie"): row["event_id"] for row in rows if _registers(row)}
        return [{**row, "role": self._role(row, newest) if _registers(row) else None} for row in rows]

    def _role(self, row: Row, newest: Mapping[str | None, int]) -> str:
        cookie = row.get("cookie")
        if self._binding.get(cookie) == row["event_id"]:
            return "binds"
        return "newest" if newest[cookie] == row["event_id"] else "superseded"


def _registers(row: Row) -> bool:
    return bool(row.get("registration")) and row.get("result") == 0
