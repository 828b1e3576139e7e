"""The town store on the emulator keeps the store's contract."""

from datetime import UTC, datetime

import boto3
import pytest

from gastown.adapters.dynamodb.directory import DynamoDirectory
from gastown.adapters.dynamodb.organizations import DynamoOrganizations
from gastown.adapters.dynamodb.town_store import DynamoTownStore
from gastown.adapters.dynamodb.town_tables import DynamoTownTables
from gastown.ports.directory import TownRow
from tests.support.contracts.directory import DirectoryContract
from tests.support.contracts.organizations import OrganizationsContract
from tests.support.contracts.town_store import TOWN, DueAt, TownStoreContract

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class TestDynamoTownStore(TownStoreContract):
    """The same suite as the fake's."""

    @pytest.fixture
    def store(self, stack: str, directory: DynamoDirectory) -> DynamoTownStore:
        """A store with one empty table."""
        tables = DynamoTownTables(client=lambda: boto3.client("dynamodb"), table_prefix=f"{stack}-town-")
        tables.create(TOWN)
        table = f"{stack}-town-{TOWN}"
        row = TownRow(
            town_id=TOWN, name="t", owner_user_id="u", table=table, state="active", created_at=NOW, updated_at=NOW
        )
        directory.put_town(row)
        directory.set_town_state(TOWN, ["active"], "active", now=NOW)
        return DynamoTownStore(table_prefix=f"{stack}-town-", directory_table=f"{stack}-directory")

    @pytest.fixture
    def due_at(self, directory: DynamoDirectory) -> DueAt:
        """When the town is due."""

        def read() -> datetime | None:
            row = directory.get_town(TOWN)
            return row.due_at if row else None

        return read


class TestDynamoOrganizations(OrganizationsContract):
    """The suite of organisations, in the directory's table on the emulator."""

    @pytest.fixture
    def organizations(self, stack: str) -> DynamoOrganizations:
        """None yet."""
        return DynamoOrganizations(table=f"{stack}-directory")


class TestDynamoDirectory(DirectoryContract):
    """The directory's suite, on the emulator."""
