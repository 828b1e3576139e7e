"""Which refs of saved work a container may delete: those of beads that ended or were deleted, and of nobody else's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from gastown.domain.bead import Bead, BeadStatus
from gastown.domain.handing_over import bead_of, wanted_refs
from gastown.usecases.containers import check_current
from gastown.usecases.history import kept_bead
from gastown.usecases.sweep_rows import was_deleted
from gastown.usecases.tokens import ContainerClaims
from gastown.usecases.unit_of_work import UnitOfWork

KEEP_FAILED = timedelta(days=30)
"""So long after a bead failed a person may have it retried and go on from what was saved."""


def over(work: UnitOfWork, claims: ContainerClaims, rig_id: str, refs: Sequence[str]) -> list[str]:
    """The refs that hold work of ended or deleted beads; one or two reads for each bead that is not live.

    A ref of a bead that this town never knew is another town's and stays. Raises `NotFound`, `StaleDispatch`.
    """
    town = work.read(claims.town_id)
    check_current(town, claims)
    town.rig(rig_id)
    named = {ref: bead_id for ref in refs if (bead_id := bead_of(ref)) and bead_id not in town.beads}
    ended = {bead_id for bead_id in set(named.values()) if _is_over(work, town.id, bead_id)}
    found = [ref for ref, bead_id in named.items() if bead_id in ended]
    # Looked at last: whoever was found replaced is wanted by the bead in its place, which is there by now.
    wanted = set(wanted_refs(work.load(claims.town_id).town)) if found else set()
    return [ref for ref in found if ref not in wanted]


def _is_over(work: UnitOfWork, town_id: str, bead_id: str) -> bool:
    bead = kept_bead(work, town_id, bead_id)
    if bead is None:
        return was_deleted(work, town_id, bead_id)
    return isinstance(bead, Bead) and _has_ended(bead, work.now())


def _has_ended(bead: Bead, now: datetime) -> bool:
    if bead.status is BeadStatus.CLOSED or bead.replaced_by is not None:
        return True
    return bead.closed_at is not None and now - bead.closed_at >= KEEP_FAILED
