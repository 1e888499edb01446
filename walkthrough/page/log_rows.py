"""The rows of the transaction log that runs on this page wrote, and which of them binds."""

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


class LogRows:
    """Rows by their number, oldest first."""

    def __init__(self) -> None:
        self._rows: dict[int, Row] = {}

    def add(self, rows: Iterable[Row]) -> bool:
        """Take rows in; tell whether one of them is new."""
        before = len(self._rows)
        self._rows |= {row["event_id"]: row for row in rows}
        return len(self._rows) > before

    def clear(self) -> None:
        """Forget them: the page begins anew."""
        self._rows.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Return the rows, each with `binds`: is it the one that says which device a cookie has?"""
        rows = [row for _, row in sorted(self._rows.items())]
        newest = {row.get("cookie"): row for row in rows if row.get("registration") and row.get("result") == 0}
        return [{**row, "binds": newest.get(row.get("cookie")) is row} for row in rows]
