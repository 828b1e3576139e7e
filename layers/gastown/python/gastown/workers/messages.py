"""The messages of an SQS event, and which of them have to come again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gastown import observability
from gastown.metrics import Metric


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; `again` says that it was received before."""

    id: str
    body: Mapping[str, Any]
    again: bool

    @property
    def town_id(self) -> str:
        """Whose message it is."""
        return str(self.body["town_id"])


def read_messages(event: Mapping[str, Any], *required: str) -> list[Message]:
    """The messages of a batch, in order; one without the required fields helps nobody by coming again: it is logged."""
    messages = []
    for record in event.get("Records", []):
        body = _body(str(record.get("body", "")))
        if body is None or any(not body.get(name) for name in required):
            observability.logger().error("message.unreadable", extra={"message_id": record.get("messageId")})
            observability.count(Metric.UNREADABLE_MESSAGES)
            continue
        received = int(record.get("attributes", {}).get("ApproximateReceiveCount") or 1)
        messages.append(Message(id=str(record["messageId"]), body=body, again=received > 1))
    return messages


def _body(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def come_again(messages: Iterable[Message]) -> dict[str, list[dict[str, str]]]:
    """The answer that makes SQS deliver exactly these once more."""
    return {"batchItemFailures": [{"itemIdentifier": message.id} for message in messages]}
