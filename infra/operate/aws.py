"""Clients with the house's limits, and what AWS's refusals are called."""

import os
import re
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gastown.settings import SDK_ATTEMPTS, SDK_CONNECT_SECONDS, SDK_READ_SECONDS

SDK: Final = Config(
    connect_timeout=SDK_CONNECT_SECONDS,
    read_timeout=SDK_READ_SECONDS,
    retries={"total_max_attempts": SDK_ATTEMPTS, "mode": "standard"},
)
AwsError = (ClientError, BotoCoreError)


@cache
def client(service: str) -> Any:
    """One client a service, of the caller's account and region. Raises `BotoCoreError` if no region is configured."""
    session: Any = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or None)
    return session.client(service, config=SDK)


def whereabouts() -> tuple[str, str]:
    """The caller's account and region. Raises an `AwsError`; without a region even before any request."""
    region = client("dynamodb").meta.region_name
    return client("sts").get_caller_identity()["Account"], region


def code_of(error: BaseException) -> str:
    """The service's name for a refusal, or the SDK's for what never reached it."""
    if isinstance(error, ClientError):
        return re.sub(r"Exception$", "", str(error.response.get("Error", {}).get("Code", "unknown")))
    return type(error).__name__
