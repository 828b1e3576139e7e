"""Fail open beads whose attempts are used up."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.town import Town
from gastown.reconciler.actions import FailBead
from gastown.reconciler.signs import has_attempts


def fail_exhausted_beads(town: Town, _now: datetime) -> Iterator[FailBead]:
    """A lowered limit, or a backoff that ended, can leave an open bead that may not be started again."""
    for bead in town.beads.values():
        if bead.assignee is None and town.is_ready(bead) and not has_attempts(town, bead):
            yield FailBead(bead_id=bead.id, reason=f"{bead.total_attempts} starts without a result")
