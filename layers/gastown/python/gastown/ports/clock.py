"""What time it is."""

from datetime import datetime
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """The one source of the present."""

    def now(self) -> datetime:
        """Now, in UTC, to the millisecond."""
        ...


@runtime_checkable
class MovableClock(Protocol):
    """A clock that has to be told to look again."""

    def refresh(self) -> None:
        """Read again how far the clock was moved."""
        ...
