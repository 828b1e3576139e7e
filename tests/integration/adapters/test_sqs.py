"""Wake queue and effects queue on the emulator keep the contracts of their ports."""

import json

import boto3
import pytest
from botocore.config import Config
from types_boto3_sqs.client import SQSClient
from types_boto3_sqs.type_defs import MessageTypeDef

from gastown.adapters.sqs.client import sqs_client
from gastown.adapters.sqs.effects_queue import SqsEffectsQueue
from gastown.adapters.sqs.wake_queue import SqsWakeQueue, deduplication_id
from gastown.domain.errors import Unavailable
from tests.support.contracts.effects_queue import EffectsQueueContract
from tests.support.contracts.effects_queue import Receive as ReceiveEffects
from tests.support.contracts.wake_queue import Receive as ReceiveWakes
from tests.support.contracts.wake_queue import WakeQueueContract


@pytest.fixture
def sqs(emulator: str) -> SQSClient:
    """A client of the emulator."""
    return boto3.client("sqs", endpoint_url=emulator)


def drained(sqs: SQSClient, queue_url: str) -> list[MessageTypeDef]:
    """Every message of a queue, each taken away."""
    messages: list[MessageTypeDef] = []
    while batch := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        for message in batch:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        messages.extend(batch)
    return messages


class TestSqsWakeQueue(WakeQueueContract):
    """The contract, on a FIFO queue with content deduplication."""

    @pytest.fixture
    def queue_url(self, sqs: SQSClient, fresh: str) -> str:
        """A queue as the template makes it."""
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        return sqs.create_queue(QueueName=f"{fresh}.fifo", Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]

    @pytest.fixture
    def wake_queue(self, sqs: SQSClient, queue_url: str) -> SqsWakeQueue:
        """The adapter on that queue."""
        return SqsWakeQueue(queue_url=queue_url, client=lambda: sqs)

    @pytest.fixture
    def receive(self, sqs: SQSClient, queue_url: str, wake_queue: SqsWakeQueue) -> ReceiveWakes:
        """Read the queue empty."""

        def read() -> list[tuple[str, str]]:
            bodies = [json.loads(message["Body"]) for message in drained(sqs, queue_url)]
            return [(body["town_id"], body["cause"]) for body in bodies]

        return read

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> SqsWakeQueue:
        """The adapter where nobody answers."""
        client = boto3.client("sqs", endpoint_url=nowhere, config=one_try)
        return SqsWakeQueue(queue_url=f"{nowhere}/1/q.fifo", client=lambda: client)

    def test_the_same_wake_is_sent_once(self, wake_queue: SqsWakeQueue, receive: ReceiveWakes) -> None:
        """Work is saved when two commits ask for the same tick."""
        for cause in ("bead_created", "again"):
            wake_queue.wake("town-1", cause=cause, dedup="commit-1")

        assert receive() == [("town-1", "bead_created")]

    def test_the_group_is_the_town(self, sqs: SQSClient, queue_url: str, wake_queue: SqsWakeQueue) -> None:
        """So ticks of one town come one after the other."""
        wake_queue.wake("town-1", cause="more", dedup="1-more")

        assert drained(sqs, queue_url)[0]["Attributes"]["MessageGroupId"] == "town-1"

    def test_a_queue_that_is_not_there_is_unavailable(self, sqs: SQSClient, queue_url: str) -> None:
        """A refusal is told with the service's code."""
        with pytest.raises(Unavailable, match=r"NonExistentQueue|QueueDoesNotExist"):
            SqsWakeQueue(queue_url=f"{queue_url[:-5]}-not.fifo", client=lambda: sqs).wake("t", cause="c", dedup="d")


class TestSqsEffectsQueue(EffectsQueueContract):
    """The contract, on a standard queue."""

    @pytest.fixture
    def queue_url(self, sqs: SQSClient, fresh: str) -> str:
        """A queue as the template makes it."""
        return sqs.create_queue(QueueName=fresh)["QueueUrl"]

    @pytest.fixture
    def effects_queue(self, sqs: SQSClient, queue_url: str) -> SqsEffectsQueue:
        """The adapter on that queue."""
        return SqsEffectsQueue(queue_url=queue_url, client=lambda: sqs)

    @pytest.fixture
    def receive(self, sqs: SQSClient, queue_url: str, effects_queue: SqsEffectsQueue) -> ReceiveEffects:
        """Read the queue empty."""

        def read() -> set[tuple[str, str]]:
            bodies = [json.loads(message["Body"]) for message in drained(sqs, queue_url)]
            return {(body["town_id"], body["key"]) for body in bodies}

        return read

    @pytest.fixture
    def silent(self, nowhere: str, one_try: Config) -> SqsEffectsQueue:
        """The adapter where nobody answers."""
        client = boto3.client("sqs", endpoint_url=nowhere, config=one_try)
        return SqsEffectsQueue(queue_url=f"{nowhere}/1/q", client=lambda: client)


def test_a_readable_dedup_stays_readable() -> None:
    """Only what SQS would refuse is hashed, to a text that it takes."""
    assert deduplication_id("town-1", "commit-1") == "town-1:commit-1"
    assert len(deduplication_id("town-1", "x" * 200)) == 64
    assert deduplication_id("town-1", "with space").isalnum()


def test_the_own_client_is_made_once_with_short_limits(emulator: str) -> None:
    """Design section 7: connect 1 s, read 3 s, 2 attempts."""
    sqs_client.cache_clear()
    config = sqs_client().meta.config

    assert sqs_client() is sqs_client()
    assert (config.connect_timeout, config.read_timeout) == (1, 3)  # type: ignore[attr-defined]
    assert config.retries["total_max_attempts"] == 2  # type: ignore[attr-defined]
    sqs_client.cache_clear()
