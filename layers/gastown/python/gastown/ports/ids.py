"""New ids."""

from typing import Protocol


class Ids(Protocol):
    """The one source of ids."""

    def new(self) -> str:
        """A new UUID of version 7: time-ordered, so its last characters are the random ones."""
        ...
