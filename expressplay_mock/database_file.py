"""The files of an open SQLite database, compared with what lies at their path.

SQLite goes on writing into files that were removed, replaced or cut: it says that the row is committed, and the row is
gone with the process. A look at the path costs some microseconds, so it is taken before each commit, and again before
the commit is believed. A last one is taken before the connections are closed: see `close_writer`.
"""

import ctypes
import os
import struct
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import PoolProxiedConnection

WAL = "-wal"
WAL_INDEX = "-shm"
WAL_MAGIC = b"\x37\x7f\x06"
"""What a write-ahead log begins with (https://www.sqlite.org/fileformat.html): zeros, if it was cut and written on."""
WAL_HEADER, FRAME_HEADER = 32, 24
"""Bytes before the first frame of a write-ahead log, and before the page in each frame (the same source)."""
INDEX_HEADER = struct.Struct("=14xHI4x2I")
"""Page size, number of valid frames and checksums of the last one (https://www.sqlite.org/walformat.html)."""
CHECKSUMS, BEFORE_CHECKSUMS = struct.Struct(">2I"), 16
"""The same checksums in the header of that frame, and how many of its bytes lie before them."""

ROOM = 131_072
"""Bytes by which the write-ahead log must be able to grow: a row takes 5 pages of 4 KiB, or up to 17 where the pages of
the indexes are split."""


class FileGone(Exception):
    """What is at the path is not the database that is open; the text says how."""


class DatabaseFile:
    """The database at `path`, its write-ahead log and the index of that, as they are now, while they are open here.

    To be closed after the connections: closing any descriptor of the index ends SQLite's locks on it in this process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wal_path, self._index_path = (path.with_name(f"{path.name}{suffix}") for suffix in (WAL, WAL_INDEX))
        found = [each.stat() for each in (path, self._wal_path, self._index_path)]
        self._database, self._wal, self._index = (_identity(each) for each in found)
        self._size, _, self._index_size = (each.st_size for each in found)
        self._descriptors = tuple(os.open(each, os.O_RDONLY) for each in (self._wal_path, self._index_path))

    def close(self) -> None:
        """Close what is read here."""
        for each in self._descriptors:
            os.close(each)

    def check(self) -> None:
        """Raise `FileGone` unless all three are still at their path, and none has lost anything that it held.

        The write-ahead log may become shorter: a checkpoint of another program may leave nothing in it. It then says
        so in the index first, which counts the frames that are not free to be overwritten.
        """
        before = self._size, self._index_size  # another thread may look meanwhile, at files that have grown
        now = _size(self._path, self._database), _size(self._index_path, self._index)
        for path, was, found in zip((self._path, self._index_path), before, now, strict=True):
            if found < was:
                raise FileGone(f"{path.name} was cut from {was} to {found} bytes")
        self._size, self._index_size = now
        self._check_wal()

    def check_room(self) -> None:
        """Raise `OSError` unless the write-ahead log can grow by `ROOM`: another file here must reach its size then.

        To write one page into the log itself would tell less: a full disk has no room for a row while it has some for
        a page. Where no file may be made beside the log, nothing is known: the log itself may well be written.
        """
        try:
            with tempfile.TemporaryFile(dir=self._path.parent) as file:
                file.seek(os.fstat(self._descriptors[0]).st_size)
                file.write(bytes(ROOM))
        except PermissionError:
            return
        except OSError as error:
            raise OSError(
                f"expected room for {ROOM} bytes more beside {self._path.name}, found none ({error.strerror})"
            ) from None

    def _check_wal(self) -> None:
        wal, index = self._descriptors
        counted = None
        while counted != (header := os.pread(index, INDEX_HEADER.size, 0)):
            counted = header
            page_size, frames, *_ = INDEX_HEADER.unpack(header)
            expected = WAL_HEADER + frames * _frame_size(page_size) if frames else 0
            found = _size(self._wal_path, self._wal)
            if found >= expected:
                break
        else:  # both looks at the index say the same: no other process emptied the log between them
            raise FileGone(f"{self._wal_path.name} was cut to {found} bytes, of at least {expected}")
        if found and os.pread(wal, len(WAL_MAGIC), 0) != WAL_MAGIC:
            raise FileGone(f"{self._wal_path.name} was cut while it was open")

    def may_be_checkpointed(self) -> bool:
        """Tell whether the index at the path counts what the open write-ahead log holds, to the last frame.

        Then nobody can have written elsewhere, for all who write read that index. Whether the log itself is still at
        its path does not matter: what it holds is put into the database.
        """
        wal, index = self._descriptors
        try:
            _size(self._index_path, self._index)
            page_size, frames, *checksums = INDEX_HEADER.unpack(os.pread(index, INDEX_HEADER.size, 0))
        except (FileGone, struct.error):
            return False
        if not frames:
            return True
        frame = _frame_size(page_size)
        end = WAL_HEADER + frames * frame
        found = os.pread(wal, CHECKSUMS.size, end - frame + BEFORE_CHECKSUMS)
        return found == CHECKSUMS.pack(*checksums) and os.fstat(wal).st_size >= end


def close_writer(writer: PoolProxiedConnection, file: DatabaseFile | None) -> None:
    """Close the connection that writes to `file`; where SQLite's last checkpoint would do harm, prevent that.

    When the last connection of a process that has a database for itself is closed, SQLite copies the rows of its
    write-ahead log into the database and removes the log (https://www.sqlite.org/wal.html). If the index was removed
    or replaced, it does not see what a process with the new index has written since, and destroys it; if the log
    was cut, it copies a part. While one connection stays open there is no such checkpoint, and the next process
    finds all rows in the log.
    """
    if file is None or file.may_be_checkpointed():
        writer.close()
        return
    # Python closes what nobody refers to, at its own end too, so here is a reference that is never given back.
    # (SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE would be the way from Python 3.12 on.)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer.dbapi_connection))
    writer.detach()


def open_file(connection: Any) -> DatabaseFile | None:
    """Return the file that a connection of SQLite has open; None for a database in memory."""
    cursor = connection.cursor()
    path = next((path for _, name, path in cursor.execute("PRAGMA database_list") if name == "main"), "")
    cursor.close()
    return DatabaseFile(Path(path)) if path else None


def _frame_size(page_size: int) -> int:
    return FRAME_HEADER + (page_size if page_size > 1 else 65_536)  # which two bytes do not hold


def _size(path: Path, identity: tuple[int, int]) -> int:
    try:
        found = path.stat()
    except OSError as error:
        raise FileGone(f"{path.name} was removed while it was open ({error.strerror})") from None
    if _identity(found) != identity:
        raise FileGone(f"{path.name} was replaced while it was open")
    return found.st_size


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
