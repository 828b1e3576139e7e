"""A copy of a session database holds all that was committed, or it is none."""

import gzip
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gastown.container.runtimes import session_copy
from gastown.container.runtimes.session_copy import CopyError, copy_in, copy_out


@contextmanager
def a_writer(database: Path) -> Iterator[sqlite3.Connection]:
    """A program at work on its database: what it commits stays in the write-ahead log."""
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE message (text TEXT)")
        writer.commit()
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield writer


def say(writer: sqlite3.Connection, *texts: str) -> None:
    """Add rows, without committing."""
    writer.executemany("INSERT INTO message VALUES (?)", [(text,) for text in texts])


def texts_in(database: Path) -> list[str]:
    """All rows."""
    with closing(sqlite3.connect(database)) as reader:
        return [text for (text,) in reader.execute("SELECT text FROM message ORDER BY rowid")]


def copied(database: Path) -> io.BytesIO:
    """A compressed copy."""
    out = io.BytesIO()
    copy_out(database, out)
    out.seek(0)
    return out


def test_what_is_in_the_write_ahead_log_only_is_in_the_copy(tmp_path: Path) -> None:
    """The file alone would be a database of the past; the copy is one file that needs no log."""
    database, place = tmp_path / "opencode.db", tmp_path / "new" / "deep" / "opencode.db"
    with a_writer(database) as writer:
        say(writer, "one", "two")
        writer.commit()
        copy = copied(database)

    copy_in(place, copy)

    assert [path.name for path in place.parent.iterdir()] == ["opencode.db"]
    assert texts_in(place) == ["one", "two"]


def test_what_is_not_committed_is_not_in_the_copy(tmp_path: Path) -> None:
    """A copy made in the middle of a transaction is of the moment before it, and does not disturb it."""
    database, place = tmp_path / "opencode.db", tmp_path / "copy.db"
    with a_writer(database) as writer:
        say(writer, "one")
        writer.commit()
        say(writer, "half")
        copy = copied(database)
        writer.commit()

    copy_in(place, copy)

    assert (texts_in(place), texts_in(database)) == (["one"], ["one", "half"])


def test_a_log_that_a_killed_program_left_is_in_the_copy(tmp_path: Path) -> None:
    """Nobody holds the database open any more, and its log was never put into it."""
    running, database, place = tmp_path / "running.db", tmp_path / "left.db", tmp_path / "copy.db"
    with a_writer(running) as writer:
        say(writer, "one")
        writer.commit()
        for suffix in ("", "-wal"):
            database.with_name(f"left.db{suffix}").write_bytes(running.with_name(f"running.db{suffix}").read_bytes())

    copy_in(place, copied(database))

    assert texts_in(place) == ["one"]


def test_the_same_database_gives_the_same_copy(tmp_path: Path) -> None:
    """So that one which did not change need not be sent again."""
    database = tmp_path / "opencode.db"
    with a_writer(database) as writer:
        say(writer, "one")
        writer.commit()

        assert copied(database).getvalue() == copied(database).getvalue()


def test_a_database_that_is_too_large_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither out nor in, and nothing of it stays on the disk."""
    database, place = tmp_path / "opencode.db", tmp_path / "new" / "opencode.db"
    with a_writer(database) as writer:
        say(writer, "x" * 100_000)
        writer.commit()
        copy = copied(database)
        monkeypatch.setattr(session_copy, "MOST_BYTES", 50_000)
        with pytest.raises(CopyError, match="larger than 50000"):
            copied(database)

    with pytest.raises(CopyError, match="more than 50000"):
        copy_in(place, copy)
    assert list(place.parent.iterdir()) == []


def damaged(tmp_path: Path) -> dict[str, bytes]:
    """Copies that are no good, by what is wrong with them."""
    database = tmp_path / "opencode.db"
    with a_writer(database) as writer:
        say(writer, *(str(number) * 50 for number in range(500)))
        writer.commit()
        whole = copied(database).getvalue()
    torn = bytearray(gzip.decompress(whole))
    torn[4096:12288] = bytes(8192)
    return {
        "cut off": whole[: len(whole) // 2],
        "not compressed": b"what is this?",
        "no database": gzip.compress(b"what is this?" * 1000),
        "pages torn": gzip.compress(bytes(torn)),
        "holds nothing": gzip.compress(b""),
    }


@pytest.mark.parametrize("what", ["cut off", "not compressed", "no database", "pages torn", "holds nothing"])
def test_a_damaged_copy_makes_no_database(tmp_path: Path, what: str) -> None:
    """What was there before stays as it is, for it is whole."""
    place = tmp_path / "new" / "opencode.db"
    place.parent.mkdir()
    place.write_bytes(b"before")

    with pytest.raises(CopyError):
        copy_in(place, io.BytesIO(damaged(tmp_path)[what]))

    assert [path.name for path in place.parent.iterdir()] == ["opencode.db"]
    assert place.read_bytes() == b"before"


def test_a_log_of_another_database_is_not_read_into_the_new_one(tmp_path: Path) -> None:
    """It may have been left where the new one comes to lie."""
    database, place = tmp_path / "opencode.db", tmp_path / "new" / "opencode.db"
    place.parent.mkdir()
    with a_writer(database) as writer, a_writer(tmp_path / "other.db") as other:
        say(writer, "one")
        writer.commit()
        say(other, "strange")
        other.commit()
        place.with_name("opencode.db-wal").write_bytes((tmp_path / "other.db-wal").read_bytes())
        copy_in(place, copied(database))

    assert texts_in(place) == ["one"]
