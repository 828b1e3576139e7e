"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_lambda.client import LambdaClient

translated = partial(sdk.translated, "Lambda")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def lambda_client() -> "LambdaClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("lambda", config=sdk.SDK)
