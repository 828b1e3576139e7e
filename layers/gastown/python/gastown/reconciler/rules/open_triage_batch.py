"""Have a triage agent answer the requests that wait."""

from collections.abc import Iterator
from datetime import datetime

from gastown.domain.patrolling import triage_rig, waiting_requests
from gastown.domain.town import Town
from gastown.reconciler.actions import OpenBatch
from gastown.reconciler.troubles import wants_batch


def open_triage_batch(town: Town, now: datetime) -> Iterator[OpenBatch]:
    """One batch at a time, 30 s after one that failed; each request is in at most three."""
    rig_id = triage_rig(town)
    cooling = town.triage_not_before is not None and town.triage_not_before > now
    if rig_id is not None and wants_batch(town) and not cooling:
        yield OpenBatch(rig_id=rig_id, reason=f"{len(waiting_requests(town))} triage requests wait")
