"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from botocore.config import Config

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

SDK = sdk.SDK.merge(
    Config(
        signature_version="s3v4",
        # Said aloud, or addresses name the global endpoint: that sends a young bucket's callers on to its region, and
        # what they send along is lost. An endpoint that is an IP address gets the bucket in its path all the same.
        s3={"addressing_style": "virtual"},
    )
)
translated = partial(sdk.translated, "S3")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def s3_client() -> "S3Client":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("s3", config=SDK)
