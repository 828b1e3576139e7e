"""What tests of adapters share: names that no other test uses, and an address where nobody answers."""

import secrets

import boto3
import pytest
from botocore.config import Config

from gastown.adapters.dynamodb.connection import shared
from gastown.adapters.dynamodb.directory import DynamoDirectory

ONE_TRY = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


@pytest.fixture
def fresh() -> str:
    """A name for things of one test."""
    return f"it-{secrets.token_hex(4)}"


@pytest.fixture
def nowhere() -> str:
    """An endpoint where every connection is refused at once."""
    return "http://127.0.0.1:9"


@pytest.fixture
def one_try() -> Config:
    """An SDK configuration that gives up at once."""
    return ONE_TRY


@pytest.fixture
def stack(emulator: str) -> str:
    """A fresh stack name with a directory table; every test has tables of its own."""
    shared.cache_clear()
    name = f"it-{secrets.token_hex(4)}"
    boto3.client("dynamodb").create_table(
        TableName=f"{name}-directory",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "due_shard", "due_at")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due_shard", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return name


@pytest.fixture
def directory(stack: str) -> DynamoDirectory:
    """The stack's directory."""
    return DynamoDirectory(table=f"{stack}-directory")
