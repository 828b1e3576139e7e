"""Towns' tables on DynamoDB."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from gastown.ports.town_tables import TableState

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class DynamoTownTables:
    """On demand, encrypted, with expiry and point-in-time recovery from day one (design section 2)."""

    def __init__(self, *, client: "Callable[[], DynamoDBClient]", table_prefix: str, recovery: bool = True) -> None:
        """Keep a maker of the client and the prefix of the tables' names."""
        self._client, self._prefix, self._recovery = client, table_prefix, recovery

    def create(self, town_id: str) -> None:
        """Begin to create a town's table; harmless if it is there."""
        try:
            self._client().create_table(
                TableName=f"{self._prefix}{town_id}",
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                SSESpecification={"Enabled": True},
                Tags=[{"Key": "gastown:town", "Value": town_id}],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":
                raise

    def state(self, town_id: str) -> TableState:
        """How far a table is."""
        try:
            status = self._client().describe_table(TableName=f"{self._prefix}{town_id}")["Table"]["TableStatus"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return "absent"
            raise
        return cast("TableState", {"CREATING": "creating", "DELETING": "deleting"}.get(status, "active"))

    def protect(self, town_id: str) -> None:
        """Switch on expiry and recovery; an expiry that is on already is refused by AWS and left as it is."""
        name, client = f"{self._prefix}{town_id}", self._client()
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
        if ttl not in ("ENABLED", "ENABLING"):
            enabled = {"Enabled": True, "AttributeName": "expires_at"}
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=enabled)  # type: ignore[arg-type]
        if self._recovery:
            client.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )

    def delete(self, town_id: str) -> None:
        """Begin to delete a town's table; harmless if it is gone."""
        try:
            self._client().delete_table(TableName=f"{self._prefix}{town_id}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "ResourceInUseException"):
                raise

    def town_ids(self) -> list[str]:
        """The towns of this stack that have a table."""
        pages = self._client().get_paginator("list_tables").paginate()
        names = (name for page in pages for name in page["TableNames"])
        return [name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)]
