"""The wake queue in memory."""

from dataclasses import dataclass

from gastown.domain.errors import GastownError


@dataclass(frozen=True, kw_only=True)
class Wake:
    """One wake that was asked for."""

    town_id: str
    cause: str
    dedup: str


class MemoryWakeQueue:
    """`wakes` has what was asked for, oldest first; `failure` is raised instead while it is set."""

    def __init__(self) -> None:
        """Start empty and willing."""
        self.wakes: list[Wake] = []
        self.failure: GastownError | None = None

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Note the wake."""
        if self.failure is not None:
            raise self.failure
        self.wakes.append(Wake(town_id=town_id, cause=cause, dedup=dedup))
