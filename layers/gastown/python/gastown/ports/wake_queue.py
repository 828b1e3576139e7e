"""Waking a town."""

from typing import Protocol


class WakeQueue(Protocol):
    """A queue with one group a town: ticks of one town come one after the other."""

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Ask for a tick soon; `dedup` only saves work. Raises `Unavailable`; a lost wake is found by the sweep."""
        ...
