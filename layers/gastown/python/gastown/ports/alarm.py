"""Being woken at a moment."""

from datetime import datetime
from typing import Protocol


class Alarm(Protocol):
    """One alarm a town; a later one may fire as well, an alarm that finds nothing due does nothing."""

    def arm(self, town_id: str, at: datetime, now: datetime) -> None:
        """Wake the town at this moment, not earlier; `now` is the town's present. Raises `Unavailable`."""
        ...

    def disarm(self, town_id: str) -> None:
        """Forget the far alarm of a town that is going away; none is fine. Raises `Unavailable`."""
        ...
