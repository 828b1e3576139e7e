"""Keeps the database of an agent's sessions outside of the container, so that the next one goes on in them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from gastown.container.processes import Account
from gastown.container.runtimes.session_copy import remove


@dataclass(frozen=True, kw_only=True)
class SessionDatabase:
    """Where an agent's sessions are remembered while they run: a file of this agent program's, in the agent's HOME."""

    agent_id: str
    program: str
    path: Path
    account: Account | None = None

    def remove(self) -> None:
        """Remove it with its logs."""
        remove(self.path)


class Restored(StrEnum):
    """What became of bringing a database back."""

    DONE = "done"
    NOTHING = "nothing"
    """There is none, or none of any use: the agent begins anew."""
    NOT_NOW = "not now"
    """There may be one; it could not be had within the time for it."""


class SessionKeeper(Protocol):
    """Where databases are kept, one per agent. None of it raises: a session goes on without."""

    async def restore(self, database: SessionDatabase) -> Restored:
        """Bring the agent's database to its place, all of it or nothing."""

    async def keep(self, database: SessionDatabase) -> None:
        """Keep the database as it is now, unless all of it cannot be had: then what is kept already is better."""

    def give_up(self, database: SessionDatabase, reason: str) -> None:
        """What was brought is of no use to the agent program of this container: bring it no more."""
