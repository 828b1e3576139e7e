"""Raise escalations again that nobody acknowledges."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.domain.warning import next_step_at
from gastown.reconciler.actions import RaiseAgain


def raise_unanswered_escalations(town: Town, now: datetime) -> Iterator[RaiseAgain]:
    """Every four hours one step of severity up, three times; whatever raised them."""
    for escalation in town.escalations.values():
        due = next_step_at(escalation)
        if due is not None and due <= now:
            yield RaiseAgain(escalation_id=escalation.id, reason=f"nobody acknowledged it until {due:%H:%M:%S} UTC")
