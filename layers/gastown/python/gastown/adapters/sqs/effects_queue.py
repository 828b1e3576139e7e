"""Handing over effects on a standard SQS queue, fair between towns by message group."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from gastown.adapters.sqs.client import sqs_client, translated
from gastown.domain.errors import Unavailable

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH: Final = 10
"""What SQS takes in one request."""


class SqsEffectsQueue:
    """Sends `{"town_id", "key"}`, one message for each outbox key."""

    def __init__(self, *, queue_url: str, client: "Callable[[], SQSClient]" = sqs_client) -> None:
        """Keep where to send; the client is made on first use."""
        self._queue_url = queue_url
        self._client = client

    def publish(self, town_id: str, keys: Sequence[str]) -> None:
        """Send them in batches; `Unavailable` when some were refused, after all were tried."""
        refused = 0
        for start in range(0, len(keys), BATCH):
            with translated():
                answer = self._client().send_message_batch(
                    QueueUrl=self._queue_url, Entries=_entries(town_id, keys[start : start + BATCH])
                )
            refused += len(answer.get("Failed", []))
        if refused:
            raise Unavailable(f"SQS refused {refused} of {len(keys)} effects")


def _entries(town_id: str, keys: Sequence[str]) -> "list[SendMessageBatchRequestEntryTypeDef]":
    return [
        {
            "Id": str(number),
            "MessageBody": json.dumps({"town_id": town_id, "key": key}),
            "MessageGroupId": town_id,
        }
        for number, key in enumerate(keys)
    ]
