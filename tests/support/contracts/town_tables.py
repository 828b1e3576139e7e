"""What everybody who makes and removes towns' tables keeps."""

import pytest

from gastown.ports.town_tables import TownTables


class TownTablesContract:
    """Run by the fake's test and by the adapter's, which give the fixture."""

    @pytest.fixture
    def tables(self) -> TownTables:
        """The tables of a stack that has no town."""
        raise NotImplementedError

    def until(self, tables: TownTables, town_id: str, state: str) -> bool:
        """Whether a table gets there within a few looks."""
        return any(tables.state(town_id) == state for _ in range(10))

    def test_a_table_comes_and_goes(self, tables: TownTables) -> None:
        """Both take time, and asking twice is harmless."""
        assert tables.state("town-1") == "absent"
        tables.create("town-1")
        tables.create("town-1")
        assert self.until(tables, "town-1", "active")
        tables.create("town-1")
        assert tables.town_ids() == ["town-1"]
        tables.delete("town-1")
        assert self.until(tables, "town-1", "absent")
        tables.delete("town-1")
        assert tables.town_ids() == []

    def test_protecting_twice_is_harmless(self, tables: TownTables) -> None:
        """A crash between protection and the first commit repeats it."""
        tables.create("town-1")
        assert self.until(tables, "town-1", "active")

        tables.protect("town-1")
        tables.protect("town-1")

        assert tables.state("town-1") == "active"
