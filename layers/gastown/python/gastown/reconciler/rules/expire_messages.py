"""End nudges and mail that nobody took in time."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.nudging import expires_at, is_under_way, messages
from gastown.domain.town import Town
from gastown.reconciler.actions import ExpireMessage


def expire_messages(town: Town, now: datetime) -> Iterator[ExpireMessage]:
    """What is under way at the moment is left to its answer."""
    for message in messages(town):
        end = expires_at(message)
        if end is not None and end <= now and not is_under_way(town, message):
            yield ExpireMessage(message_id=message.id, reason=f"nobody took it until {end:%Y-%m-%d %H:%M}")
