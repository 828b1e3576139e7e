"""Close a triage batch that is not under way and has nothing left to answer."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.patrolling import batch_of
from gastown.domain.town import Town
from gastown.reconciler.actions import EndBatch


def end_needless_batches(town: Town, _now: datetime) -> Iterator[EndBatch]:
    """People answered everything meanwhile, or switched triage off; an agent at work is left to finish."""
    batch = batch_of(town)
    agent = town.agents.get(batch.assignee) if batch is not None and batch.assignee else None
    if batch is None or (agent is not None and agent.open_run is not None):
        return
    if not town.triage:
        yield EndBatch(bead_id=batch.id, reason="no triage request is open any more")
    elif not town.config.auto_triage:
        yield EndBatch(bead_id=batch.id, reason="triage is switched off")
