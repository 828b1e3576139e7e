"""The tables in memory keep the contract of their port."""

import pytest

from tests.support.contracts.town_tables import TownTablesContract
from tests.support.fakes.directory import MemoryDirectory
from tests.support.fakes.town_store import MemoryTownStore
from tests.support.fakes.town_tables import MemoryTownTables


class TestMemoryTownTables(TownTablesContract):
    """The contract, on the fake."""

    @pytest.fixture
    def tables(self) -> MemoryTownTables:
        """A fake whose changes take three looks."""
        return MemoryTownTables(MemoryTownStore(MemoryDirectory()), looks=3)
