"""Asking the life cycle function to look after a town."""

from typing import Protocol


class LifeCycle(Protocol):
    """Moves towns that are creating or deleting; asking twice is harmless. Raises `Unavailable`."""

    def advance(self, town_id: str) -> None:
        """Ask for the next step of this town and return at once."""
        ...
