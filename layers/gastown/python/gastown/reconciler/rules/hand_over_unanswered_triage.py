"""Take triage requests to a person that no triage agent has answered."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.asking import is_answerable
from gastown.domain.limits import MAX_TRIAGE_ROUNDS
from gastown.domain.patrolling import batch_of
from gastown.domain.town import Town
from gastown.reconciler.actions import HandOver


def hand_over_unanswered_triage(town: Town, _now: datetime) -> Iterator[HandOver]:
    """After three batches, when the last of them has ended."""
    if batch_of(town) is not None:
        return
    for request in town.triage.values():
        if not is_answerable(request):
            reason = f"{MAX_TRIAGE_ROUNDS} triage batches left it unanswered"
            yield HandOver(request_id=request.id, reason=reason)
