"""The alarm in memory."""

from datetime import datetime

from gastown.domain.errors import GastownError


class MemoryAlarm:
    """`calls` has what was asked for (a moment, or none for a disarm), `armed` the last alarm of each town."""

    def __init__(self) -> None:
        """Start with nothing armed and willing."""
        self.calls: list[tuple[str, datetime | None]] = []
        self.armed: dict[str, datetime] = {}
        self.failure: GastownError | None = None

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """Note the alarm; a moment in the past is due at once."""
        if self.failure is not None:
            raise self.failure
        self.calls.append((town_id, at))
        self.armed[town_id] = max(at, now)

    def disarm(self, town_id: str) -> None:
        """Forget the alarm."""
        if self.failure is not None:
            raise self.failure
        self.calls.append((town_id, None))
        self.armed.pop(town_id, None)

    def ring(self, now: datetime) -> list[str]:
        """The towns whose alarm is due; each alarm rings once."""
        due = [town_id for town_id, at in self.armed.items() if at <= now]
        for town_id in due:
            del self.armed[town_id]
        return due
