"""The rule `assign_ready_beads`."""

from datetime import timedelta

from gastown.domain.bead import Priority
from gastown.domain.config import FailedBlockers
from gastown.domain.convoy import ConvoyState
from gastown.domain.ending import fail_bead
from gastown.reconciler.rules.assign_ready_beads import assign_ready_beads
from tests.support.builders import NOW, a_bead, a_convoy, a_town, at


def test_ready_beads_are_assigned_most_urgent_first_up_to_the_limit() -> None:
    """A rig's limit of polecats is honoured (design section 9, row 8)."""
    town = a_town()
    town.config.max_polecats_per_rig = 2
    for name, priority in (("a", Priority.LOW), ("b", Priority.CRITICAL), ("c", Priority.MEDIUM)):
        a_bead(town, name, priority=priority)

    assert [action.bead_id for action in assign_ready_beads(town, NOW)] == ["b", "c"]


def test_blocked_staged_held_and_backing_off_beads_wait() -> None:
    """Each of them has a reason that is not a polecat."""
    town = a_town()
    first = a_bead(town, "first", labels=["gt:held"])
    a_bead(town, "blocked", blockers=[first.id])
    a_bead(town, "later", not_before=NOW + timedelta(seconds=1))
    a_convoy(town, a_bead(town, "staged"), state=ConvoyState.STAGED)

    assert list(assign_ready_beads(town, NOW)) == []


def test_a_failed_blocker_blocks_unless_the_town_releases_it() -> None:
    """REQ-3.6: a failed blocker does not count as done, by default."""
    town = a_town()
    first = a_bead(town, "first")
    a_bead(town, "second", blockers=[first.id])
    fail_bead(town, first, "exhausted", "no luck", at())

    assert list(assign_ready_beads(town, NOW)) == []
    town.config.failed_blockers = FailedBlockers.RELEASE
    assert [action.bead_id for action in assign_ready_beads(town, NOW)] == ["second"]
    assert len(town.escalations) == 1
