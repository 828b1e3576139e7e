"""One client a process, and what its failures mean to the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gastown.domain.errors import Unavailable
from gastown.settings import SDK_ATTEMPTS, SDK_CONNECT_SECONDS, SDK_READ_SECONDS

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient

SDK = Config(
    connect_timeout=SDK_CONNECT_SECONDS,
    read_timeout=SDK_READ_SECONDS,
    retries={"total_max_attempts": SDK_ATTEMPTS, "mode": "standard"},
)


@cache
def lambda_client() -> "LambdaClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("lambda", config=SDK)


@contextmanager
def translated() -> Iterator[None]:
    """Every failure becomes `Unavailable`, with the SDK's error as its cause."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        raise Unavailable(f"Lambda refused: {code}") from error
    except BotoCoreError as error:
        raise Unavailable("Lambda did not answer") from error
