"""Ringing a container's doorbell."""

from typing import Protocol


class Doorbell(Protocol):
    """Makes a container ask for its commands at once; its heartbeat makes it sure."""

    def ring(self, connection_id: str) -> bool:
        """Ring without a message; false when the connection is gone. Raises `Unavailable`."""
        ...
