"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta

from gastown.domain.errors import GastownError


class FixedClock:
    """`present` is the time it shows, `readings` what it showed; `failure` is raised instead while it is set."""

    def __init__(self, present: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        """Start at this moment."""
        self.present = present
        self.readings: list[datetime] = []
        self.failure: GastownError | None = None

    def now(self) -> datetime:
        """The moment that it stands at, to the millisecond."""
        if self.failure is not None:
            raise self.failure
        self.readings.append(self.present.replace(microsecond=self.present.microsecond // 1000 * 1000))
        return self.readings[-1]

    def move(self, step: timedelta) -> None:
        """Move on by this step."""
        self.present += step
