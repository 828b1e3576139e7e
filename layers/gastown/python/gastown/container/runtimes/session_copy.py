"""Copies a session database out of, or into, an agent's HOME: a program of its own, run as the agents' account.

`session_copy.py out <database>` writes a compressed copy to standard output, `session_copy.py in <database>` makes the
database from one on standard input. Files of agents are opened by nobody but their own account, and what this process
reads or writes has no name there: a link that an agent laid leads no further than the agent itself could go. It knows
the standard library only. It ends with 0; with 3 if there is nothing to copy; else with 1 and a reason.
"""

import gzip
import os
import sqlite3
import sys
import zlib
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 256 * 1024 * 1024
"""Of a database: what is copied, checked, compressed and sent in the 10 s that a copy has (decision 0027)."""
FAST = 1
"""The level of compression: three times as fast as the usual one, for copies that are a third larger."""
CHUNK = 1024 * 1024
BUSY_SECONDS = 5.0
NOTHING = 3


class CopyError(Exception):
    """The copy cannot be made; says why."""


def copy_out(database: Path, out: BinaryIO) -> None:
    """Write all that is committed by now, the write-ahead log included. Raises `CopyError`, `OSError`.

    A bare copy of the file would be a database of the past: what was committed since the last checkpoint is in the log
    beside it. SQLite's own backup reads both, in one transaction, while the program goes on writing.
    """
    copy = database.with_name(f"{database.name}.copy")
    try:
        _back_up(database, copy)
        _check(copy)
        with copy.open("rb") as file, gzip.GzipFile(fileobj=out, mode="wb", compresslevel=FAST, mtime=0) as packed:
            while chunk := file.read(CHUNK):
                packed.write(chunk)
        out.flush()
    finally:
        remove(copy)


def copy_in(database: Path, given: BinaryIO) -> None:
    """Make the database from a compressed copy, whole or not at all. Raises `CopyError`, `OSError`."""
    copy = database.with_name(f"{database.name}.copy")
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        _unpack(given, copy)
        _check(copy)
        remove(database)
        copy.replace(database)
    finally:
        remove(copy)


def _back_up(database: Path, copy: Path) -> None:
    remove(copy)
    source = sqlite3.connect(f"{database.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    target = sqlite3.connect(copy)
    try:
        pages, size = (source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        if pages * size > MOST_BYTES:
            raise CopyError(f"the database is larger than {MOST_BYTES} bytes")
        source.backup(target)
        # One file, and no log beside it.
        target.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise CopyError(f"the database cannot be read: {error}") from error
    finally:
        target.close()
        source.close()


def _unpack(given: BinaryIO, copy: Path) -> None:
    remove(copy)
    left = MOST_BYTES
    try:
        with gzip.GzipFile(fileobj=given, mode="rb") as packed, copy.open("xb") as file:
            while chunk := packed.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise CopyError(f"the copy unpacks to more than {MOST_BYTES} bytes")
                file.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CopyError(f"the copy is damaged: {error}") from error


def _check(copy: Path) -> None:
    """Whether all pages hold together."""
    connection = sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)
    try:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    except sqlite3.Error as error:
        raise CopyError(f"it is no sound database: {error}") from error
    finally:
        connection.close()
    if said != "ok" or not tables:
        raise CopyError("it is no sound database" if tables else "it holds nothing")


def remove(database: Path) -> None:
    """Remove a database with the logs beside it: one that was left behind belongs to no other database."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def main(arguments: list[str]) -> int:
    """Copy one way or the other; the reason of a failure goes to standard error."""
    way, database = arguments[0], Path(arguments[1])
    os.umask(0o077)
    if way == "out" and not database.exists():
        return NOTHING
    try:
        copy_out(database, sys.stdout.buffer) if way == "out" else copy_in(database, sys.stdin.buffer)
    except (CopyError, OSError, sqlite3.Error) as error:
        sys.stderr.write(str(error) or type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
