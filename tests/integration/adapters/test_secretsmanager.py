"""The vault on the emulator keeps the contract of the port, and asks once a minute."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from types_boto3_secretsmanager.client import SecretsManagerClient

from gastown.adapters.secretsmanager.secrets import SecretsManagerSecrets
from gastown.domain.errors import NotFound
from gastown.ports.secrets import SecretMoved
from tests.support.contracts.secrets import SecretsContract


@pytest.fixture
def manager(emulator: str) -> SecretsManagerClient:
    """A client of the emulator."""
    return boto3.client("secretsmanager", endpoint_url=emulator)


class TestSecretsManagerSecrets(SecretsContract):
    """The contract, on Secrets Manager."""

    @pytest.fixture
    def secrets(self, manager: SecretsManagerClient) -> SecretsManagerSecrets:
        """The adapter with a memory of its own."""
        return SecretsManagerSecrets(client=lambda: manager)

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> SecretsManagerSecrets:
        """The adapter where nobody answers."""
        client = boto3.client("secretsmanager", endpoint_url=nowhere, config=one_try)
        return SecretsManagerSecrets(client=lambda: client)


class Stopwatch:
    """Elapsed seconds that a test sets."""

    def __init__(self) -> None:
        """Start at a moment that is not zero, as machines do."""
        self.seconds = 1000.0

    def __call__(self) -> float:
        """The seconds so far."""
        return self.seconds


def test_a_secret_is_remembered_for_a_minute(manager: SecretsManagerClient, fresh: str) -> None:
    """One read a minute and process; what others write is seen after that."""
    requests: list[Any] = []
    manager.meta.events.register(
        "before-call.secrets-manager.GetSecretValue", lambda **event: requests.append(event), unique_id="note"
    )
    watch = Stopwatch()
    reader = SecretsManagerSecrets(client=lambda: manager, elapsed=watch)
    manager.create_secret(Name=fresh, SecretString="first")
    reader.get(fresh)
    asked = len(requests)
    manager.put_secret_value(SecretId=fresh, SecretString="second")
    watch.seconds += 59
    remembered = reader.get(fresh)
    asked_again = len(requests)
    watch.seconds += 2

    assert (remembered, asked_again) == (("first",), asked)
    assert reader.get(fresh) == ("second", "first")


def test_a_secret_is_found_by_its_arn(manager: SecretsManagerClient, fresh: str) -> None:
    """Deployments name their own secrets so."""
    arn = manager.create_secret(Name=fresh, SecretString="key")["ARN"]

    assert SecretsManagerSecrets(client=lambda: manager).get(arn) == ("key",)


def test_a_secret_that_is_marked_for_deletion_is_not_found(manager: SecretsManagerClient, fresh: str) -> None:
    """An operator may have deleted it with a recovery window."""
    manager.create_secret(Name=fresh, SecretString="key")
    manager.delete_secret(SecretId=fresh, RecoveryWindowInDays=7)

    with pytest.raises(NotFound):
        SecretsManagerSecrets(client=lambda: manager).get(fresh)


def test_who_comes_between_the_put_and_the_move_is_not_overwritten(manager: SecretsManagerClient, fresh: str) -> None:
    """The move names the version that was read: the service refuses it when that one is not current any more."""
    vault, others = SecretsManagerSecrets(client=lambda: manager), ["of the other"]
    vault.swap(fresh, None, "first")

    def come_between(**_event: Any) -> None:
        if others:
            SecretsManagerSecrets(client=lambda: manager).swap(fresh, "first", others.pop())

    manager.meta.events.register("before-call.secrets-manager.UpdateSecretVersionStage", come_between)
    with pytest.raises(SecretMoved):
        vault.swap(fresh, "first", "of one")

    assert ([], ("of the other", "first")) == (others, vault.get(fresh))


def test_a_move_whose_answer_was_lost_counts_as_made(manager: SecretsManagerClient, fresh: str) -> None:
    """The SDK asks again, and is told that the label is not where it was."""
    vault, sent = SecretsManagerSecrets(client=lambda: manager), list[Any]()
    vault.swap(fresh, None, "first")

    def ask_first(params: dict[str, Any], **_event: Any) -> None:
        if not sent:
            sent.append(params)
            manager.update_secret_version_stage(**json.loads(params["body"]))

    manager.meta.events.register("before-call.secrets-manager.UpdateSecretVersionStage", ask_first)
    vault.swap(fresh, "first", "second")

    assert (1, ("second", "first")) == (len(sent), vault.get(fresh))
