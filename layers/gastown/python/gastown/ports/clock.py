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
    """The local stage's clock: all its processes see how far it was moved, once they are told to look again."""

    def refresh(self) -> None:
        """Read again how far the clock was moved."""
        ...

    def offset_ms(self) -> int:
        """How far it is ahead; 0 until somebody moved it."""
        ...

    def move(self, milliseconds: int) -> int:
        """Move it on, and see it at once; the new offset."""
        ...
