"""Keeps the database of an agent's session outside of the container, so that the next one goes on in it."""

from pathlib import Path
from typing import Protocol

from gastown.container.runtimes.runtime import Launch


class SessionKeeper(Protocol):
    """Where databases are kept, one per agent. None of it raises: a session goes on without."""

    async def restore(self, launch: Launch, database: Path) -> None:
        """Bring the agent's database to this place, if there is one."""

    async def keep(self, launch: Launch, database: Path) -> None:
        """Keep the database as it is now, unless all of it cannot be had: then what is kept already is better."""

    async def forget(self, launch: Launch) -> None:
        """Throw away what is kept of this agent."""


class NoKeeper:
    """Keeps nothing."""

    async def restore(self, launch: Launch, database: Path) -> None:
        """Nothing is there."""

    async def keep(self, launch: Launch, database: Path) -> None:
        """Nothing is kept."""

    async def forget(self, launch: Launch) -> None:
        """Nothing is there."""


NOBODY = NoKeeper()


def forget_database(database: Path) -> None:
    """Remove a database with its write-ahead log."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
