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
    from types_boto3_s3.client import S3Client

SDK = Config(
    connect_timeout=SDK_CONNECT_SECONDS,
    read_timeout=SDK_READ_SECONDS,
    retries={"total_max_attempts": SDK_ATTEMPTS, "mode": "standard"},
    signature_version="s3v4",
    # Said aloud, or addresses name the global endpoint: that sends a young bucket's callers on to its region, and what
    # they send along is lost. An endpoint that is an IP address gets the bucket in its path all the same.
    s3={"addressing_style": "virtual"},
)


@cache
def s3_client() -> "S3Client":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("s3", config=SDK)


@contextmanager
def translated() -> Iterator[None]:
    """Whatever the caller has not caught itself becomes `Unavailable`, with the SDK's error as its cause."""
    try:
        yield
    except ClientError as error:
        raise Unavailable(f"S3 refused: {code_of(error)}") from error
    except BotoCoreError as error:
        raise Unavailable("S3 did not answer") from error


def code_of(error: ClientError) -> str:
    """The service's name for a refusal."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
