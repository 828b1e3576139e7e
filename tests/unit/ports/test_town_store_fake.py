"""The town store in memory keeps the store's contract."""

from datetime import datetime

import pytest

from tests.support.contracts.town_store import TOWN, DueAt, TownStoreContract
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore


class TestMemoryTownStore(TownStoreContract):
    """The same suite as the adapter's."""

    @pytest.fixture
    def store(self) -> MemoryTownStore:
        """A store with one empty table."""
        store = MemoryTownStore(MemoryDirectory())
        store.add_table(TOWN)
        return store

    @pytest.fixture
    def due_at(self, store: MemoryTownStore) -> DueAt:
        """When the town is due."""

        def read() -> datetime | None:
            return store.directory.due.get(TOWN)

        return read
