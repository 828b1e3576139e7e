"""The life of towns' tables; only the `towns` function may do this."""

from typing import Literal, Protocol

TableState = Literal["absent", "creating", "active", "deleting"]


class TownTables(Protocol):
    """Creates and deletes towns' tables; both are idempotent and take time."""

    def create(self, town_id: str) -> None:
        """Begin to create a town's table; harmless if it is there."""
        ...

    def state(self, town_id: str) -> TableState:
        """How far a table is."""
        ...

    def protect(self, town_id: str) -> None:
        """Switch on expiry of old rows and point-in-time recovery; needs an active table, harmless to repeat."""
        ...

    def delete(self, town_id: str) -> None:
        """Begin to delete a town's table; harmless if it is gone."""
        ...

    def town_ids(self) -> list[str]:
        """The towns of this stack that have a table."""
        ...
