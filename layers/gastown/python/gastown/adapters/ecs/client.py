"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_ecs.client import ECSClient

translated = partial(sdk.translated, "ECS")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def ecs_client() -> "ECSClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("ecs", config=sdk.SDK)
