"""Towns' tables in memory; making and removing one takes as many looks as a test wants."""

from gastown.domain.errors import GastownError
from gastown.ports.town_tables import TableState
from tests.support.fakes.town_store import MemoryTownStore


class MemoryTownTables:
    """The tables of a `MemoryTownStore`; `looks` is how often `state` says that a change is under way."""

    def __init__(self, store: MemoryTownStore, *, looks: int = 0) -> None:
        """Share the store's tables."""
        self.store, self.looks = store, looks
        self.protected: set[str] = set()
        self.failure: GastownError | None = None
        self._under_way: dict[str, tuple[TableState, int]] = {}

    def create(self, town_id: str) -> None:
        """Begin to make a table."""
        self._fail()
        if town_id not in self.store.live and town_id not in self._under_way:
            self._under_way[town_id] = ("creating", self.looks)

    def state(self, town_id: str) -> TableState:
        """How far it is; the last look finds the change done."""
        self._fail()
        change, looks = self._under_way.get(town_id, ("active", 0))
        if town_id in self._under_way and looks > 0:
            self._under_way[town_id] = (change, looks - 1)
            return change
        self._under_way.pop(town_id, None)
        if change == "creating":
            self.store.add_table(town_id)
        return "active" if town_id in self.store.live else "absent"

    def protect(self, town_id: str) -> None:
        """Note the protection."""
        self._fail()
        self.protected.add(town_id)

    def delete(self, town_id: str) -> None:
        """Begin to remove a table; nobody can read it any more."""
        self._fail()
        if town_id in self.store.live:
            self.store.drop_table(town_id)
            self._under_way[town_id] = ("deleting", self.looks)

    def town_ids(self) -> list[str]:
        """Towns with a table."""
        self._fail()
        return sorted(self.store.live)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
