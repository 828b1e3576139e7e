"""Secrets in Secrets Manager, remembered for a minute.

A put has no condition there, but the move of a label has one: it names the version that the label is taken from. So a
value is put beside the current one, and made current only in place of the version that its writer had read.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from gastown.adapters.aws.sdk import code_of
from gastown.adapters.secretsmanager.client import secretsmanager_client, translated
from gastown.domain.errors import NotFound
from gastown.ports.secrets import SecretMoved

if TYPE_CHECKING:
    from types_boto3_secretsmanager.client import SecretsManagerClient

REMEMBERED_SECONDS: Final = 60.0
MISSING: Final = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""Not there, or marked for deletion, which is as good as not there."""

MOVED: Final = "Somebody else has changed this secret meanwhile"
CURRENT: Final = "AWSCURRENT"
NEXT: Final = "gastown-next"
"""The label of a version that is about to be made current. Who puts the next one takes it along, so that versions
which came second lose it and are forgotten by the service; until then they can still be named by their ids."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a secret."""

    id: str
    value: str = field(repr=False)


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
        current = self._version(secret_id, CURRENT)
        if current is None:
            self._remembered.pop(secret_id, None)
            raise NotFound("no such secret")
        previous = self._version(secret_id, "AWSPREVIOUS")
        versions = (current.value,) if previous is None else (current.value, previous.value)
        self._remembered[secret_id] = (self._elapsed(), versions)
        return versions

    def swap(self, secret_id: str, before: str | None, value: str) -> None:
        """Make the secret, or put a version and move the label to it. Raises `SecretMoved`."""
        self._remembered.pop(secret_id, None)
        if before is None:
            self._make(secret_id, value)
            return
        held = self._version(secret_id, CURRENT)
        if held is None or held.value != before:
            raise SecretMoved(MOVED)
        with translated():
            put = self._client().put_secret_value(SecretId=secret_id, SecretString=value, VersionStages=[NEXT])
            try:
                self._client().update_secret_version_stage(
                    SecretId=secret_id,
                    VersionStage=CURRENT,
                    MoveToVersionId=put["VersionId"],
                    RemoveFromVersionId=held.id,
                )
            except ClientError as error:
                now = self._version(secret_id, CURRENT)
                if now is not None and now.id == held.id:
                    raise
                if now is None or now.id != put["VersionId"]:  # else an answer was lost, and the move was made
                    raise SecretMoved(MOVED) from error

    def _make(self, secret_id: str, value: str) -> None:
        with translated():
            try:
                self._client().create_secret(Name=secret_id, SecretString=value)
            except ClientError as error:
                if code_of(error) != "ResourceExistsException":
                    raise
                raise SecretMoved(MOVED) from error

    def delete(self, secret_id: str) -> None:
        """Delete it without a recovery window: what a town owned goes with the town."""
        self._remembered.pop(secret_id, None)
        with translated():
            try:
                self._client().delete_secret(SecretId=secret_id, ForceDeleteWithoutRecovery=True)
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise

    def _version(self, secret_id: str, stage: str) -> Version | None:
        with translated():
            try:
                answer = self._client().get_secret_value(SecretId=secret_id, VersionStage=stage)
            except ClientError as error:
                if code_of(error) not in MISSING:
                    raise
                return None
        text = answer.get("SecretString")
        return Version(id=answer["VersionId"], value=text) if text is not None else None
