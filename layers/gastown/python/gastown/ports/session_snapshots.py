"""Copies of the databases in which agents' sessions are remembered, one by each generation of a town's containers."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """Whose sessions: those of one agent, in the form of one agent program."""

    town_id: str
    agent_id: str
    program: str


class SessionSnapshots(Protocol):
    """Hands out addresses; whoever holds one needs no other right, and has it for a few minutes.

    A generation writes beside the others' copies and never over them, so a late write of an older one is not read any
    more. Every method raises `Unavailable` when the store did not answer.
    """

    def address_to_read(self, whose: Remembered) -> str | None:
        """Where the copy of the newest generation can be fetched (GET); none if there is none."""
        ...

    def address_to_write(self, whose: Remembered, *, generation: int, size: int) -> str:
        """Where this generation can leave its copy of exactly `size` bytes (PUT), in place of its last one."""
        ...

    def forget_town(self, town_id: str) -> None:
        """Remove all copies of a town; none is fine."""
        ...
