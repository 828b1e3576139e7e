"""A doorbell in memory."""

from gastown.domain.errors import GastownError


class MemoryDoorbell:
    """`rings` has every connection that was rung, `gone` those that are closed; `failure` is raised while it is set."""

    def __init__(self) -> None:
        """Start with every connection open."""
        self.rings: list[str] = []
        self.gone: set[str] = set()
        self.failure: GastownError | None = None

    def ring(self, connection_id: str) -> bool:
        """Note the ring; false for a closed connection."""
        if self.failure is not None:
            raise self.failure
        self.rings.append(connection_id)
        return connection_id not in self.gone
