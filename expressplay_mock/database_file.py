"""The files of an open SQLite database, compared with what lies at their path.

SQLite goes on writing into files that were removed, replaced or cut: it says that the row is committed, and the row is
gone with the process. A look at the path costs some microseconds, so each commit is looked after before it is believed.
"""

import os
from pathlib import Path
from typing import Any

WAL = "-wal"
WAL_MAGIC = b"\x37\x7f\x06"
"""What a write-ahead log begins with (https://www.sqlite.org/fileformat.html): zeros, if it was cut and written on."""


class FileGone(Exception):
    """What is at the path is not the database that is open; the text says how."""


class DatabaseFile:
    """The database at `path` and its write-ahead log, as they are now, while they are open in this process."""

    def __init__(self, path: Path) -> None:
        self._paths = (path, path.with_name(path.name + WAL))
        self._identities = [_identity(each.stat()) for each in self._paths]
        self._size = path.stat().st_size

    def check(self) -> None:
        """Raise `FileGone` unless both are still at their path, the database no shorter, and the log with its start."""
        before, sizes = self._size, []  # another thread may look meanwhile, at a file that has grown
        for path, identity in zip(self._paths, self._identities, strict=True):
            try:
                found = path.stat()
            except OSError as error:
                raise FileGone(f"{path.name} was removed while it was open ({error.strerror})") from None
            if _identity(found) != identity:
                raise FileGone(f"{path.name} was replaced while it was open")
            sizes.append(found.st_size)
        if sizes[0] < before:
            raise FileGone(f"{self._paths[0].name} was cut from {before} to {sizes[0]} bytes")
        self._size = sizes[0]
        if sizes[1] and _start(self._paths[1]) != WAL_MAGIC:
            raise FileGone(f"{self._paths[1].name} was cut while it was open")


def open_file(connection: Any) -> DatabaseFile | None:
    """Return the file that a connection of SQLite has open; None for a database in memory."""
    cursor = connection.cursor()
    path = next((path for _, name, path in cursor.execute("PRAGMA database_list") if name == "main"), "")
    cursor.close()
    return DatabaseFile(Path(path)) if path else None


def _start(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(len(WAL_MAGIC))
    except OSError as error:
        raise FileGone(f"{path.name} cannot be read any more ({error.strerror})") from None


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
