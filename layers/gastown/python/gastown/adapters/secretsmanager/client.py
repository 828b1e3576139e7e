"""One client a process, and what its failures mean to the house."""

from functools import cache, partial
from typing import TYPE_CHECKING

from gastown.adapters.aws import sdk

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

translated = partial(sdk.translated, "Secrets Manager")
"""Whatever the caller has not caught itself becomes `Unavailable`."""


@cache
def secretsmanager_client() -> "SecretsManagerClient":
    """The process's one client, made on first use."""
    import boto3

    return boto3.client("secretsmanager", config=sdk.SDK)
