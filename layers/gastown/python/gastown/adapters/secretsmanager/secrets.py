"""Secrets in Secrets Manager, remembered for a minute."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gastown.adapters.secretsmanager.client import code_of, secretsmanager_client, translated
from gastown.domain.errors import NotFound

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

REMEMBERED_SECONDS: Final = 60.0
MISSING: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""Not there, or marked for deletion, which is as good as not there."""


class SecretsManagerSecrets:
    """Versions by stage: `AWSCURRENT`, then `AWSPREVIOUS`, so that a rotation cuts nobody off."""

    def __init__(
        self,
        *,
        client: "Callable[[], SecretsManagerClient]" = secretsmanager_client,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without memories; `elapsed` gives seconds since any fixed moment."""
        self._client, self._elapsed = client, elapsed
        self._remembered: dict[str, tuple[float, tuple[str, ...]]] = {}

    def get(self, secret_id: str, *, fresh: bool = False) -> tuple[str, ...]:
        """The live versions, read again after a minute or at once. Raises `NotFound`."""
        read_at, versions = self._remembered.get(secret_id, (0.0, ()))
        if versions and not fresh and self._elapsed() - read_at < REMEMBERED_SECONDS:
            return versions
        current = self._version(secret_id, "AWSCURRENT")
        if current is None:
            self._remembered.pop(secret_id, None)
            raise NotFound("no such secret")
        previous = self._version(secret_id, "AWSPREVIOUS")
        versions = (current,) if previous is None else (current, previous)
        self._remembered[secret_id] = (self._elapsed(), versions)
        return versions

    def put(self, secret_id: str, value: str) -> None:
        """Add a version, or make the secret with its first one."""
        self._remembered.pop(secret_id, None)
        with translated():
            try:
                self._client().put_secret_value(SecretId=secret_id, SecretString=value)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                self._client().create_secret(Name=secret_id, SecretString=value)

    def delete(self, secret_id: str) -> None:
        """Delete it without a recovery window: what a town owned goes with the town."""
        self._remembered.pop(secret_id, None)
        with translated():
            try:
                self._client().delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise

    def _version(self, secret_id: str, stage: str) -> str | None:
        with translated():
            try:
                answer = self._client().get_secret_value(SecretId=secret_id, VersionStage=stage)
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise
                return None
        return answer.get("SecretString")
