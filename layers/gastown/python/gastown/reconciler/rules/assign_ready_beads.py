"""Hook polecats to ready beads while their rig has room."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from gastown.domain.agent import Role
from gastown.domain.town import Town
from gastown.reconciler.actions import AssignBead
from gastown.reconciler.signs import assignable_beads, held_until


def assign_ready_beads(town: Town, now: datetime) -> Iterator[AssignBead]:
    """Most urgent first; a rig's polecats at work never exceed its limit (design section 9, row 8).

    Nothing while the breaker is open.
    """
    busy = Counter(a.rig_id for a in town.agents.values() if a.role is Role.POLECAT and a.hook)
    for bead in assignable_beads(town):
        if held_until(town, now, bead) is None and busy[bead.rig_id] < town.rules_for(bead.rig_id).max_polecats:
            busy[bead.rig_id] += 1
            yield AssignBead(bead_id=bead.id, reason="ready, and a polecat is free")
