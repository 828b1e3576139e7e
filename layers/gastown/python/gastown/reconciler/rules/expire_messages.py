"""End nudges and mail that nobody took in time, or whose recipient is gone."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.nudging import expires_at, is_orphan, is_under_way, messages
from gastown.domain.town import Town
from gastown.reconciler.actions import ExpireMessage


def expire_messages(town: Town, now: datetime) -> Iterator[ExpireMessage]:
    """What is under way at the moment is left to its answer."""
    for message in messages(town):
        end = expires_at(message)
        if is_orphan(town, message):
            yield ExpireMessage(message_id=message.id, reason="whom it was meant for is gone")
        elif end is not None and end <= now and not is_under_way(town, message):
            yield ExpireMessage(message_id=message.id, reason=f"nobody took it until {end:%Y-%m-%d %H:%M}")
