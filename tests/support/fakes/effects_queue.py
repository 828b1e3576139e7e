"""The effects queue in memory."""

from collections.abc import Sequence

from gastown.domain.errors import GastownError


class MemoryEffectsQueue:
    """`messages` has one (town, outbox key) for each key that was published; `failure` is raised while it is set."""

    def __init__(self) -> None:
        """Start empty and willing."""
        self.messages: list[tuple[str, str]] = []
        self.failure: GastownError | None = None

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Note one message for each key."""
        if self.failure is not None:
            raise self.failure
        self.messages.extend((town_id, key) for key in keys)
