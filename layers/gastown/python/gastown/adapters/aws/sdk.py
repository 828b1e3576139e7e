"""How a client of an AWS service is configured, and what its failures mean to the house."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gastown.domain.errors import Unavailable
from gastown.settings import SDK_ATTEMPTS, SDK_CONNECT_SECONDS, SDK_READ_SECONDS

SDK = Config(
    connect_timeout=SDK_CONNECT_SECONDS,
    read_timeout=SDK_READ_SECONDS,
    retries={"total_max_attempts": SDK_ATTEMPTS, "mode": "standard"},
)


@contextmanager
def translated(service: str) -> Iterator[None]:
    """Whatever the caller has not caught itself becomes `Unavailable`, with the SDK's error as its cause."""
    try:
        yield
    except ClientError as error:
        raise Unavailable(f"{service} refused: {code_of(error)}") from error
    except BotoCoreError as error:
        raise Unavailable(f"{service} did not answer") from error


def code_of(error: ClientError) -> str:
    """The service's name for a refusal."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
