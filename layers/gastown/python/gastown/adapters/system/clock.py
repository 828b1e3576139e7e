"""The machine's clock, and one that can be moved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gastown.ports.clock import Clock


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Now in UTC, cut to the millisecond."""
        present = datetime.now(UTC)
        return present.replace(microsecond=present.microsecond // 1000 * 1000)


class OffsetClock:
    """Another clock, moved by an offset that is read with `refresh`, once for each piece of work."""

    def __init__(self, clock: Clock, read_offset_ms: Callable[[], int]) -> None:
        """Keep both; the offset is read by the first `now` if nobody refreshed before."""
        self._clock, self._read_offset_ms = clock, read_offset_ms
        self._offset: timedelta | None = None

    def refresh(self) -> None:
        """Read the offset again, in milliseconds; what the reading raises goes through."""
        self._offset = timedelta(milliseconds=self._read_offset_ms())

    def now(self) -> datetime:
        """The other clock's time plus the offset."""
        if self._offset is None:
            self.refresh()
        return self._clock.now() + (self._offset or timedelta())
