"""Saying something to whoever holds a connection open."""

from typing import Protocol


class PushChannel(Protocol):
    """Says it to those who listen now; nothing is kept for anybody else."""

    def push(self, connection_id: str, message: bytes) -> bool:
        """Send one text of at most 32 KB; false when the connection is gone. Raises `Unavailable`, in less than 2 s."""
        ...
