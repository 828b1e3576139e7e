"""The machine's clock, and one that can be moved."""

from datetime import UTC, datetime, timedelta

from gastown.adapters.system.clock_offset import FileClockOffset
from gastown.ports.clock import Clock


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Now in UTC, cut to the millisecond."""
        present = datetime.now(UTC)
        return present.replace(microsecond=present.microsecond // 1000 * 1000)


class OffsetClock:
    """Another clock, moved by an offset that is read with `refresh`, once for each piece of work."""

    def __init__(self, clock: Clock, offset: FileClockOffset) -> None:
        """Keep both; the offset is read by the first `now` if nobody refreshed before."""
        self._clock, self._offset = clock, offset
        self._ahead: timedelta | None = None

    def refresh(self) -> None:
        """Read the offset again; what the reading raises goes through."""
        self._ahead = timedelta(milliseconds=self._offset.read())

    def offset_ms(self) -> int:
        """The offset as it is at this moment."""
        return self._offset.read()

    def move(self, milliseconds: int) -> int:
        """Add to the offset."""
        moved = self._offset.add(milliseconds)
        self.refresh()
        return moved

    def now(self) -> datetime:
        """The other clock's time plus the offset."""
        if self._ahead is None:
            self.refresh()
        return self._clock.now() + (self._ahead or timedelta())
