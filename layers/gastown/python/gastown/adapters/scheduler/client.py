"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_scheduler.client import EventBridgeSchedulerClient
    from types_boto3_sqs.client import SQSClient

translated = partial(sdk.translated, "EventBridge Scheduler")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def scheduler_client() -> "EventBridgeSchedulerClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("scheduler", config=sdk.SDK)


@cache
def sqs_client() -> "SQSClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("sqs", config=sdk.SDK)
