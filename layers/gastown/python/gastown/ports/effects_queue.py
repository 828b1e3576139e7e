"""Handing effects to whoever performs them."""

from collections.abc import Sequence
from typing import Protocol


class EffectsQueue(Protocol):
    """Delivers at least once, in no promised order; a claim decides who performs."""

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Announce these outbox keys of a town, one message each. Raises `Unavailable`; the keys not sent stay due."""
        ...
