"""Reopen a bead that is in progress with nobody on it."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.bead import BeadStatus
from gastown.domain.town import Town
from gastown.reconciler.actions import ReopenBead


def reopen_unattended_beads(town: Town, now: datetime) -> Iterator[ReopenBead]:
    """No move of this town leaves such a bead; an upgrade or a repair by hand may."""
    for bead in town.beads.values():
        if bead.status is BeadStatus.IN_PROGRESS and bead.assignee is None and bead.updated_at <= now:
            yield ReopenBead(bead_id=bead.id, reason="in progress without an agent")
        elif bead.status is BeadStatus.IN_REVIEW and town.review_of(bead.id) is None:
            yield ReopenBead(bead_id=bead.id, reason="in review without a review")
