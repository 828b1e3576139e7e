"""Waking towns over an SQS FIFO queue: one message group a town."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gastown.adapters.sqs.client import sqs_client, translated

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

FITTING: Final = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
"""What SQS takes as a deduplication id: letters, digits and punctuation."""


class SqsWakeQueue:
    """Sends `{"town_id", "cause"}`."""

    def __init__(self, *, queue_url: str, client: "Callable[[], SQSClient]" = sqs_client) -> None:
        """Keep where to send; the client is made on first use."""
        self._queue_url = queue_url
        self._client = client

    def wake(self, town_id: str, *, cause: str, dedup: str) -> None:
        """Send one message; the queue drops it if the town had one with the same `dedup` in the last 5 minutes."""
        with translated():
            self._client().send_message(
                QueueUrl=self._queue_url,
                MessageBody=json.dumps({"town_id": town_id, "cause": cause}),
                MessageGroupId=town_id,
                MessageDeduplicationId=deduplication_id(town_id, dedup),
            )


def deduplication_id(town_id: str, dedup: str) -> str:
    """The town belongs to it, because the queue may compare over all groups; what SQS would refuse is hashed."""
    text = f"{town_id}:{dedup}"
    return text if FITTING.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()
