"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_stepfunctions.client import SFNClient

translated = partial(sdk.translated, "Step Functions")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def stepfunctions_client() -> "SFNClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("stepfunctions", config=sdk.SDK)
