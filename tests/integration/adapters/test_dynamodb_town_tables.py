"""Towns' tables on the emulator keep the contract of their port."""

import secrets

import boto3
import pytest

from gastown.adapters.dynamodb.town_tables import DynamoTownTables
from tests.support.contracts.town_tables import TownTablesContract


class TestDynamoTownTables(TownTablesContract):
    """The contract, on the adapter."""

    @pytest.fixture
    def tables(self, emulator: str) -> DynamoTownTables:
        """Tables under a prefix of their own."""
        client = boto3.client("dynamodb")
        return DynamoTownTables(client=lambda: client, table_prefix=f"it-{secrets.token_hex(4)}-town-")
